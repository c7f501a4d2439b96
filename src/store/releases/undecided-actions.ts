import type { Kysely } from 'kysely';

import type { AcceptedAction } from '../../domain/release';
import type { Tables } from '../tables';

/** The release's accepted, undecided actions behind number `after`, in order (REL-28). */
export async function undecidedActions(
  sql: Kysely<Tables>,
  releaseId: string,
  after: number,
): Promise<AcceptedAction[]> {
  const rows = await sql
    .selectFrom('actions')
    .select('action')
    .where('releaseId', '=', releaseId)
    .where('status', '=', 'undecided')
    .where('number', '>', after)
    .orderBy('number')
    .execute();
  return rows.map((row) => JSON.parse(row.action) as AcceptedAction);
}
