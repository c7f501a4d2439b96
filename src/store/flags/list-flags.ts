import type { Kysely } from 'kysely';
import type { FlagKind } from '../../domain/flag';
import { liesBehind, type PageRequest } from '../page';
import type { Tables } from '../tables';
import { flagRecord, type FlagRecord } from './flag-record';

export interface FlagFilter {
  projectId: string;
  kind?: FlagKind | undefined;
}

/** One page of a project's flags and one more, newest first (HTTP-5); deleted ones are not in it. */
export async function listFlags(sql: Kysely<Tables>, filter: FlagFilter, page: PageRequest): Promise<FlagRecord[]> {
  let query = sql
    .selectFrom('flags')
    .selectAll()
    .where('projectId', '=', filter.projectId)
    .where('deletedAt', 'is', null)
    .where(liesBehind('flags', page.after));
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind);
  const rows = await query
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return rows.map(flagRecord);
}
