import type { Kysely } from 'kysely';

import type { Tables } from '../tables';
import type { DeploymentRecord } from './list-deployments';

/** Events that tell on whose word a deployment has started. */
const TELLING = ['full-rollout-started', 'phase-retried', 'phase-started'] as const;

/**
 * Names of those to whom deployments go back, by deployment: the person who retried the phase where it is a new attempt
 * of theirs, who rolled out fully where that started it, and else who triggered the release. Who approved, skipped a
 * bake or passed one only let the release go on as it was triggered, and stands in the events.
 */
export async function triggeredBy(
  sql: Kysely<Tables>,
  deployments: readonly DeploymentRecord[],
): Promise<Map<string, string>> {
  const ids = [...new Set(deployments.map(({ releaseId }) => releaseId))];
  if (ids.length === 0) {
    return new Map();
  }
  const releases = await sql
    .selectFrom('releases')
    .innerJoin('users', 'users.id', 'releases.triggeredBy')
    .select(['releases.id', 'users.slug'])
    .where('releases.id', 'in', ids)
    .execute();
  const triggers = new Map(releases.map(({ id, slug }) => [id, slug]));
  const starters = await startersOf(sql, ids);
  return new Map(
    deployments.flatMap((row): [string, string][] => {
      const name = starters(row) ?? triggers.get(row.releaseId);
      return name === undefined ? [] : [[row.id, name]];
    }),
  );
}

/** Who has started a deployment by retrying or rolling out fully, or would have where it waits. */
async function startersOf(
  sql: Kysely<Tables>,
  ids: readonly string[],
): Promise<(row: DeploymentRecord) => string | undefined> {
  const events = await sql
    .selectFrom('events')
    .leftJoin('users', 'users.id', 'events.actorId')
    .select(['events.releaseId', 'events.type', 'events.data', 'users.slug'])
    .where('events.releaseId', 'in', ids)
    .where('events.type', 'in', TELLING)
    .orderBy('events.position')
    .execute();
  const fullRollouts = new Map<string, string>();
  const retries = new Map<string, string>();
  const starters = new Map<string, string>();
  const starterOf = (of: StartedIn) => retries.get(keyOf(of)) ?? fullRollouts.get(of.releaseId);
  // In the order in which it was recorded: a full roll-out has not started what was there before it.
  for (const { releaseId, type, data, slug } of events) {
    if (releaseId === null) {
      continue;
    }
    const { phase = '', attempt = 0, environments = [] } = JSON.parse(data) as Partial<StartData>;
    const of = { releaseId, phase, attempt };
    if (type === 'phase-started') {
      const by = starterOf(of);
      if (by !== undefined) {
        environments.forEach((environment) => starters.set(keyOf({ ...of, environment }), by));
      }
    } else if (slug !== null) {
      if (type === 'phase-retried') {
        retries.set(keyOf(of), slug);
      } else {
        fullRollouts.set(releaseId, slug);
      }
    }
  }
  return ({ releaseId, phase, attempt, environment, startedAt }) =>
    startedAt === null
      ? starterOf({ releaseId, phase, attempt })
      : starters.get(keyOf({ releaseId, phase, attempt, environment }));
}

interface StartData {
  /** Its name. */
  phase: string;
  attempt: number;
  environments: string[];
}

interface StartedIn {
  releaseId: string;
  phase: string;
  attempt: number;
  environment?: string;
}

function keyOf({ releaseId, phase, attempt, environment }: StartedIn): string {
  return JSON.stringify([releaseId, phase, attempt, environment ?? null]);
}
