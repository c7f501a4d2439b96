import type { Kysely } from 'kysely';
import { liesBehind, type PageRequest } from '../page';
import type { Tables } from '../tables';
import type { EnvironmentRow } from './find-environment';

/** One page of a project's environments and one more, newest first. */
export async function listEnvironments(
  sql: Kysely<Tables>,
  projectId: string,
  page: PageRequest,
): Promise<EnvironmentRow[]> {
  return sql
    .selectFrom('environments')
    .selectAll()
    .where('projectId', '=', projectId)
    .where('deletedAt', 'is', null)
    .where(liesBehind('environments', page.after))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
}
