import { RETRY_AFTER_MAX_MS } from './retry';

/** What an HTTP status says about doing what was asked. */
export type AnswerClass = 'done' | 'redirect' | 'refused' | 'broken';

/** Of all the 4xx, those that say nothing about the request itself: timeout, conflict, too early, too many. */
const PASSING = [408, 409, 425, 429];

/** What came of one request of a step to an endpoint (PRO-5). `detail` is for people. */
export type HttpOutcome =
  /** `body` is null where it was too long, broke off or did not end in time. */
  | { kind: 'done'; status: number; body: string | null }
  /** The endpoint said no, or may not be asked: to ask again would bring the same. */
  | { kind: 'refused'; detail: string }
  /** Not known whether it took effect; to be sent again under the same key, after `retryAfterMs` at least. */
  | { kind: 'broken'; detail: string; retryAfterMs: number | null };

/** What came back. */
export interface HttpAnswer {
  status: number;
  /** What `Retry-After` asks for, as it came; null: nothing that can be read. */
  retryAfterMs: number | null;
  body: string | null;
}

/** Which statuses are worth another try, and which are a no (PRO-5). */
export function classOfAnswer(status: number): AnswerClass {
  if (status >= 200 && status < 300) {
    return 'done';
  }
  if (status >= 300 && status < 400) {
    return 'redirect';
  }
  return status >= 400 && status < 500 && !PASSING.includes(status) ? 'refused' : 'broken';
}

/** What is waited of what `Retry-After` asks for: not less than nothing, and not for ever. */
export function boundedRetryAfterMs(retryAfterMs: number | null): number | null {
  return retryAfterMs === null ? null : Math.min(Math.max(0, retryAfterMs), RETRY_AFTER_MAX_MS);
}

/** What an endpoint's answer means for the step that asked (PRO-5). Of the answer only the status is repeated. */
export function judgeHttpAnswer({ status, retryAfterMs, body }: HttpAnswer): HttpOutcome {
  const detail = `The endpoint answered ${status}`;
  switch (classOfAnswer(status)) {
    case 'done':
      return { kind: 'done', status, body };
    case 'redirect':
      return { kind: 'refused', detail: 'The endpoint answers with a redirect, which is not followed' };
    case 'refused':
      return { kind: 'refused', detail };
    case 'broken':
      return { kind: 'broken', detail, retryAfterMs: boundedRetryAfterMs(retryAfterMs) };
  }
}
