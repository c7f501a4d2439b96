import type { Instant } from '../../domain/instant';
import { judgeAnswer, type WebhookOutcome } from '../../domain/webhook-answer';
import { exchange, type ExchangeSurroundings } from '../http/exchange';
import { readRetryAfter } from '../http/read-retry-after';
import { readCurrentVersion } from './read-current-version';
import { createWebhookSigner } from './webhook-signer';

export interface WebhookRequest {
  url: string;
  /** The idempotency key: the same on every retry (WHK-3). */
  id: string;
  /** JSON. */
  body: string;
  /** What kind of JSON; `application/json`, unless given. */
  contentType?: string;
  /** Newest first. */
  secrets: readonly string[];
  /** For all of it, from the look-up to the end of the answer. */
  timeoutMs: number;
  /** Nothing is sent from that instant on (WHK-4), however much of `timeoutMs` is left. */
  notAfter?: Instant;
  /** What the target is asked to have; null for the revert of a first deployment. */
  version: string | null;
  /** Whether the body tells it where to call back, so that a 202 means that it will (PRO-6). */
  mayCallBack?: boolean;
}

export type WebhookSurroundings = ExchangeSurroundings;

/**
 * Sends one signed webhook and says what came of it (WHK-1, WHK-2, WHK-5, PRO-5). Whatever the network or the target does
 * is an outcome; thrown is only what is wrong with the request itself, before anything is sent.
 */
export async function sendWebhook(request: WebhookRequest, surroundings: WebhookSurroundings): Promise<WebhookOutcome> {
  const { url, id, body, secrets, timeoutMs, notAfter, version } = request;
  const { contentType = 'application/json', mayCallBack = false } = request;
  const sign = createWebhookSigner(secrets);
  const result = await exchange(
    {
      whom: 'target',
      url,
      method: 'POST',
      headers: { 'content-type': contentType, 'user-agent': 'Sluice', 'webhook-id': id },
      headersAt: (at) => sign(id, body, at),
      body,
      timeoutMs,
      ...(notAfter !== undefined && { notAfter }),
    },
    surroundings,
  );
  switch (result.kind) {
    case 'answered':
      return judgeAnswer({
        status: result.status,
        retryAfterMs: readRetryAfter(result.headers['retry-after'], surroundings.now()),
        currentVersion: readCurrentVersion(result.body ?? ''),
        version,
        mayCallBack,
      });
    case 'not-allowed':
      return { kind: 'refused', detail: result.detail };
    case 'unanswered': {
      const broken = { kind: 'broken', detail: result.detail, retryAfterMs: null } as const;
      // A request without an answer may have arrived all the same.
      return result.isSent ? { ...broken, isOpen: true } : broken;
    }
  }
}
