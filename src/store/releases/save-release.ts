import { isTerminal } from '../../domain/release';
import type { ReleaseState } from '../../domain/release';
import { shownState } from '../../domain/shown-state';
import { dueAt } from '../../domain/what-follows';
import type { Unit } from '../store';
import { planOfRow, type ReleaseRow } from './stored-release';
import { leaveQueues } from './queue';

/** Writes the position and what is filtered by; an ended release lets the next ones in its queues go on (REL-32). */
export async function saveRelease(
  unit: Unit,
  release: ReleaseRow,
  state: ReleaseState,
  columns: {
    claimedBy?: string;
    startDeliveredAt?: number;
    seq: number;
    /** Run that was heard of, and how long its history was then. */
    runId?: string;
    historyLength?: number;
  },
): Promise<void> {
  const ended = isTerminal(state);
  await unit.sql
    .updateTable('releases')
    .set({
      ...columns,
      position: JSON.stringify(state),
      state: shownState(state),
      dueAt: dueAt(state, planOfRow(release)),
      live: ended ? 0 : 1,
      endedAt: ended ? state.lastAt : null,
    })
    .where('id', '=', release.id)
    .execute();
  if (ended) {
    await leaveQueues(unit, release.id);
  }
}
