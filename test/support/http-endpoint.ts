import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface EndpointRequest {
  method: string;
  /** With the query. */
  path: string;
  headers: IncomingHttpHeaders;
  /** The idempotency key; empty where there is none. */
  key: string;
  body: string;
}

/** How one request is met, after it was read whole. */
export type EndpointAnswer =
  | { status: number; body?: string; headers?: Record<string, string> }
  /** Never answers. */
  | 'hang'
  /** Answers 200, and a byte of the body now and then, without end. */
  | 'drip'
  /** Answers 307 with the way to `/elsewhere` on this endpoint. */
  | 'redirect'
  /** Answers 200 with more than is read. */
  | 'huge'
  /** Hangs up. */
  | 'reset'
  /** Calls back to be answered when a test says so. */
  | ((response: ServerResponse, request: EndpointRequest) => void);

/** An endpoint of steps on the loopback interface that behaves as told, and remembers what it got. */
export interface HttpEndpoint {
  port: number;
  url: string;
  /** Every request in order of arrival. */
  requests: EndpointRequest[];
  /** Of every connection that was made. */
  sockets: Socket[];
  requestsOf(key: string): EndpointRequest[];
  /** The next requests, one each; the last answer counts from then on. At first: 200 without a body. */
  answer(...answers: EndpointAnswer[]): void;
  /** Ends it, whatever it is doing; repeating it is fine. */
  stop(): Promise<void>;
}

export async function startHttpEndpoint(): Promise<HttpEndpoint> {
  const requests: EndpointRequest[] = [];
  const sockets: Socket[] = [];
  let coming: EndpointAnswer[] = [{ status: 200 }];

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    response.on('error', ignore);
    request.on('error', ignore);
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const body = Buffer.concat(parts).toString();
      const received = { method, path, headers, key: String(headers['idempotency-key'] ?? ''), body };
      requests.push(received);
      const answer = coming.length > 1 ? coming.shift() : coming[0];
      if (answer !== undefined) meet(answer, response, received);
    });
  });
  server.on('connection', (socket: Socket) => {
    sockets.push(socket);
    socket.on('error', ignore);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    port,
    url: `http://127.0.0.1:${port}/build`,
    requests,
    sockets,
    requestsOf: (key) => requests.filter((request) => request.key === key),
    answer: (...answers) => {
      coming = answers;
    },
    stop: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function meet(answer: EndpointAnswer, response: ServerResponse, request: EndpointRequest): void {
  if (typeof answer === 'function') {
    answer(response, request);
    return;
  }
  switch (answer) {
    case 'hang':
      return;
    case 'drip': {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
      return;
    }
    case 'redirect':
      response.writeHead(307, { location: '/elsewhere' }).end();
      return;
    case 'huge':
      response.writeHead(200).end('x'.repeat(1024 * 1024));
      return;
    case 'reset':
      response.socket?.destroy();
      return;
    default:
      response.writeHead(answer.status, answer.headers).end(answer.body);
  }
}

function ignore(): void {
  // Whoever is hung up on in the middle has nothing to report.
}
