import { createServer, STATUS_CODES, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { ExpressRequest, ExpressResponse } from './express-messages';
import { Problem, PROBLEM_TYPE } from './problem';

/** A whole request, headers and body, must have arrived after this long (HTTP-9). */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** Longer than the idle time of usual load balancers, so that they hang up first. */
const KEEP_ALIVE_MS = 75_000;
const CHECK_EVERY_MS = 2_000;

export interface ServerTimeouts {
  requestMs?: number;
  headersMs?: number;
  checkMs?: number;
}

/** An HTTP server that cuts requests which do not arrive in time, and answers what it cannot parse with a problem. */
export function createHttpServer(app: RequestListener, timeouts: ServerTimeouts = {}): Server {
  const server = createServer(
    {
      requestTimeout: timeouts.requestMs ?? REQUEST_TIMEOUT_MS,
      headersTimeout: timeouts.headersMs ?? HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: timeouts.checkMs ?? CHECK_EVERY_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      IncomingMessage: ExpressRequest,
      ServerResponse: ExpressResponse,
    },
    app,
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuse(error, socket));
  return server;
}

/**
 * Stops taking requests and waits for those under way; what is still open after `graceMs` is cut. Streams are ended by
 * `Deps.shutdown`, which is to be aborted first.
 */
export async function closeHttpServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(cut);
}

/** The request never became one, so there is no response object: the answer is written to the socket. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOfParser(error.code);
  const body = JSON.stringify(problem.toBody());
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\n` +
      `Content-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function problemOfParser(code: string | undefined): Problem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('request.timeout', 'The request did not arrive in time');
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('request.headers-too-large', 'The headers are larger than 16 KB');
    default:
      return new Problem('request.malformed', 'This is not HTTP');
  }
}
