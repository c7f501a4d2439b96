import type { Kysely } from 'kysely';
import type { Endpoints } from '../../domain/service';
import type { Unit } from '../store';
import type { Tables } from '../tables';

/** The endpoints of each of these services, in the environments' order; a service without any is not in it. */
export async function endpointsOf(
  sql: Kysely<Tables>,
  serviceIds: readonly string[],
): Promise<ReadonlyMap<string, Endpoints>> {
  const found = new Map<string, Map<string, string>>();
  if (serviceIds.length === 0) {
    return found;
  }
  const rows = await sql
    .selectFrom('serviceEndpoints')
    .innerJoin('environments', 'environments.id', 'serviceEndpoints.environmentId')
    .select(['serviceEndpoints.serviceId', 'environments.slug', 'serviceEndpoints.url'])
    .where('serviceEndpoints.serviceId', 'in', [...serviceIds])
    .orderBy('environments.position')
    .orderBy('environments.id')
    .execute();
  for (const { serviceId, slug, url } of rows) {
    const endpoints = found.get(serviceId) ?? new Map<string, string>();
    found.set(serviceId, endpoints.set(slug, url));
  }
  return found;
}

/** Writes all endpoints of a service anew, by the ids of their environments; the service is locked already. */
export async function replaceEndpoints(
  unit: Unit,
  serviceId: string,
  endpoints: readonly { environmentId: string; url: string }[],
): Promise<void> {
  await unit.sql.deleteFrom('serviceEndpoints').where('serviceId', '=', serviceId).execute();
  if (endpoints.length > 0) {
    await unit.sql
      .insertInto('serviceEndpoints')
      .values(endpoints.map((endpoint) => ({ serviceId, ...endpoint })))
      .execute();
  }
}
