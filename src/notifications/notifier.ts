import type { Instant } from '../domain/instant';
import type { DeliveryToSend } from '../store/notifications/claim-delivery';
import type { SecretBox } from '../store/secret-box';
import { openSubscriptionSecret } from '../store/subscriptions/subscription-secret';
import type { Mailer } from '../targets/mail/mailer';
import type { AddressPolicy } from '../targets/http/address-policy';
import type { LookUpAll } from '../targets/http/guarded-lookup';
import { sendWebhook } from '../targets/webhooks/send-webhook';
import { notificationMail } from './notification-mail';
import { ENVELOPE_TYPE, webhookEnvelope } from './webhook-envelope';

/** What came of one send. `refused`: asking again would bring the same. `broken`: worth another try. */
export type SendOutcome =
  | { kind: 'sent' }
  | { kind: 'refused'; detail: string }
  | { kind: 'broken'; detail: string; retryAfterMs: number | null };

/** What sends are made with. */
export interface NotifierOptions {
  /** Opens the secrets of subscriptions. */
  secretBox: SecretBox;
  mailer: Mailer;
  policy: AddressPolicy;
  /** Without a slash at the end; links lead there. */
  publicUrl: string;
  now: () => Instant;
  /** What names lead to; the system's, unless given. */
  lookup?: LookUpAll;
}

/** Sends one notification to one receiver, by mail or by a signed webhook, within so many milliseconds. */
export type Notifier = (delivery: DeliveryToSend, timeoutMs: number) => Promise<SendOutcome>;

/** What a receiver answers that wants no more of it (Standard Webhooks). */
const GONE = 410;

/** Never throws for what a receiver or the network does. */
export function createNotifier(options: NotifierOptions): Notifier {
  const { mailer, publicUrl } = options;
  return async (delivery, timeoutMs) => {
    const { to, notification } = delivery;
    switch (to.channel) {
      case 'none':
        return { kind: 'refused', detail: to.why };
      case 'webhook':
        return sendSigned(options, notification, to, timeoutMs);
      case 'email': {
        const outcome = await inTime(mailer.send(notificationMail(notification, to.address, publicUrl)), timeoutMs);
        return outcome.kind === 'broken' ? { ...outcome, retryAfterMs: null } : outcome;
      }
    }
  };
}

async function sendSigned(
  { secretBox, policy, publicUrl, now, lookup }: NotifierOptions,
  notification: DeliveryToSend['notification'],
  { url, subscriptionId, sealed }: Extract<DeliveryToSend['to'], { channel: 'webhook' }>,
  timeoutMs: number,
): Promise<SendOutcome> {
  const secret = opened(secretBox, { id: subscriptionId, sealed });
  if (secret === null) {
    // Not given up: the key that is missing may be put back.
    return { kind: 'broken', detail: 'Its secret does not open with this SLUICE_SECRET_KEY', retryAfterMs: null };
  }
  const outcome = await sendWebhook(
    {
      url,
      id: notification.id,
      body: webhookEnvelope(notification, publicUrl),
      contentType: ENVELOPE_TYPE,
      secrets: [secret],
      timeoutMs,
      version: null,
    },
    { policy, now, ...(lookup && { lookup }) },
  );
  switch (outcome.kind) {
    case 'done':
    // Asked for of services alone: a subscriber that answers 202 has taken it.
    case 'accepted':
      return { kind: 'sent' };
    case 'drifted':
      return { kind: 'broken', detail: 'The target answered 412', retryAfterMs: null };
    case 'refused':
      // A receiver that is being deployed, or whose keys are, answers anything for a while; 410 says that it is for good.
      return outcome.status === undefined || outcome.status === GONE
        ? { kind: 'refused', detail: outcome.detail }
        : { kind: 'broken', detail: outcome.detail, retryAfterMs: null };
    case 'broken':
      return { kind: 'broken', detail: outcome.detail, retryAfterMs: outcome.retryAfterMs };
  }
}

/** null: it was sealed under another key, as after a restore. */
function opened(secretBox: SecretBox, subscription: { id: string; sealed: string }): string | null {
  try {
    return openSubscriptionSecret(secretBox, subscription);
  } catch {
    return null;
  }
}

/** A mail server that keeps a mailer waiting keeps nobody else waiting. */
async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T | { kind: 'broken'; detail: string }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<{ kind: 'broken'; detail: string }>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'broken', detail: 'The mail was not taken in time' }), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
