import { boundedRetryAfterMs, classOfAnswer } from './http-answer';
import { quoted } from './quoted';

/** What came of one send to a webhook target. `detail` is for people. */
export type WebhookOutcome =
  | { kind: 'done' }
  /** It took the request and will call back (PRO-6). */
  | { kind: 'accepted' }
  /** Somebody else changed the target: not sent again, not overwritten (WHK-5). Without `currentVersion` it is unknown. */
  | { kind: 'drifted'; detail: string; currentVersion: string | null | undefined }
  /** The target said no, or may not be asked: to ask again would bring the same (PRO-5). */
  | { kind: 'refused'; detail: string; /** What it answered; left out: it was not asked. */ status?: number }
  /** Not known whether it took effect; to be sent again under the same key, after `retryAfterMs` at least. */
  | {
      kind: 'broken';
      detail: string;
      retryAfterMs: number | null;
      /** It was sent and not answered: it may still take effect, until its time limit has passed (WHK-4). */
      isOpen?: true;
    };

export interface WebhookAnswer {
  status: number;
  /** What `Retry-After` asks for, as it came; null: nothing that can be read. */
  retryAfterMs: number | null;
  /** What the target says it has, null being nothing; undefined: it does not say. */
  currentVersion: string | null | undefined;
  /** What it was asked to have; null for the revert of a first deployment (WHK-1). */
  version: string | null;
  /** Whether it was told where to call back (PRO-6). */
  mayCallBack: boolean;
}

/**
 * What an answer means (WHK-1, WHK-5, PRO-5, PRO-6). A target that expected another version but has the one asked for was
 * brought there by an earlier send whose answer was lost: that is no drift.
 */
export function judgeAnswer(answer: WebhookAnswer): WebhookOutcome {
  const { status, retryAfterMs, currentVersion, version, mayCallBack } = answer;
  if (status === 202 && mayCallBack) {
    return { kind: 'accepted' };
  }
  if (status === 412) {
    return currentVersion === version
      ? { kind: 'done' }
      : { kind: 'drifted', detail: driftDetail(currentVersion), currentVersion };
  }
  const detail = `The target answered ${status}`;
  switch (classOfAnswer(status)) {
    case 'done':
      return { kind: 'done' };
    case 'redirect':
      return { kind: 'refused', detail: `${detail}; redirects are not followed`, status };
    case 'refused':
      return { kind: 'refused', detail, status };
    case 'broken':
      return { kind: 'broken', detail, retryAfterMs: boundedRetryAfterMs(retryAfterMs) };
  }
}

function driftDetail(currentVersion: string | null | undefined): string {
  if (currentVersion === undefined) {
    return 'The target has another version than expected';
  }
  return currentVersion === null
    ? 'The target has no version, which is not what was expected'
    : `The target has version ${quoted(currentVersion)}, which is not what was expected`;
}
