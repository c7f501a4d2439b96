import type { ReleaseEvent } from '../../domain/release-event';
import { inPieces } from '../in-pieces';
import { newId } from '../new-id';
import { insertSteps } from '../process/insert-steps';
import type { Unit } from '../store';
import type { ReleaseRow } from './stored-release';
import { planOfRow } from './stored-release';

/** A deployment that is to come, as it is told from others. */
interface Planned {
  phase: string;
  environmentId: string;
  attempt: number;
}

/**
 * Shows the deployments with which a release would go on if it did not wait for an answer to another one (INT-9): all of
 * them are held, as a phase starts in one piece. They keep their ids when they start, or end with the release. What was
 * planned before and is not any more goes, so that what is shown is what comes next, once.
 */
export async function queueDeployments(
  unit: Unit,
  release: ReleaseRow,
  planned: readonly ReleaseEvent[],
): Promise<void> {
  const { phases, process } = planOfRow(release);
  const environments = await unit.sql
    .selectFrom('environments')
    .select(['id', 'slug'])
    .where('projectId', '=', release.projectId)
    .execute();
  const starts = planned.flatMap((event) => (event.type === 'phase-started' ? [event] : []));
  const toCome = starts.flatMap(({ at, phase, attempt, environments: named }) =>
    environments
      .filter(({ slug }) => named.includes(slug))
      .map(({ id }) => ({ phase: phases[phase]?.name ?? '', environmentId: id, attempt, createdAt: at })),
  );
  const queued = await queuedOf(unit, release);
  const left = queued.filter((each) => !toCome.some((planned) => isSame(each, planned)));
  await drop(unit, left);
  const rows = toCome
    .filter((planned) => !queued.some((each) => isSame(each, planned)))
    .map((planned) => ({
      ...{ id: newId(), releaseId: release.id, ...planned },
      ...{ state: 'queued' as const, errored: 0 as const, startedAt: null, endedAt: null },
      ...{ error: null, endedBy: null, endedNotes: null },
    }));
  for (const piece of inPieces(rows)) {
    await unit.sql.insertInto('deployments').values(piece).execute();
  }
  await insertSteps(unit, rows, process);
}

/**
 * After events that turn a release elsewhere nothing is left queued that has not started with them: an action that was
 * accepted before the end of a bake may be decided after what comes next was shown (REL-29). It never was more than a
 * plan, and may come again, so it is not kept as one that has ended.
 */
export async function dropQueued(unit: Unit, release: ReleaseRow, events: readonly ReleaseEvent[]): Promise<void> {
  if (!events.some(({ type }) => TURNS.has(type))) {
    return;
  }
  await drop(unit, await queuedOf(unit, release));
  if (release.blockedBy !== null) {
    await unit.sql.updateTable('releases').set({ blockedBy: null }).where('id', '=', release.id).execute();
  }
}

const TURNS: ReadonlySet<ReleaseEvent['type']> = new Set([
  'phase-started',
  'phase-skipped',
  'bake-paused',
  'full-rollout-started',
  'release-completed',
]);

function queuedOf(unit: Unit, { id }: ReleaseRow): Promise<(Planned & { id: string })[]> {
  return unit.sql
    .selectFrom('deployments')
    .select(['id', 'phase', 'environmentId', 'attempt'])
    .where('releaseId', '=', id)
    .where('state', '=', 'queued')
    .execute();
}

function isSame(one: Planned, other: Planned): boolean {
  return one.phase === other.phase && one.environmentId === other.environmentId && one.attempt === other.attempt;
}

/** None of them has begun: steps are all that they have. */
async function drop(unit: Unit, deployments: readonly { id: string }[]): Promise<void> {
  for (const piece of inPieces(deployments.map(({ id }) => id))) {
    await unit.sql.deleteFrom('deploymentSteps').where('deploymentId', 'in', piece).execute();
    await unit.sql.deleteFrom('deployments').where('id', 'in', piece).execute();
  }
}
