import type { Instant } from '../../domain/instant';
import type { UserId } from '../../domain/release';
import type { Unit } from '../store';
import { holdInterruption } from './hold-interruption';

/**
 * Gives back what a user has taken who will not answer any more, for others to take; told as any giving back is. What
 * they have answered already stands, and is decided (REL-25).
 */
export async function freeInterruptionsOf(
  unit: Unit,
  user: UserId,
  { by, at }: { by: UserId; at: Instant },
): Promise<void> {
  const taken = await unit.sql
    .selectFrom('interruptions')
    .select('id')
    .where('responsibleUserId', '=', user)
    .where('state', '=', 'taken')
    // Releases are locked by their ids, whoever locks several.
    .orderBy('releaseId')
    .orderBy('id')
    .execute();
  for (const { id } of taken) {
    await holdInterruption(unit, {
      id,
      verb: 'release',
      by,
      now: at,
      judge: ({ responsibleUser, end }) =>
        responsibleUser === user && end === null ? { kind: 'freed' } : { kind: 'none' },
    });
  }
}
