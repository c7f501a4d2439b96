import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Answer, TextAnswer } from './define-route';
import type { Exchange } from './exchange';
import { names } from './etag';
import { PROBLEM_TYPE, type Problem } from './problem';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Sends a JSON answer; a GET whose ETag the caller has is 304 (HTTP-7). */
export function sendJson({ request, response }: Exchange, answer: Answer, contentType = JSON_TYPE): void {
  const etag = answer.headers?.['etag'];
  const known = request.get('if-none-match');
  const unchanged =
    answer.status === 200 &&
    etag !== undefined &&
    known !== undefined &&
    request.method === 'GET' &&
    names(known, etag);

  response.statusCode = unchanged ? 304 : answer.status;
  // What one caller may see is no other's business: shared caches keep nothing, and a private one asks again.
  response.setHeader('cache-control', etag === undefined ? 'no-store' : 'private, no-cache');
  setHeaders(response, answer.headers);
  if (unchanged || answer.body === undefined) {
    response.end();
    return;
  }
  const text = JSON.stringify(answer.body);
  response.setHeader('content-type', contentType);
  response.setHeader('content-length', Buffer.byteLength(text));
  response.end(request.method === 'HEAD' ? undefined : text);
}

/** Sends text as fast as the reader takes it. */
export async function sendText({ request, response }: Exchange, answer: TextAnswer): Promise<void> {
  response.statusCode = answer.status;
  response.setHeader('content-type', answer.contentType);
  response.setHeader('cache-control', 'no-store');
  setHeaders(response, answer.headers);
  if (request.method === 'HEAD') {
    response.end();
  } else if (typeof answer.text === 'string') {
    response.end(answer.text);
  } else {
    await pipeline(Readable.from(answer.text), response);
  }
}

/** Sends a problem, in the route's own form where it has one. */
export function sendProblem(exchange: Exchange, problem: Problem): void {
  setHeaders(exchange.response, problem.extras.headers);
  if (exchange.route?.renderProblem) {
    sendJson(exchange, exchange.route.renderProblem(problem, exchange.params));
  } else {
    sendJson(exchange, { status: problem.status, body: problem.toBody() }, PROBLEM_TYPE);
  }
}

/**
 * The promise of the OpenAPI document, kept in tests: what is answered is what the route declares, no field more.
 *
 * @throws Error when they differ
 */
export function checkAnswer({ route }: Exchange, answer: Answer): void {
  const spec = route?.answers[answer.status];
  if (!spec) {
    throw new Error(`${route?.operationId} answers ${answer.status}, which it does not declare`);
  }
  const sent: unknown = JSON.parse(JSON.stringify(answer.body ?? null));
  const checked = spec.body?.safeParse(sent);
  if (checked && !checked.success) {
    throw new Error(`${route?.operationId} answers something else than it declares: ${checked.error.message}`);
  }
  if (checked && !isDeepStrictEqual(checked.data, sent)) {
    throw new Error(`${route?.operationId} answers fields that it does not declare`);
  }
}

function setHeaders(response: Exchange['response'], headers: Record<string, string> | undefined): void {
  for (const [name, value] of Object.entries(headers ?? {})) {
    response.setHeader(name, value);
  }
}
