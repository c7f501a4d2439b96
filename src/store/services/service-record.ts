import type { Kysely } from 'kysely';
import type { Instant } from '../../domain/instant';
import type { Endpoints } from '../../domain/service';
import type { Tables } from '../tables';
import { endpointsOf } from './endpoints';
import type { ServiceRow } from './find-service';

/** A service as it is kept, without what is at its endpoints. */
export interface ServiceRecord extends ServiceRow {
  /** In the environments' order. */
  endpoints: Endpoints;
  /** When the current secret was made; null: there is none yet. */
  secretCreatedAt: Instant | null;
}

/** Services with what their own rows do not hold, in the same order. */
export async function serviceRecords(sql: Kysely<Tables>, rows: readonly ServiceRow[]): Promise<ServiceRecord[]> {
  if (rows.length === 0) {
    return [];
  }
  const ids = rows.map(({ id }) => id);
  const endpoints = await endpointsOf(sql, ids);
  const current = await sql
    .selectFrom('serviceSecrets')
    .select(['serviceId', 'createdAt'])
    .where('serviceId', 'in', ids)
    .where('expiresAt', 'is', null)
    .execute();
  const createdAt = new Map(current.map((secret) => [secret.serviceId, secret.createdAt]));
  return rows.map((row) => ({
    ...row,
    endpoints: endpoints.get(row.id) ?? new Map(),
    secretCreatedAt: createdAt.get(row.id) ?? null,
  }));
}
