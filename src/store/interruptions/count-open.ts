import type { Instant } from '../../domain/instant';
import type { Store } from '../store';
import { isOpenInterruption } from './open-interruption';

/** How many interruptions wait for an answer, in all projects, and since when the oldest does; null: none. */
export async function countOpenInterruptions(
  store: Store,
): Promise<{ pending: number; taken: number; oldestAt: Instant | null }> {
  const rows = await store.read
    .selectFrom('interruptions')
    .where(isOpenInterruption)
    .groupBy('state')
    .select(({ fn }) => ['state', fn.countAll().as('count'), fn.min('raisedAt').as('oldestAt')])
    .execute();
  const countOf = (state: string) => Number(rows.find((row) => row.state === state)?.count ?? 0);
  const oldest = rows.map(({ oldestAt }) => Number(oldestAt));
  return {
    pending: countOf('pending'),
    taken: countOf('taken'),
    oldestAt: oldest.length === 0 ? null : Math.min(...oldest),
  };
}
