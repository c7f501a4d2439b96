import type { Kysely } from 'kysely';

import type { AcceptedAction, Callback } from '../../domain/accepted-action';
import { effectKey } from '../../domain/effect-key';
import { attemptOf } from '../../domain/roll-out';
import type { Tables } from '../tables';

/** A callback of a target, as it was accepted. */
export interface AcceptedCallback {
  actionId: string;
  status: 'undecided' | 'applied';
  callback: Callback | undefined;
  /** What the target says for people. */
  detail: string | null;
}

/**
 * The callback that settles an effect, decided or about to be; `undefined`: none has come. There is one at most, as a
 * second is not accepted; one that an abort was decided before settles nothing.
 */
export async function callbackOf(
  sql: Kysely<Tables>,
  { key, releaseId }: { key: string; releaseId: string },
): Promise<AcceptedCallback | undefined> {
  const rows = await sql
    .selectFrom('actions')
    .select(['id', 'action', 'status', 'reason'])
    .where('releaseId', '=', releaseId)
    .where('verb', '=', 'callback')
    .where('status', 'in', ['undecided', 'applied'])
    .execute();
  for (const { id, action, status, reason } of rows) {
    const accepted = JSON.parse(action) as AcceptedAction;
    if (status !== 'refused' && keyOfCallback(releaseId, accepted) === key) {
      return { actionId: id, status, callback: accepted.callback, detail: reason };
    }
  }
  return undefined;
}

/** The key of the effect that a callback is about. */
export function keyOfCallback(release: string, { phase, attempt, item }: AcceptedAction): string {
  return effectKey({
    release,
    phase: phase ?? '',
    environment: item?.environment ?? '',
    item: item?.service ?? '',
    direction: 'apply',
    attempt: attemptOf({ attempt: attempt ?? 0, try: item?.try ?? 1 }),
  });
}
