import type { Instant } from '../../domain/instant';
import type { Store } from '../store';

/**
 * Live releases that should have moved by that instant and have not, the most overdue first: an action is undecided
 * since before, a start is delivered and not claimed, or something was due. Each is found by an index.
 */
export async function suspiciousReleases(store: Store, since: Instant, limit: number): Promise<string[]> {
  const { read } = store;
  const [undecided, unclaimed, due] = await Promise.all([
    read
      .selectFrom('actions')
      .where('status', '=', 'undecided')
      .where('acceptedAt', '<', since)
      .groupBy('releaseId')
      .select(({ fn }) => ['releaseId as id', fn.min('acceptedAt').as('at')])
      .orderBy('at')
      .limit(limit)
      .execute(),
    read
      .selectFrom('releases')
      .where('live', '=', 1)
      .where('claimedBy', 'is', null)
      .where('startDeliveredAt', '<', since)
      .orderBy('startDeliveredAt')
      .limit(limit)
      .select(['id', 'startDeliveredAt as at'])
      .execute(),
    read
      .selectFrom('releases')
      .where('live', '=', 1)
      .where('dueAt', '<', since)
      .orderBy('dueAt')
      .limit(limit)
      .select(['id', 'dueAt as at'])
      .execute(),
  ]);
  const found = [...undecided, ...unclaimed, ...due].sort((a, b) => Number(a.at) - Number(b.at));
  return [...new Set(found.map(({ id }) => id))].slice(0, limit);
}
