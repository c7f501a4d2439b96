import type { Transaction } from 'kysely';
import { canonicalJson } from '../../domain/canonical-json';
import { raiseCounter } from '../counter';
import type { ForUpdate } from '../for-update';
import type { Tables } from '../tables';
import { GENESIS_HASH, chainOf, hashEntry, type NewEvent } from './entry';

/**
 * Puts a transaction's entries at the end of their chains (INV-4); the last thing a transaction does, so that the
 * locks on the heads are short and sequence is commit order. Heads are locked in sorted order, the position last.
 * Returns the position of the last entry.
 */
export async function appendEntries(
  sql: Transaction<Tables>,
  forUpdate: ForUpdate,
  entries: readonly NewEvent[],
): Promise<number> {
  const chains = [...new Set(entries.map((entry) => chainOf(entry.projectId)))].sort();
  const heads = new Map<string, { sequence: number; hash: string }>();
  for (const chain of chains) heads.set(chain, await lockHead(sql, forUpdate, chain));
  const upTo = await raiseCounter(sql, 'event-position', entries.length);

  const rows = entries.map((entry, index) => {
    const chain = chainOf(entry.projectId);
    const head = heads.get(chain) ?? { sequence: 0, hash: GENESIS_HASH };
    const place = {
      position: upTo - entries.length + 1 + index,
      chain,
      sequence: head.sequence + 1,
      previousHash: head.hash,
    };
    const hash = hashEntry({ ...entry, ...place });
    heads.set(chain, { sequence: place.sequence, hash });
    const { type, at, actorId, projectId, releaseId, data } = entry;
    return { ...place, type, at, actorId, projectId, releaseId, data: canonicalJson(data), hash };
  });
  await insertInBatches(sql, rows);

  for (const [chain, { sequence, hash }] of heads) {
    await sql.updateTable('chains').set({ sequence, hash }).where('chain', '=', chain).execute();
  }
  return upTo;
}

async function lockHead(sql: Transaction<Tables>, forUpdate: ForUpdate, chain: string) {
  const head = sql.selectFrom('chains').select(['sequence', 'hash']).where('chain', '=', chain);
  const known = await forUpdate(head).executeTakeFirst();
  if (known !== undefined) return known;

  // The chain's first entry, or another transaction is writing it right now: its row is waited for.
  await sql
    .insertInto('chains')
    .values({ chain, sequence: 0, hash: GENESIS_HASH })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return forUpdate(head).executeTakeFirstOrThrow();
}

/** Entries per statement: eleven values each, well below what one statement may carry on either engine. */
const BATCH = 500;

async function insertInBatches(sql: Transaction<Tables>, rows: Tables['events'][]): Promise<void> {
  for (let start = 0; start < rows.length; start += BATCH) {
    await sql
      .insertInto('events')
      .values(rows.slice(start, start + BATCH))
      .execute();
  }
}
