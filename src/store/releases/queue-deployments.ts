import type { ReleaseEvent } from '../../domain/release-event';
import { inPieces } from '../in-pieces';
import { newId } from '../new-id';
import { insertSteps } from '../process/insert-steps';
import type { Unit } from '../store';
import type { ReleaseRow } from './stored-release';
import { planOfRow } from './stored-release';

/**
 * Shows the deployments with which a release would go on if it did not wait for an answer to another one (INT-9): all of
 * them are held, as a phase starts in one piece. They keep their ids when they start, or end with the release. Until
 * then what is planned stays the same: actions are armed, and whatever else would change it needs a phase that runs.
 */
export async function queueDeployments(
  unit: Unit,
  release: ReleaseRow,
  planned: readonly ReleaseEvent[],
): Promise<void> {
  const starts = planned.flatMap((event) => (event.type === 'phase-started' ? [event] : []));
  if (starts.length === 0 || (await isQueued(unit, release))) {
    return;
  }
  const { phases, process } = planOfRow(release);
  const environments = await unit.sql
    .selectFrom('environments')
    .select(['id', 'slug'])
    .where('projectId', '=', release.projectId)
    .execute();
  const rows = starts.flatMap(({ at, phase, attempt, environments: named }) =>
    environments
      .filter(({ slug }) => named.includes(slug))
      .map(({ id: environmentId }) => ({
        ...{ id: newId(), releaseId: release.id, phase: phases[phase]?.name ?? '', environmentId, attempt },
        ...{ state: 'queued' as const, errored: 0 as const, createdAt: at, startedAt: null, endedAt: null },
        ...{ error: null, endedBy: null, endedNotes: null },
      })),
  );
  for (const piece of inPieces(rows)) {
    await unit.sql.insertInto('deployments').values(piece).execute();
  }
  await insertSteps(unit, rows, process);
}

async function isQueued(unit: Unit, release: ReleaseRow): Promise<boolean> {
  const queued = await unit.sql
    .selectFrom('deployments')
    .select('id')
    .where('releaseId', '=', release.id)
    .where('state', '=', 'queued')
    .limit(1)
    .executeTakeFirst();
  return queued !== undefined;
}
