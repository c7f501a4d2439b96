import type { Unit } from '../store';
import type { DeleteOutcome } from './delete-user';

/** Takes a token away: it is dead with the commit, in other processes within seconds (SEC-3). */
export async function deleteToken(
  unit: Unit,
  input: { user: { id: string; slug: string }; id: string; by: string; at: number },
): Promise<DeleteOutcome> {
  const { user, id, by, at } = input;
  const query = unit.sql.selectFrom('tokens').select(['deletedAt', 'name']);
  const known = await unit.forUpdate(query.where('id', '=', id).where('userId', '=', user.id)).executeTakeFirst();
  if (!known) {
    return 'unknown';
  }
  if (known.deletedAt !== null) {
    return 'gone';
  }
  await unit.sql.updateTable('tokens').set({ deletedAt: at }).where('id', '=', id).execute();
  unit.record({
    type: 'token-deleted',
    at,
    actorId: by,
    projectId: null,
    releaseId: null,
    data: { user: user.slug, id, name: known.name },
  });
  return 'deleted';
}
