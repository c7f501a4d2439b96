import { freeInterruptionsOf } from '../interruptions/free-interruptions-of';
import type { Unit } from '../store';
import { lockUser, type UserRow } from './find-user';

export type DeleteOutcome = 'deleted' | 'unknown' | 'gone';

/** Deletes a user softly (HTTP-7): tokens die, what the user did stays with the name, what they held is free. */
export async function deleteUser(
  unit: Unit,
  input: { slug: string; by: string; at: number; judge: (current: UserRow) => Promise<void> },
): Promise<DeleteOutcome> {
  const { slug, by, at } = input;
  const known = await lockUser(unit, slug);
  if (!known) {
    return 'unknown';
  }
  if (known.deletedAt !== null) {
    return 'gone';
  }
  await input.judge(known);

  await unit.sql.updateTable('users').set({ deletedAt: at }).where('id', '=', known.id).execute();
  await unit.sql
    .updateTable('tokens')
    .set({ deletedAt: at })
    .where('userId', '=', known.id)
    .where('deletedAt', 'is', null)
    .execute();
  unit.record({ type: 'user-deleted', at, actorId: by, projectId: null, releaseId: null, data: { user: slug } });
  await freeInterruptionsOf(unit, known.id, { by, at });
  return 'deleted';
}
