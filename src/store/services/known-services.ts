import type { Kysely } from 'kysely';
import type { Tables } from '../tables';
import { endpointsOf } from './endpoints';

/** A service as the change set's rules ask for it. */
export interface KnownService {
  id: string;
  /** Names of the environments that it has an endpoint in, in the project's order. */
  endpoints: string[];
  /** Without one nothing can be sent. */
  hasSecret: boolean;
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
  if (services.length === 0) {
    return new Map();
  }
  const ids = services.map(({ id }) => id);
  const endpoints = await endpointsOf(sql, ids);
  const secrets = await sql
    .selectFrom('serviceSecrets')
    .select('serviceId')
    .where('serviceId', 'in', ids)
    .where('expiresAt', 'is', null)
    .execute();
  const signing = new Set(secrets.map(({ serviceId }) => serviceId));
  return new Map(
    services.map(({ id, slug }) => [
      slug,
      { id, endpoints: [...(endpoints.get(id)?.keys() ?? [])], hasSecret: signing.has(id) },
    ]),
  );
}
