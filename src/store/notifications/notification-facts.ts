import type { Kysely } from 'kysely';

import { isServiceChange } from '../../domain/change';
import type { Failure } from '../../domain/notification-data';
import type { AnyReleaseEvent, InterruptionFacts, NotificationFacts } from '../../domain/notifications-of';
import { planAt, type ReleasePlan } from '../../domain/release-plan';
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
    failuresOf: (phase) =>
      (failures.get(phase) ?? []).map(({ endedBy, ...failure }) => ({
        ...failure,
        endedBy: endedBy && { ...endedBy, user: nameOf(endedBy.user) },
      })),
    interruptionOf: (number) => interruptions.get(number) ?? null,
  };
}

/** Of the phases that these events say have failed, the deployments of the last attempt that did; people by id. */
async function failuresBehind(
  sql: Kysely<Tables>,
  release: ReleaseRow,
  plan: ReleasePlan,
  events: readonly AnyReleaseEvent[],
): Promise<Map<number, Failure[]>> {
  const phases = new Set(
    events.flatMap((event) =>
      event.type === 'phase-failed' || event.type === 'deployment-failed' ? [event.phase] : [],
    ),
  );
  const failures = new Map<number, Failure[]>();
  for (const phase of phases) {
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
    const last = Math.max(...rows.map(({ attempt }) => attempt));
    const failed = rows.filter(({ attempt, state }) => attempt === last && state === 'failed');
    const steps = await firstFailedSteps(
      sql,
      failed.map(({ id }) => id),
    );
    failures.set(
      phase,
      failed.map(({ id, environment, error, errored, endedBy, endedNotes }) => ({
        environment,
        step: steps.get(id) ?? null,
        detail: error,
        errored: errored === 1,
        endedBy: endedBy === null ? null : { user: endedBy, notes: endedNotes },
      })),
    );
  }
  return failures;
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

function endersOf(failures: ReadonlyMap<number, Failure[]>): string[] {
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
  const rows = await sql
    .selectFrom('interruptions')
    .where('releaseId', '=', release.id)
    .where('number', 'in', [...numbers])
    .selectAll()
    .execute();
  return new Map(
    rows.map((row) => [
      row.number,
      {
        id: row.id,
        title: row.title,
        instructions: row.instructions,
        teams: JSON.parse(row.teams) as string[],
        results: JSON.parse(row.results) as string[],
        authorMaySubmit: row.authorMaySubmit === 1,
        notes: row.notes,
      },
    ]),
  );
}
