import type { Kysely } from 'kysely';
import type { Tables } from '../tables';

/** Where and how long to ask. */
export interface Endpoint {
  url: string;
  timeoutMs: number;
  /** How long the answer to an apply may take when it comes by a callback; null: it comes at once (PRO-6). */
  callbackTimeoutMs: number | null;
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
    .select(['serviceEndpoints.url', 'services.timeoutMs', 'services.callback', 'services.callbackTimeoutMs'])
    .where('serviceEndpoints.serviceId', '=', serviceId)
    .where('serviceEndpoints.environmentId', '=', environmentId);
  const row = await query.executeTakeFirst();
  return row
    ? { url: row.url, timeoutMs: row.timeoutMs, callbackTimeoutMs: row.callback === 1 ? row.callbackTimeoutMs : null }
    : null;
}
