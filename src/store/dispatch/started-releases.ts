import type { Store } from '../store';

/** What the store knows of the workflow of a live release whose start Temporal has acknowledged. */
export interface StartedRelease {
  id: string;
  epoch: number;
  /** Number of the last recorded step. */
  seq: number;
  /** null: no workflow has claimed the release in this epoch. */
  claimedBy: string | null;
  /** Run that was last heard of in this epoch, and how long its history was then. */
  runId: string | null;
  historyLength: number;
}

/** One of them; `undefined` when it has ended or waits to be started, which is the dispatcher's to do. */
export async function startedRelease(store: Store, releaseId: string): Promise<StartedRelease | undefined> {
  return started(store).where('id', '=', releaseId).executeTakeFirst();
}

/** A page of their ids, in order, behind `after`. */
export async function startedReleases(store: Store, after: string, limit: number): Promise<string[]> {
  const rows = await started(store).where('id', '>', after).orderBy('id').limit(limit).execute();
  return rows.map((row) => row.id);
}

function started(store: Store) {
  return store.read
    .selectFrom('releases')
    .where('live', '=', 1)
    .where('startDeliveredAt', 'is not', null)
    .select(['id', 'epoch', 'seq', 'claimedBy', 'runId', 'historyLength']);
}
