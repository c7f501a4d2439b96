import { validateHeaderName, validateHeaderValue } from 'node:http';
import { judgeHttpAnswer, type HttpOutcome } from '../../domain/http-answer';
import type { Instant } from '../../domain/instant';
import { quoted } from '../../domain/quoted';
import { isReservedHeader } from '../../domain/reserved-header';
import { exchange, type ExchangeSurroundings } from './exchange';
import { readRetryAfter } from './read-retry-after';

/** One request of a step, its templates filled in. */
export interface HttpRequest {
  url: string;
  method: string;
  headers: Record<string, string>;
  /** null: none. */
  body: string | null;
  /** Of the body, unless `headers` say otherwise; null: they do, or nobody does. */
  contentType: string | null;
  /** The idempotency key: the same on every retry (WHK-3). */
  key: string;
  /** For all of it, from the look-up to the end of the answer. */
  timeoutMs: number;
  /** Nothing is sent from that instant on, however much of `timeoutMs` is left. */
  notAfter?: Instant;
}

export type HttpSurroundings = ExchangeSurroundings;

/**
 * Makes one request of a step and says what came of it (PRO-5). Whatever variables, endpoint and network bring is an
 * outcome, and no detail repeats what may be secret: the address but for a host that may not be asked, values of
 * headers, and the answer's body. Thrown is only a key that is no header.
 */
export async function sendRequest(request: HttpRequest, surroundings: HttpSurroundings): Promise<HttpOutcome> {
  const { url, method, body, contentType, key, timeoutMs, notAfter } = request;
  if (holdsUser(url)) {
    return refused('The address of the endpoint must hold no user and no password: they belong into a header');
  }
  const fault = faultOfHeaders(request.headers);
  if (fault !== null) {
    return refused(fault);
  }
  const headers = { 'user-agent': 'Sluice', ...(contentType !== null && { 'content-type': contentType }) };
  const result = await exchange(
    {
      whom: 'endpoint',
      url,
      method,
      headers: { ...headers, ...inLowerCase(request.headers), 'idempotency-key': key },
      body,
      timeoutMs,
      ...(notAfter !== undefined && { notAfter }),
    },
    surroundings,
  );
  switch (result.kind) {
    case 'answered': {
      const retryAfterMs = readRetryAfter(result.headers['retry-after'], surroundings.now());
      return judgeHttpAnswer({ status: result.status, retryAfterMs, body: result.body });
    }
    case 'not-allowed':
      return refused(result.detail);
    case 'unanswered':
      return { kind: 'broken', detail: result.detail, retryAfterMs: null };
  }
}

function holdsUser(url: string): boolean {
  const { username, password } = URL.canParse(url) ? new URL(url) : { username: '', password: '' };
  return username !== '' || password !== '';
}

/** Values come from variables: one that no header can hold is the step's fault, not ours. */
function faultOfHeaders(headers: Record<string, string>): string | null {
  for (const [name, value] of Object.entries(headers)) {
    if (!holds(() => validateHeaderName(name))) {
      return `${quoted(name)} is no name of a header`;
    }
    if (isReservedHeader(name)) {
      return `The header ${quoted(name)} is set by Sluice alone`;
    }
    if (!holds(() => validateHeaderValue(name, value))) {
      return `The value of the header ${quoted(name)} holds characters that no header can`;
    }
  }
  return null;
}

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

function inLowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function refused(detail: string): HttpOutcome {
  return { kind: 'refused', detail };
}
