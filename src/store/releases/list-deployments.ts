import type { Kysely, Selectable } from 'kysely';

import { liesBehind, type PageRequest } from '../page';
import type { Tables } from '../tables';

/** A deployment with the names of its environment and of who ended it. */
export type DeploymentRecord = Selectable<Tables['deployments']> & { environment: string; endedByName: string | null };

/** A page of a release's deployments, and one more to tell that there is a next page; newest first. */
export function listDeployments(
  sql: Kysely<Tables>,
  releaseId: string,
  { limit, after }: PageRequest,
): Promise<DeploymentRecord[]> {
  return sql
    .selectFrom('deployments')
    .innerJoin('environments', 'environments.id', 'deployments.environmentId')
    .leftJoin('users', 'users.id', 'deployments.endedBy')
    .where('deployments.releaseId', '=', releaseId)
    .where(liesBehind('deployments', after))
    .orderBy('deployments.createdAt', 'desc')
    .orderBy('deployments.id', 'desc')
    .limit(limit + 1)
    .selectAll('deployments')
    .select(['environments.slug as environment', 'users.slug as endedByName'])
    .execute();
}
