import type { Kysely } from 'kysely';
import { liesBehind, type PageRequest } from '../page';
import type { Tables } from '../tables';
import { variableRecords, type VariableRecord } from './variable-record';

/** One page of a project's variables and one more, newest first (HTTP-5); deleted ones are not in it. */
export async function listVariables(
  sql: Kysely<Tables>,
  projectId: string,
  page: PageRequest,
): Promise<VariableRecord[]> {
  const rows = await sql
    .selectFrom('variables')
    .selectAll()
    .where('projectId', '=', projectId)
    .where('deletedAt', 'is', null)
    .where(liesBehind('variables', page.after))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return variableRecords(sql, projectId, rows);
}
