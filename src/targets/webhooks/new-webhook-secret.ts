import { randomBytes } from 'node:crypto';

/** A secret as Standard Webhooks writes it (WHK-1): 256 bits, no less than the signature's own hash. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}
