import type { Kysely, Selectable } from 'kysely';

import { liesBehind, type PageRequest } from '../page';
import type { Tables } from '../tables';

/** A deployment with the names of its environment and of who ended it. */
export type DeploymentRecord = Selectable<Tables['deployments']> & {
  projectId: string;
  environment: string;
  endedByName: string | null;
};

/** Which deployments of a release. */
export interface DeploymentFilter {
  states?: readonly DeploymentRecord['state'][] | undefined;
  environment?: string | undefined;
  phase?: string | undefined;
}

/** A page of a release's deployments, and one more to tell that there is a next page; newest first. */
export function listDeployments(
  sql: Kysely<Tables>,
  releaseId: string,
  { states, environment, phase }: DeploymentFilter,
  { limit, after }: PageRequest,
): Promise<DeploymentRecord[]> {
  let query = deployments(sql)
    .where('deployments.releaseId', '=', releaseId)
    .where(liesBehind('deployments', after))
    .orderBy('deployments.createdAt', 'desc')
    .orderBy('deployments.id', 'desc')
    .limit(limit + 1);
  if (states !== undefined) {
    query = query.where('deployments.state', 'in', [...states]);
  }
  if (environment !== undefined) {
    query = query.where('environments.slug', '=', environment);
  }
  if (phase !== undefined) {
    query = query.where('deployments.phase', '=', phase);
  }
  return query.execute();
}

/** A deployment; undefined: there is none of that id. */
export function findDeployment(sql: Kysely<Tables>, id: string): Promise<DeploymentRecord | undefined> {
  return deployments(sql).where('deployments.id', '=', id).executeTakeFirst();
}

/** The steps of deployments whose pipeline has a process, in order. */
export function stepsOf(
  sql: Kysely<Tables>,
  deploymentIds: readonly string[],
): Promise<Selectable<Tables['deploymentSteps']>[]> {
  return deploymentIds.length === 0
    ? Promise.resolve([])
    : sql
        .selectFrom('deploymentSteps')
        .selectAll()
        .where('deploymentId', 'in', deploymentIds)
        .orderBy('deploymentId')
        .orderBy('position')
        .execute();
}

/** A page of a deployment's log behind line `after`, and one more; in order. */
export function logOf(
  sql: Kysely<Tables>,
  deploymentId: string,
  { after, limit }: { after: number; limit: number },
): Promise<Selectable<Tables['deploymentLog']>[]> {
  return sql
    .selectFrom('deploymentLog')
    .selectAll()
    .where('deploymentId', '=', deploymentId)
    .where('number', '>', after)
    .orderBy('number')
    .limit(limit + 1)
    .execute();
}

function deployments(sql: Kysely<Tables>) {
  return sql
    .selectFrom('deployments')
    .innerJoin('environments', 'environments.id', 'deployments.environmentId')
    .leftJoin('users', 'users.id', 'deployments.endedBy')
    .selectAll('deployments')
    .select(['environments.slug as environment', 'environments.projectId', 'users.slug as endedByName']);
}
