import type { Instant } from '../domain/instant';
import type { WebhookOutcome } from '../domain/webhook-answer';
import type { EffectToSend } from '../store/effects/begin-send';
import type { SecretBox } from '../store/secret-box';
import { openSecret, type SealedSecret } from '../store/services/service-secrets';
import type { AddressPolicy } from './http/address-policy';
import type { LookUpAll } from './http/guarded-lookup';
import { sendWebhook } from './webhooks/send-webhook';

/** Services, as a release reaches them: what was begun in the store is sent once, and what came of it is told. */
export interface ServiceTarget {
  /** Never throws for what a target or the network does: that is an outcome, to be recorded. */
  send(effect: EffectToSend): Promise<WebhookOutcome>;
}

/** What sends are made with. */
export interface ServiceTargetOptions {
  /** Opens the secrets of services. */
  secretBox: SecretBox;
  policy: AddressPolicy;
  /** Where a target may call back about the effect of a key (PRO-6): whoever knows it may. */
  callbackUrlOf: (key: string) => string;
  /** Epoch ms. */
  now: () => Instant;
  /** What names lead to; the system's, unless given. */
  lookup?: LookUpAll;
}

/** Services behind webhooks (WHK-1, WHK-2). */
export function serviceTarget({ secretBox, callbackUrlOf, ...surroundings }: ServiceTargetOptions): ServiceTarget {
  return {
    send: async ({ key, url, timeoutMs, until, secrets, body, callbackTimeoutMs }) => {
      const opened = secrets.flatMap((secret) => opensWith(secretBox, secret));
      if (opened.length === 0) {
        return { kind: 'refused', detail: 'No secret of the service opens with this SLUICE_SECRET_KEY' };
      }
      const mayCallBack = callbackTimeoutMs !== null;
      // Made anew for each send, and the same each time: kept nowhere (INV-7).
      const callbackUrl = mayCallBack ? callbackUrlOf(key) : null;
      return sendWebhook(
        {
          url,
          id: key,
          body: JSON.stringify({ ...body, data: { ...body.data, callbackUrl } }),
          secrets: opened,
          timeoutMs,
          // Others count on it that nothing is sent later (WHK-4), also when this process was stopped in the meantime.
          notAfter: until,
          version: body.data.version,
          mayCallBack,
        },
        surroundings,
      );
    },
  };
}

/** One that was sealed under another key, as after a restore, is left out: what the error says may be secret. */
function opensWith(secretBox: SecretBox, secret: SealedSecret): string[] {
  try {
    return [openSecret(secretBox, secret)];
  } catch {
    return [];
  }
}
