/** Targets on the loopback interface that behave as told, and remember what they got. */
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface ReceivedRequest {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface WebhookTarget {
  port: number;
  url: string;
  requests: ReceivedRequest[];
  /** Of every connection that was ever made. */
  sockets: Socket[];
}

const started: { server: Server; sockets: Socket[] }[] = [];

/** A target that has read the whole request before `answer` is called. */
export async function startTarget(
  answer: (response: ServerResponse, request: ReceivedRequest) => void,
): Promise<WebhookTarget> {
  const requests: ReceivedRequest[] = [];
  const server = createHttpServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method, url: path, headers } = request;
      const received = { method, path, headers, body: Buffer.concat(parts).toString() };
      requests.push(received);
      answer(response, received);
    });
    response.on('error', ignore);
  });
  return { ...(await listen(server)), requests };
}

/** A target that speaks no HTTP but what `converse` writes. */
export async function startRawTarget(converse: (socket: Socket) => void): Promise<Omit<WebhookTarget, 'requests'>> {
  const server = createTcpServer(converse);
  return listen(server);
}

/** Starts a server of any kind on a free port; `stopTargets` ends it. */
export async function listen(server: Server): Promise<Omit<WebhookTarget, 'requests'>> {
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => {
    sockets.push(socket);
    socket.on('error', ignore);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  started.push({ server, sockets });
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}/hook?of=billing`, sockets };
}

/** A port that refuses connections. */
export async function closedPort(): Promise<number> {
  const { port } = await startRawTarget(ignore);
  await stopTargets();
  return port;
}

/** Ends every target that was started, whatever it is doing. */
export async function stopTargets(): Promise<void> {
  await Promise.all(
    started.splice(0).map(async ({ server, sockets }) => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    }),
  );
}

function ignore(): void {
  // Whoever is hung up on in the middle has nothing to report.
}
