import type { UserId } from '../../domain/release';
import type { AbortCause } from '../../domain/release-event';
import type { NewEvent } from '../audit/entry';
import type { ReleaseRow } from '../releases/stored-release';
import type { Unit } from '../store';
import { factsOf, openInterruptionsOf } from './find-interruption';
import { wakeBlocked } from './wake-blocked';

/** Why a release's interruptions are closed: it is being aborted, by a person or by itself. */
export interface Closing {
  at: number;
  by: UserId | null;
  action: string | null;
  cause: AbortCause;
}

/**
 * Closes what a release asks people, as it is being aborted: by whom, why, and not as answers (INT-7). Returns what the
 * audit says of it, which stands behind the abort there.
 */
export async function closeInterruptions(
  unit: Unit,
  release: ReleaseRow,
  { at, by, action, cause }: Closing,
): Promise<NewEvent[]> {
  const open = await openInterruptionsOf(unit.sql, release.id);
  if (open.length === 0) {
    return [];
  }
  const asked =
    action === null
      ? undefined
      : await unit.sql.selectFrom('actions').select('reason').where('id', '=', action).executeTakeFirst();
  const reason = asked?.reason ? `: ${asked.reason}` : '';
  const closedWhy = `The release is being aborted (${WHY[cause]})${reason}`;
  await unit.sql
    .updateTable('interruptions')
    .set({ state: 'closed', closedBy: by, closedWhy, submitAction: null, endedAt: at })
    .where('releaseId', '=', release.id)
    .where('state', 'in', ['pending', 'taken'])
    .execute();
  await wakeBlocked(unit, release);
  return open.map((interruption) => ({
    type: 'interruption-closed',
    at,
    actorId: by,
    projectId: release.projectId,
    releaseId: release.id,
    data: { ...factsOf(interruption), why: closedWhy },
  }));
}

const WHY: Record<AbortCause, string> = {
  person: 'by a person',
  'review-deadline': 'nobody reviewed it in time',
  'phase-failed': 'a phase has failed',
  'change-set-outdated': 'its change set was overtaken',
};
