import type { Kysely } from 'kysely';

import type { AcceptedAction } from '../../domain/accepted-action';
import type { Tables } from '../tables';

/**
 * How many undecided actions a workflow is told at a time; it is told the next when these are decided. Where nobody
 * decides for a while thousands may come together, which are more than one message or one history may hold.
 */
export const TOLD_AT_ONCE = 50;

/** The first of the release's accepted, undecided actions behind number `after`, in order (REL-28). */
export async function undecidedActions(
  sql: Kysely<Tables>,
  releaseId: string,
  after: number,
  limit: number,
): Promise<AcceptedAction[]> {
  const rows = await sql
    .selectFrom('actions')
    .select('action')
    .where('releaseId', '=', releaseId)
    .where('status', '=', 'undecided')
    .where('number', '>', after)
    .orderBy('number')
    .limit(limit)
    .execute();
  return rows.map((row) => JSON.parse(row.action) as AcceptedAction);
}
