import type { SecretBox } from '../secret-box';
import { newSigningSecret } from '../secret-hash';
import type { SubscriptionRow } from './find-subscription';

/** A new secret, and what is kept of it: bound to its row, so that it does not open in another one. */
export function newSubscriptionSecret(secretBox: SecretBox, id: string): { secret: string; sealed: string } {
  const secret = newSigningSecret();
  return { secret, sealed: secretBox.seal(secret, id) };
}

/**
 * What webhooks of a subscription are signed with; null: it is told by mail. Throws when the store's
 * `SLUICE_SECRET_KEY` is not the one it was sealed under.
 */
export function openSubscriptionSecret(
  secretBox: SecretBox,
  { id, sealed }: Pick<SubscriptionRow, 'id' | 'sealed'>,
): string | null {
  return sealed === null ? null : secretBox.open(sealed, id);
}
