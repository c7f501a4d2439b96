import type { Kysely } from 'kysely';
import { liesBehind, type PageRequest } from '../page';
import type { Tables } from '../tables';
import type { TeamRow } from './find-team';

/** One page of teams and one more, newest first; `only` narrows it to these ids. */
export async function listTeams(
  sql: Kysely<Tables>,
  page: PageRequest,
  only: readonly string[] | null,
): Promise<TeamRow[]> {
  if (only?.length === 0) {
    return [];
  }
  return sql
    .selectFrom('teams')
    .selectAll()
    .where('deletedAt', 'is', null)
    .where(liesBehind('teams', page.after))
    .$if(only !== null, (query) => query.where('id', 'in', only))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
}
