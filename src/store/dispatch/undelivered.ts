import type { AcceptedAction } from '../../domain/accepted-action';
import { TOLD_AT_ONCE } from '../releases/undecided-actions';
import type { Store } from '../store';

/** What Temporal has not been told of one release. */
export interface Undelivered {
  releaseId: string;
  epoch: number;
  /** The workflow of this epoch has not been started. */
  start: boolean;
  /** The first undecided actions in order, when at least one of them is undelivered; with them decided, the next. */
  actions: AcceptedAction[];
  /** Above 0: a hold may have ended; to be handed back when that is told. */
  wake: number;
}

/** What is undelivered of one release; `null` when there is nothing. */
export async function undeliveredOf(store: Store, releaseId: string): Promise<Undelivered | null> {
  const release = await store.read
    .selectFrom('releases')
    .where('id', '=', releaseId)
    .select(['epoch', 'live', 'startDeliveredAt', 'wake'])
    .executeTakeFirst();
  if (!release || release.live === 0) {
    return null;
  }
  const rows = await store.read
    .selectFrom('actions')
    .where('releaseId', '=', releaseId)
    .where('status', '=', 'undecided')
    .orderBy('number')
    .limit(TOLD_AT_ONCE)
    .select(['action', 'deliveredAt'])
    .execute();
  const hasNew = rows.some((row) => row.deliveredAt === null);
  const start = release.startDeliveredAt === null;
  const { wake } = release;
  if (!start && !hasNew && wake === 0) {
    return null;
  }
  return {
    releaseId,
    epoch: release.epoch,
    start,
    actions: hasNew ? rows.map((row) => JSON.parse(row.action) as AcceptedAction) : [],
    wake,
  };
}

/** Live releases of which something is undelivered, oldest first. */
export async function releasesToDeliver(store: Store, limit: number): Promise<string[]> {
  const rows = await store.read
    .selectFrom('releases')
    .where('live', '=', 1)
    .where((where) =>
      where.or([
        where('startDeliveredAt', 'is', null),
        where('wake', '>', 0),
        where.exists(
          where
            .selectFrom('actions')
            .select('actions.id')
            .whereRef('actions.releaseId', '=', 'releases.id')
            .where('actions.status', '=', 'undecided')
            .where('actions.deliveredAt', 'is', null),
        ),
      ]),
    )
    .orderBy('id')
    .limit(limit)
    .select('id')
    .execute();
  return rows.map((row) => row.id);
}
