import type { Grant } from '../../domain/permission';
import { newId } from '../new-id';
import type { Unit } from '../store';
import { grantsAsData } from './grants-as-data';
import { replaceGrants } from './grants';

/** Makes a token for a user and returns its id; of the token itself only the hash is kept. */
export async function createToken(
  unit: Unit,
  input: {
    user: { id: string; slug: string };
    name: string;
    hash: string;
    /** null: all that the user may do, then as now. */
    grants: readonly Grant[] | null;
    expiresAt: number | null;
    by: string;
    at: number;
  },
): Promise<string> {
  const { user, name, hash, grants, expiresAt, by, at } = input;
  const id = newId();
  await unit.sql
    .insertInto('tokens')
    .values({
      id,
      userId: user.id,
      name,
      hash,
      madeBy: by,
      fromSetting: 0,
      narrowed: grants === null ? 0 : 1,
      expiresAt,
      createdAt: at,
      deletedAt: null,
    })
    .execute();
  if (grants !== null) {
    await replaceGrants(unit.sql, { kind: 'token', id }, grants);
  }
  unit.record({
    type: 'token-created',
    at,
    actorId: by,
    projectId: null,
    releaseId: null,
    data: { user: user.slug, id, name, expiresAt, roles: grants && grantsAsData(grants) },
  });
  return id;
}
