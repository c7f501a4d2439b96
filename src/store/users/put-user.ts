import type { Grant } from '../../domain/permission';
import { newId } from '../new-id';
import type { Unit } from '../store';
import { lockUser, type UserRow } from './find-user';
import { grantsAsData } from './grants-as-data';
import { namedGrantsOf, replaceGrants, sameGrants } from './grants';

export interface UserToPut {
  slug: string;
  displayName: string;
  email: string | null;
  /** null: as they are. */
  grants: readonly Grant[] | null;
  by: string;
  at: number;
  /** Judges the write inside its transaction, with the user and its grants as they are then. */
  judge: (current: { user: UserRow; grants: readonly Grant[] } | null) => void;
}

/** `gone`: the name belonged to a user who was deleted (HTTP-1). */
export type PutUserOutcome = { kind: 'created' | 'changed' | 'unchanged'; user: UserRow } | { kind: 'gone' };

/** Creates or replaces a user; the same content changes nothing and is no event (HTTP-7). */
export async function putUser(unit: Unit, input: UserToPut): Promise<PutUserOutcome> {
  const { slug, displayName, email, by, at } = input;
  const known = await lockUser(unit, slug);
  if (known && known.deletedAt !== null) {
    return { kind: 'gone' };
  }
  const held = known ? (await namedGrantsOf(unit.sql, known.id)).map(({ grant }) => grant) : [];
  input.judge(known && { user: known, grants: held });

  const grants = input.grants ?? held;
  if (known && known.displayName === displayName && known.email === email && sameGrants(held, grants)) {
    return { kind: 'unchanged', user: known };
  }
  const user = known
    ? { ...known, displayName, email }
    : { id: newId(), slug, displayName, email, createdAt: at, deletedAt: null };
  if (known) {
    await unit.sql.updateTable('users').set({ displayName, email }).where('id', '=', known.id).execute();
  } else {
    await unit.sql.insertInto('users').values(user).execute();
  }
  if (!sameGrants(held, grants)) {
    await replaceGrants(unit.sql, { kind: 'user', id: user.id }, grants);
  }
  unit.record({
    type: known ? 'user-changed' : 'user-created',
    at,
    actorId: by,
    projectId: null,
    releaseId: null,
    data: { user: slug, displayName, roles: grantsAsData(grants) },
  });
  return { kind: known ? 'changed' : 'created', user };
}
