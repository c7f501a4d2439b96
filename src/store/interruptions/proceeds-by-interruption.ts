import type { Kysely } from 'kysely';

import type { Tables } from '../tables';
import { proceedsOf, type InterruptionRecord } from './find-interruption';

/** That somebody has proceeded, as others read it. */
export interface ProceedRecord {
  /** Name of the user. */
  user: string;
  /** '' for none. */
  notes: string;
  /** When it was accepted. */
  at: number;
}

/** Who has proceeded with each of these interruptions, in order, by its id; a deadline's `proceed` is nobody's (INT-6). */
export async function proceedsByInterruption(
  sql: Kysely<Tables>,
  interruptions: readonly InterruptionRecord[],
): Promise<Map<string, ProceedRecord[]>> {
  const ids = new Map(interruptions.map((row) => [row.id, actionsOf(row)]));
  const all = [...ids.values()].flat();
  const rows =
    all.length === 0
      ? []
      : await sql
          .selectFrom('actions')
          .innerJoin('users', 'users.id', 'actions.actorId')
          .select(['actions.id', 'actions.reason', 'actions.acceptedAt', 'users.slug'])
          .where('actions.id', 'in', all)
          .execute();
  const byAction = new Map(rows.map((row) => [row.id, row]));
  const toldOf = (action: string): ProceedRecord[] => {
    const row = byAction.get(action);
    return row ? [{ user: row.slug, notes: row.reason ?? '', at: row.acceptedAt }] : [];
  };
  return new Map([...ids].map(([id, actions]) => [id, actions.flatMap(toldOf)]));
}

/** The last of them is no longer among those who wait for others. */
function actionsOf(row: InterruptionRecord): string[] {
  const { result, submittedBy, submitAction } = row;
  const last = result === 'proceed' && submittedBy !== null && submitAction !== null ? [submitAction] : [];
  return [...proceedsOf(row).map(({ action }) => action), ...last];
}
