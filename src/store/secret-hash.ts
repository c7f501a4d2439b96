import { hash, randomBytes } from 'node:crypto';

/** What is stored of a token or key, and looked up: 256 random bits need no slow hash. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret);
}

/** A new secret to sign requests with, in the form of Standard Webhooks. */
export function newSigningSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** A new token or key: 256 random bits behind a prefix that says what it is, for people and secret scanners. */
export function newSecret(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}
