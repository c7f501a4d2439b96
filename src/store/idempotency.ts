import { canonicalJson } from '../domain/canonical-json';
import type { Json } from '../domain/json';
import type { Kysely } from 'kysely';
import type { Unit } from './store';
import type { Tables } from './tables';

/** What makes a repetition recognisable (HTTP-6). */
export interface KeyedRequest {
  userId: string;
  /** Method and path with its ids. */
  route: string;
  key: string;
  /** SHA-256 of the canonical JSON body. */
  bodyHash: string;
}

/** What is known of a key when its request is about to take effect. */
export type Claim<T extends Json> =
  /** The same request was accepted before: this is what it kept. */
  | { kind: 'repeated'; kept: T }
  /** The key was accepted with another body. */
  | { kind: 'mismatch' }
  /** Nothing so far: do it, then `keep` what a repetition needs, in this transaction; or leave the key free again. */
  | { kind: 'fresh'; keep(value: T, releaseId?: string): Promise<void>; free(): Promise<void> };

/**
 * Claims a key inside the transaction of its effect, so that both are there or neither: a crash between cannot do it
 * twice, and a refusal, which throws, leaves the key free (HTTP-6). Of two at once the second waits here until the
 * first is committed, and then finds what it kept.
 */
export async function claimKey<T extends Json>(unit: Unit, request: KeyedRequest, at: number): Promise<Claim<T>> {
  const { userId, route, key, bodyHash } = request;
  const inserted = await unit.sql
    .insertInto('idempotencyKeys')
    .values({ userId, route, key, bodyHash, answer: 'null', releaseId: null, createdAt: at })
    .onConflict((conflict) => conflict.columns(['userId', 'route', 'key']).doNothing())
    .returning('key')
    .executeTakeFirst();

  if (inserted) {
    return {
      kind: 'fresh',
      keep: async (value, releaseId) => {
        await unit.sql
          .updateTable('idempotencyKeys')
          .set({ answer: canonicalJson(value), releaseId: releaseId ?? null })
          .where('userId', '=', userId)
          .where('route', '=', route)
          .where('key', '=', key)
          .execute();
      },
      free: async () => {
        await unit.sql
          .deleteFrom('idempotencyKeys')
          .where('userId', '=', userId)
          .where('route', '=', route)
          .where('key', '=', key)
          .execute();
      },
    };
  }

  const first = await rowOf(unit.sql, request);
  return first?.bodyHash === bodyHash
    ? { kind: 'repeated', kept: JSON.parse(first.answer) as T }
    : { kind: 'mismatch' };
}

/**
 * What the same request kept before; null when there was none. For effects outside the store, which cannot wait inside
 * a transaction: look first, and claim when it is done.
 */
export async function findKept<T extends Json>(sql: Kysely<Tables>, request: KeyedRequest): Promise<T | null> {
  const row = await rowOf(sql, request);
  return row?.bodyHash === request.bodyHash ? (JSON.parse(row.answer) as T) : null;
}

async function rowOf(sql: Kysely<Tables>, { userId, route, key }: KeyedRequest) {
  return sql
    .selectFrom('idempotencyKeys')
    .select(['bodyHash', 'answer'])
    .where('userId', '=', userId)
    .where('route', '=', route)
    .where('key', '=', key)
    .executeTakeFirst();
}
