import type { Transaction } from 'kysely';
import type { Tables } from './tables';

/**
 * Raises a counter and returns its new value; the first is `by`. Its row stays locked until the transaction ends, so
 * values are handed out in commit order and without gaps.
 */
export async function raiseCounter(
  sql: Transaction<Tables>,
  name: 'event-position' | 'ticket',
  by: number,
): Promise<number> {
  const { value } = await sql
    .insertInto('counters')
    .values({ name, value: by })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((row) => ({ value: row('counters.value', '+', row.ref('excluded.value')) })),
    )
    .returning('value')
    .executeTakeFirstOrThrow();
  return value;
}
