import { Webhook } from 'standardwebhooks';
import { SECOND, type Instant } from '../../domain/instant';

/** Signs one send; the headers are those of Standard Webhooks (WHK-1, WHK-3). */
export type WebhookSigner = (id: string, body: string, at: Instant) => Record<string, string>;

/**
 * A signature per secret, in the order given: while a secret is being replaced the target may know either.
 *
 * @param secrets `whsec_…`, the newest first
 * @throws on a secret that is none, or on none at all: nothing is ever sent unsigned
 */
export function createWebhookSigner(secrets: readonly string[]): WebhookSigner {
  if (secrets.length === 0) {
    throw new Error('A webhook needs a secret to be signed with');
  }
  const webhooks = secrets.map((secret) => new Webhook(secret));

  return (id, body, at) => ({
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / SECOND)),
    'webhook-signature': webhooks.map((webhook) => webhook.sign(id, new Date(at), body)).join(' '),
  });
}
