import type { ReleaseState } from '../../domain/release';
import { phaseAt } from '../../domain/release';
import type { ReleaseEvent } from '../../domain/release-event';
import { newId } from '../new-id';
import type { Unit } from '../store';
import type { ReleaseRow } from './stored-release';
import { planOfRow } from './stored-release';

/** Brings the rows of deployments up to what these events say of them; `before` is the position in front of the events. */
export async function saveDeployments(
  unit: Unit,
  release: ReleaseRow,
  before: ReleaseState,
  events: readonly ReleaseEvent[],
): Promise<void> {
  const concerned = events.filter(isOfDeployments);
  if (concerned.length === 0) {
    return;
  }
  const environmentIds = await environmentIdsOf(unit, release);
  const plan = planOfRow(release);
  const rowOf = (phase: number, environment: string): { phase: string; environmentId: string } => {
    const environmentId = environmentIds.get(environment);
    if (environmentId === undefined) {
      throw new Error(`Deployment of ${release.id} to unknown environment ${environment}`);
    }
    return { phase: plan.phases[phase]?.name ?? '', environmentId };
  };

  const inserted = new Set<DeploymentEvent>();
  for (const [index, event] of concerned.entries()) {
    switch (event.type) {
      case 'phase-started':
        for (const environment of event.environments) {
          // One that ends with its start, as that of flags alone does, costs one statement.
          const ended = concerned
            .slice(index)
            .find(
              (each): each is DeploymentEnd =>
                isEnd(each) && each.phase === event.phase && each.environment === environment,
            );
          if (ended) {
            inserted.add(ended);
          }
          const row = { ...rowOf(event.phase, environment), attempt: event.attempt };
          await insert(unit, release, row, event.at, ended);
        }
        break;
      case 'deployment-succeeded':
      case 'deployment-failed': {
        if (!inserted.has(event)) {
          const attempt = attemptEnded(before, concerned.slice(0, index), event);
          await end(unit, release, { ...rowOf(event.phase, event.environment), attempt }, event);
        }
        break;
      }
      case 'release-aborting':
        await abortAll(unit, release, event);
    }
  }
}

type DeploymentEnd = Extract<ReleaseEvent, { type: 'deployment-succeeded' | 'deployment-failed' }>;

type DeploymentEvent = Extract<
  ReleaseEvent,
  { type: 'phase-started' | 'deployment-succeeded' | 'deployment-failed' | 'release-aborting' }
>;

function isOfDeployments(event: ReleaseEvent): event is DeploymentEvent {
  return ['phase-started', 'deployment-succeeded', 'deployment-failed', 'release-aborting'].includes(event.type);
}

async function environmentIdsOf(unit: Unit, release: ReleaseRow): Promise<Map<string, string>> {
  const environments = await unit.sql
    .selectFrom('environments')
    .select(['id', 'slug'])
    .where('projectId', '=', release.projectId)
    .execute();
  return new Map(environments.map(({ id, slug }) => [slug, id]));
}

interface DeploymentRow {
  phase: string;
  environmentId: string;
  attempt: number;
}

async function insert(
  unit: Unit,
  release: ReleaseRow,
  row: DeploymentRow,
  at: number,
  ended: DeploymentEnd | undefined,
): Promise<void> {
  const started = {
    startedAt: at,
    ...(ended ? endOf(ended) : { state: 'running' as const, errored: 0 as const, error: null, endedAt: null }),
  };
  const written = await unit.sql
    .insertInto('deployments')
    .values({
      id: newId(),
      releaseId: release.id,
      ...row,
      createdAt: at,
      endedBy: null,
      endedNotes: null,
      ...started,
    })
    // One that was queued has been shown, and keeps its id (INT-9).
    .onConflict((conflict) =>
      conflict
        .columns(['releaseId', 'phase', 'environmentId', 'attempt'])
        .doUpdateSet(started)
        .where('deployments.state', '=', 'queued'),
    )
    .executeTakeFirst();
  if (written.numInsertedOrUpdatedRows !== 1n) {
    throw new Error(`Attempt ${row.attempt} of phase ${row.phase} of ${release.id} has been made there already`);
  }
}

async function end(
  unit: Unit,
  release: ReleaseRow,
  { phase, environmentId, attempt }: DeploymentRow,
  event: DeploymentEnd,
): Promise<void> {
  const endedNotes = 'action' in event ? await notesOf(unit, event.action) : null;
  await unit.sql
    .updateTable('deployments')
    .set({ ...endOf(event), ...('by' in event && { endedBy: event.by ?? null, endedNotes }) })
    .where('releaseId', '=', release.id)
    .where('phase', '=', phase)
    .where('environmentId', '=', environmentId)
    .where('attempt', '=', attempt)
    .execute();
}

function endOf(event: DeploymentEnd) {
  return event.type === 'deployment-succeeded'
    ? { state: 'succeeded' as const, errored: 0 as const, error: null, endedAt: event.at }
    : {
        state: 'failed' as const,
        errored: event.errored ? (1 as const) : (0 as const),
        error: event.detail ?? null,
        endedAt: event.at,
      };
}

function isEnd(event: DeploymentEvent): event is DeploymentEnd {
  return event.type === 'deployment-succeeded' || event.type === 'deployment-failed';
}

/** Abort stops the process where it stands (REL-32). */
async function abortAll(
  unit: Unit,
  release: ReleaseRow,
  { at, by, action }: Extract<DeploymentEvent, { type: 'release-aborting' }>,
): Promise<void> {
  await unit.sql
    .updateTable('deployments')
    .set({ state: 'aborted', endedAt: at, endedBy: by, endedNotes: await notesOf(unit, action) })
    .where('releaseId', '=', release.id)
    .where('state', 'in', ['queued', 'running', 'waiting'])
    .execute();
}

/** What the person wrote whose action ended it. */
async function notesOf(unit: Unit, action: string | null | undefined): Promise<string | null> {
  if (action == null) {
    return null;
  }
  const asked = await unit.sql.selectFrom('actions').select('reason').where('id', '=', action).executeTakeFirst();
  return asked?.reason ?? null;
}

/**
 * The attempt that an event ends: the youngest by then. One recording may hold the failure of an attempt and, as its
 * retry was accepted meanwhile, the start of the next (REL-28); an earlier attempt's outcome stands.
 */
function attemptEnded(
  before: ReleaseState,
  events: readonly DeploymentEvent[],
  { phase, environment }: DeploymentEnd,
): number {
  const started = events.findLast(
    (event) => event.type === 'phase-started' && event.phase === phase && event.environments.includes(environment),
  );
  if (started?.type === 'phase-started') {
    return started.attempt;
  }
  const deployment = phaseAt(before, phase).deployments.findLast((each) => each.environment === environment);
  if (!deployment) {
    throw new Error(`There is no deployment of phase ${phase} to ${environment}`);
  }
  return deployment.attempt;
}
