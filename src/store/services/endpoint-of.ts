import type { Kysely } from 'kysely';
import type { Tables } from '../tables';

/** Where and how long to ask. */
export interface Endpoint {
  url: string;
  timeoutMs: number;
}

/**
 * Where a service is deployed to in an environment; null: nowhere. To be read at each attempt, so that mending it heals
 * what is under way (REL-19).
 */
export async function endpointOf(
  sql: Kysely<Tables>,
  serviceId: string,
  environmentId: string,
): Promise<Endpoint | null> {
  const query = sql
    .selectFrom('serviceEndpoints')
    .innerJoin('services', 'services.id', 'serviceEndpoints.serviceId')
    .select(['serviceEndpoints.url', 'services.timeoutMs'])
    .where('serviceEndpoints.serviceId', '=', serviceId)
    .where('serviceEndpoints.environmentId', '=', environmentId);
  return (await query.executeTakeFirst()) ?? null;
}
