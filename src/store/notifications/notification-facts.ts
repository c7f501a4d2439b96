import type { Kysely } from 'kysely';

import { isServiceChange } from '../../domain/change';
import type { Failure } from '../../domain/notification-data';
import type {
  AnyReleaseEvent,
  FailureEvent,
  InterruptionFacts,
  NotificationFacts,
} from '../../domain/notifications-of';
import { planAt, type ReleasePlan } from '../../domain/release-plan';
import { numberedInterruptions } from '../interruptions/find-interruption';
import { abortedSteps } from '../process/aborted-steps';
import { userNames } from '../releases/read-release';
import { changesOf, positionOf, type ReleaseRow } from '../releases/stored-release';
import type { Tables } from '../tables';

/** What is to be known to tell somebody of these events; asked for only what they need. */
export async function notificationFacts(
  sql: Kysely<Tables>,
  release: ReleaseRow,
  plan: ReleasePlan,
  events: readonly AnyReleaseEvent[],
  reasonOf: (action: string) => string | null,
): Promise<NotificationFacts> {
  const { project, pipeline } = await sql
    .selectFrom('projects')
    .innerJoin('pipelines', 'pipelines.projectId', 'projects.id')
    .where('projects.id', '=', release.projectId)
    .where('pipelines.id', '=', release.pipelineId)
    .select(['projects.slug as project', 'pipelines.slug as pipeline'])
    .executeTakeFirstOrThrow();
  const failures = await failuresBehind(sql, release, plan, events);
  const interruptions = await interruptionsBehind(sql, release, events);
  const people = events.flatMap((event) => ('by' in event ? (event.by ?? []) : []));
  const names = await userNames(sql, [release.triggeredBy, ...people, ...endersOf(failures)]);
  const nameOf = (user: string): string => names.get(user) ?? user;

  return {
    project,
    pipeline,
    release: release.id,
    plan,
    changes: changesOf(release).map((change) =>
      isServiceChange(change) ? `${change.service} ${change.version}` : `flag ${change.flag}`,
    ),
    isFullRollout:
      positionOf(release).fullRollout !== null || events.some(({ type }) => type === 'full-rollout-started'),
    triggeredBy: release.triggeredBy,
    reason: release.reason,
    nameOf,
    reasonOf,
    failuresOf: (event) =>
      (failures.get(event) ?? []).map(({ endedBy, ...failure }) => ({
        ...failure,
        endedBy: endedBy && { ...endedBy, user: nameOf(endedBy.user) },
      })),
    interruptionOf: (number) => interruptions.get(number) ?? null,
  };
}

/** By event that tells of a failure, the deployments of its attempt that have failed; people by id. */
async function failuresBehind(
  sql: Kysely<Tables>,
  release: ReleaseRow,
  plan: ReleasePlan,
  events: readonly AnyReleaseEvent[],
): Promise<Map<FailureEvent, Failure[]>> {
  const telling = events.filter((event) => event.type === 'phase-failed' || event.type === 'deployment-failed');
  const failures = new Map<FailureEvent, Failure[]>();
  for (const phase of new Set(telling.map((event) => event.phase))) {
    const rows = await sql
      .selectFrom('deployments')
      .innerJoin('environments', 'environments.id', 'deployments.environmentId')
      .where('deployments.releaseId', '=', release.id)
      .where('deployments.phase', '=', planAt(plan, phase).name)
      .orderBy('environments.position')
      .orderBy('environments.slug')
      .select(['deployments.id', 'environments.slug as environment', 'attempt', 'state'])
      .select(['error', 'errored', 'endedBy', 'endedNotes'])
      .execute();
    const failed = rows.filter(({ state }) => state === 'failed');
    const ids = failed.map(({ id }) => id);
    const steps = await firstFailedSteps(sql, ids);
    const aborted = await abortedSteps(sql, ids);
    for (const event of telling.filter((each) => each.phase === phase)) {
      const attempt = attemptOf(
        event,
        events,
        rows.map((row) => row.attempt),
      );
      failures.set(
        event,
        failed
          .filter((row) => row.attempt === attempt)
          .map(({ id, environment, error, errored, endedBy, endedNotes }) => ({
            environment,
            step: steps.get(id) ?? null,
            detail: error,
            errored: errored === 1,
            endedBy: endedBy === null ? null : { user: endedBy, notes: endedNotes, step: aborted.get(id) ?? null },
          })),
      );
    }
  }
  return failures;
}

/**
 * The attempt of the phase of which an event speaks. One recording may hold the failure of an attempt and, as its retry
 * was accepted meanwhile, the start of the next (REL-28).
 */
function attemptOf(event: FailureEvent, events: readonly AnyReleaseEvent[], attempts: readonly number[]): number {
  const starts = (among: readonly AnyReleaseEvent[]) =>
    among.flatMap((each) => (each.type === 'phase-started' && each.phase === event.phase ? [each.attempt] : []));
  const index = events.indexOf(event);
  const before = starts(events.slice(0, index)).at(-1);
  const [next = Infinity] = starts(events.slice(index));
  return before ?? Math.max(...attempts.filter((attempt) => attempt < next));
}

/** Names of the steps that deployments failed by, as people are told the first (PRO-8). */
async function firstFailedSteps(sql: Kysely<Tables>, deployments: readonly string[]): Promise<Map<string, string>> {
  if (deployments.length === 0) {
    return new Map();
  }
  const rows = await sql
    .selectFrom('deploymentSteps')
    .select(['deploymentId', 'name'])
    .where('deploymentId', 'in', deployments)
    .where('state', '=', 'failed')
    .orderBy('position', 'desc')
    .execute();
  // Of each the last one that is set is the first.
  return new Map(rows.map(({ deploymentId, name }) => [deploymentId, name]));
}

function endersOf(failures: ReadonlyMap<FailureEvent, Failure[]>): string[] {
  return [...failures.values()].flat().flatMap(({ endedBy }) => endedBy?.user ?? []);
}

async function interruptionsBehind(
  sql: Kysely<Tables>,
  release: ReleaseRow,
  events: readonly AnyReleaseEvent[],
): Promise<Map<number, InterruptionFacts>> {
  const numbers = new Set(
    events.flatMap((event) =>
      event.type === 'interruption-raised' ||
      event.type === 'interruption-submitted' ||
      event.type === 'interruption-deadline-passed'
        ? [event.interruption]
        : [],
    ),
  );
  if (numbers.size === 0) {
    return new Map();
  }
  const rows = await numberedInterruptions(sql, release.id, [...numbers]);
  return new Map(
    rows.map((row) => [
      row.number,
      {
        id: row.id,
        title: row.title,
        kind: row.kind,
        step: row.step,
        deployment: row.deploymentId,
        instructions: row.instructions,
        teams: JSON.parse(row.teams) as string[],
        results: JSON.parse(row.results) as string[],
        authorMaySubmit: row.authorMaySubmit === 1,
        notes: row.notes,
      },
    ]),
  );
}
