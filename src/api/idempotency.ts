import { createHash } from 'node:crypto';
import { canonicalJson } from '../domain/canonical-json';
import type { Json } from '../domain/json';
import { claimKey, type KeyedRequest } from '../store/idempotency';
import type { Unit } from '../store/store';
import { invalidRequest, Problem } from './problem';

/** A POST that came with an `Idempotency-Key` (HTTP-6): unique per user, route with its path ids, and key. */
export type IdempotentRequest = KeyedRequest;

const VISIBLE_ASCII = /^[\x21-\x7e]{1,128}$/;

/**
 * Reads the header of a POST; null without one. What is compared later is the canonical JSON of body and query, as sent
 * and before defaults, so that a newer version with other defaults still recognises a repetition.
 *
 * @throws Problem 400 `request.invalid`
 */
export function readIdempotencyKey(
  header: string | undefined,
  request: { userId: string; method: string; path: string; body: Json; query: Json },
): IdempotentRequest | null {
  if (header === undefined) {
    return null;
  }
  if (!VISIBLE_ASCII.test(header)) {
    throw invalidRequest([{ path: 'header.Idempotency-Key', message: 'Must be 1 to 128 visible ASCII characters' }]);
  }
  const content = canonicalJson({ body: request.body, query: request.query });
  return {
    userId: request.userId,
    route: `${request.method.toUpperCase()} ${request.path}`,
    key: header,
    bodyHash: createHash('sha256').update(content).digest('hex'),
  };
}

/** Either what the first request kept, or leave to go on and the duty to keep something, or to leave the key free. */
export type KeyClaim<T extends Json> =
  | { repeated: T; keep?: never; free?: never }
  | {
      repeated: null;
      keep(value: T, releaseId?: string): Promise<void>;
      /** For a refusal that is recorded without throwing: the key stays free (HTTP-6). */
      free(): Promise<void>;
    };

/**
 * Claims the request's key in the transaction of its effect (HTTP-6). Keep what a repetition needs to answer: the answer
 * itself, or a reference (an action's id) whose outcome is read when it is asked for again.
 *
 *     const outcome = await store.write(async (unit) => {
 *       const claim = await claimIdempotencyKey<{ action: string }>(unit, idempotency, now);
 *       if (claim.repeated) return claim.repeated;
 *       … the effect …
 *       await claim.keep({ action: id }, releaseId);
 *       return { action: id };
 *     });
 *
 * Without a key every request is a first one. What throws in the transaction leaves the key free.
 *
 * @throws Problem 422 `idempotency.mismatch` when the key was accepted with another body
 */
export async function claimIdempotencyKey<T extends Json>(
  unit: Unit,
  request: IdempotentRequest | null,
  at: number,
): Promise<KeyClaim<T>> {
  if (request === null) {
    return { repeated: null, keep: () => Promise.resolve(), free: () => Promise.resolve() };
  }
  const claim = await claimKey<T>(unit, request, at);
  switch (claim.kind) {
    case 'fresh':
      return { repeated: null, keep: claim.keep, free: claim.free };
    case 'repeated':
      return { repeated: claim.kept };
    case 'mismatch':
      throw new Problem('idempotency.mismatch', `The key ${request.key} was accepted with another body`);
  }
}
