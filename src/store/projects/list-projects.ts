import type { Kysely } from 'kysely';
import { liesBehind, type PageRequest } from '../page';
import type { Tables } from '../tables';
import type { ProjectRow } from './find-project';

/** One page of projects and one more, newest first; `visible` null: all of them. */
export async function listProjects(
  sql: Kysely<Tables>,
  page: PageRequest,
  visible: readonly string[] | null,
): Promise<ProjectRow[]> {
  if (visible?.length === 0) {
    return [];
  }
  let query = sql
    .selectFrom('projects')
    .selectAll()
    .where('deletedAt', 'is', null)
    .where(liesBehind('projects', page.after));
  if (visible !== null) {
    query = query.where('id', 'in', visible);
  }
  return query
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
}
