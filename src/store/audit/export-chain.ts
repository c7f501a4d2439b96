import type { Kysely } from 'kysely';
import { canonicalJson } from '../../domain/canonical-json';
import type { Tables } from '../tables';
import { GENESIS_HASH } from './entry';
import { asEntry } from './read-audit';

const PAGE = 500;

/**
 * A whole chain up to its head at this moment, as lines of canonical JSON, each with its line feed: the entries in
 * order, then one line `{"end":{"chain","count","hash"}}` that shows whether anything is missing (INV-4). Entries are
 * read a page at a time, so that a long chain needs little memory.
 */
export async function* exportChain(sql: Kysely<Tables>, chain: string): AsyncGenerator<string, void, void> {
  const head = await sql
    .selectFrom('chains')
    .select(['sequence', 'hash'])
    .where('chain', '=', chain)
    .executeTakeFirst();
  const { sequence: count, hash } = head ?? { sequence: 0, hash: GENESIS_HASH };

  for (let after = 0; after < count; after += PAGE) {
    const rows = await sql
      .selectFrom('events')
      .selectAll()
      .where('chain', '=', chain)
      .where('sequence', '>', after)
      .where('sequence', '<=', Math.min(after + PAGE, count))
      .orderBy('sequence')
      .execute();
    for (const row of rows) yield `${canonicalJson(asEntry(row))}\n`;
  }
  yield `${canonicalJson({ end: { chain, count, hash } })}\n`;
}
