import type { Kysely } from 'kysely';
import { liesBehind, type PageRequest } from '../page';
import type { Tables } from '../tables';
import type { UserRow } from './find-user';

/** One page of users and one more, newest first; `only` narrows it to one of them. */
export async function listUsers(sql: Kysely<Tables>, page: PageRequest, only: string | null): Promise<UserRow[]> {
  return sql
    .selectFrom('users')
    .selectAll()
    .where('deletedAt', 'is', null)
    .where(liesBehind('users', page.after))
    .$if(only !== null, (query) => query.where('id', '=', only))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
}
