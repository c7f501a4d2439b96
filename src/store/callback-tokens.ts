import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/**
 * What lets a target call back about one effect, and about nothing else (PRO-6). A token follows from the secret key and
 * the idempotency key, so it is the same on every retry and is kept nowhere.
 */
export interface CallbackTokens {
  tokenOf(key: string): string;
  /** The idempotency key that a token is for; null for one that was not made under this secret key. */
  keyOf(token: string): string | null;
}

/** A key that names the longest release, phase, environment and service is much shorter. */
const LONGEST_TOKEN = 4_000;

/** Tokens under `SLUICE_SECRET_KEY`. */
export function createCallbackTokens(secretKey: string): CallbackTokens {
  const secret = Buffer.from(hkdfSync('sha256', secretKey, '', 'sluice callback tokens', 32));
  const signatureOf = (key: string) => createHmac('sha256', secret).update(key).digest();
  const tokenOf = (key: string) =>
    `${Buffer.from(key).toString('base64url')}.${signatureOf(key).toString('base64url')}`;
  return {
    tokenOf,
    keyOf: (token) => {
      const [encoded = '', signature = ''] = token.slice(0, LONGEST_TOKEN).split('.', 2);
      const key = Buffer.from(encoded, 'base64url').toString();
      const sent = Buffer.from(signature, 'base64url');
      const expected = signatureOf(key);
      const fits = sent.length === expected.length && timingSafeEqual(sent, expected);
      // Base64 has several spellings of the same bytes: only the one that was given out counts.
      return fits && token === tokenOf(key) ? key : null;
    },
  };
}
