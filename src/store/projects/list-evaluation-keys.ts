import type { Kysely, Selectable } from 'kysely';
import { liesBehind, type PageRequest } from '../page';
import type { Tables } from '../tables';

export type EvaluationKeyRow = Selectable<Tables['evaluationKeys']>;

/** One page of an environment's evaluation keys and one more, newest first. */
export async function listEvaluationKeys(
  sql: Kysely<Tables>,
  environmentId: string,
  page: PageRequest,
): Promise<EvaluationKeyRow[]> {
  return sql
    .selectFrom('evaluationKeys')
    .selectAll()
    .where('environmentId', '=', environmentId)
    .where('deletedAt', 'is', null)
    .where(liesBehind('evaluationKeys', page.after))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
}

/** One of them, deleted ones included. */
export async function findEvaluationKey(
  sql: Kysely<Tables>,
  environmentId: string,
  id: string,
): Promise<EvaluationKeyRow | null> {
  const query = sql
    .selectFrom('evaluationKeys')
    .selectAll()
    .where('environmentId', '=', environmentId)
    .where('id', '=', id);
  return (await query.executeTakeFirst()) ?? null;
}
