import type { Kysely } from 'kysely';
import { liesBehind, type PageRequest } from '../page';
import type { Tables } from '../tables';
import { serviceRecords, type ServiceRecord } from './service-record';

/** One page of a project's services and one more, newest first (HTTP-5); deleted ones are not in it. */
export async function listServices(
  sql: Kysely<Tables>,
  projectId: string,
  page: PageRequest,
): Promise<ServiceRecord[]> {
  const rows = await sql
    .selectFrom('services')
    .selectAll()
    .where('projectId', '=', projectId)
    .where('deletedAt', 'is', null)
    .where(liesBehind('services', page.after))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return serviceRecords(sql, rows);
}
