import type { Instant } from '../../domain/instant';
import type { Store } from '../store';

/** When the action was accepted that waits longest for its decision; null: none does. */
export async function oldestUndecided(store: Store): Promise<Instant | null> {
  const row = await store.read
    .selectFrom('actions')
    .where('status', '=', 'undecided')
    .select(({ fn }) => fn.min('acceptedAt').as('at'))
    .executeTakeFirst();
  return row?.at == null ? null : Number(row.at);
}
