import type { Kysely } from 'kysely';
import type { Tables } from '../tables';
import { endpointsOf } from './endpoints';

/** A service as the change set's rules ask for it. */
export interface KnownService {
  id: string;
  /** Names of the environments that it has an endpoint in, in the project's order. */
  endpoints: string[];
}

/** Those of these services that exist, by name. */
export async function knownServices(
  sql: Kysely<Tables>,
  projectId: string,
  slugs: readonly string[],
): Promise<Map<string, KnownService>> {
  if (slugs.length === 0) {
    return new Map();
  }
  const services = await sql
    .selectFrom('services')
    .select(['id', 'slug'])
    .where('projectId', '=', projectId)
    .where('slug', 'in', [...new Set(slugs)])
    .where('deletedAt', 'is', null)
    .execute();
  const endpoints = await endpointsOf(
    sql,
    services.map(({ id }) => id),
  );
  return new Map(services.map(({ id, slug }) => [slug, { id, endpoints: [...(endpoints.get(id)?.keys() ?? [])] }]));
}
