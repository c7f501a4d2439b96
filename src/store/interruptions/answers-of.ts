import type { Kysely } from 'kysely';

import type { Submission } from '../../domain/variables';
import type { Tables } from '../tables';
import { proceedsOf } from './find-interruption';

/** What one person has answered to an interruption. */
export interface Answer extends Submission {
  /** Id of the action. */
  action: string;
}

/**
 * The answers that count to an interruption, in order: those who have proceeded before, and `last`, which has just been
 * decided; null: nobody's was.
 */
export async function answersOf(
  sql: Kysely<Tables>,
  releaseId: string,
  number: number,
  last: string | null,
): Promise<Answer[]> {
  const { proceeds } = await sql
    .selectFrom('interruptions')
    .select('proceeds')
    .where('releaseId', '=', releaseId)
    .where('number', '=', number)
    .executeTakeFirstOrThrow();
  const ids = [...proceedsOf({ proceeds }).map(({ action }) => action), ...(last === null ? [] : [last])];
  const rows =
    ids.length === 0
      ? []
      : await sql
          .selectFrom('actions')
          .innerJoin('users', 'users.id', 'actions.actorId')
          .select([
            'actions.id as action',
            'actions.reason',
            'users.id as userId',
            'users.slug as username',
            'users.displayName',
            'users.email',
          ])
          .where('actions.id', 'in', ids)
          .execute();
  return ids.flatMap((id) => {
    const row = rows.find(({ action }) => action === id);
    return row ? [{ ...row, notes: row.reason ?? '' }] : [];
  });
}
