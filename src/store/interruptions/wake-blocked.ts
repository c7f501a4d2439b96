import type { ReleaseRow } from '../releases/stored-release';
import type { Unit } from '../store';

/** Tells the releases that wait for an interruption of this one that one is over (INT-9); they are locked with it. */
export async function wakeBlocked(unit: Unit, release: Pick<ReleaseRow, 'id'>): Promise<void> {
  const waiting = await unit.sql
    .updateTable('releases')
    .set((row) => ({ wake: row('wake', '+', 1), blockedBy: null }))
    .where('blockedBy', '=', release.id)
    .where('live', '=', 1)
    .returning('id')
    .execute();
  waiting.forEach(({ id }) => unit.notify({ kind: 'work', releaseId: id }));
}
