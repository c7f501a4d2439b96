import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Tables } from '../../store/tables';
import type { UserRow } from '../../store/users/find-user';
import { namedGrantsOf, type NamedGrant } from '../../store/users/grants';
import { etagOf } from '../etag';
import {
  displayName,
  instant,
  mailAddress,
  readOnly,
  roleEntry,
  slug,
  toInstant,
  type RoleEntry,
} from '../schemas/common';
import { MOST_ROLES, showRoles } from './roles';

export const userParams = z.strictObject({ user: slug.describe('Name of the user.') });

export const rolesField = z.array(roleEntry).max(MOST_ROLES);

export const userBody = z
  .strictObject({
    displayName: displayName.optional().describe('For people; the name if left out.'),
    email: mailAddress.nullable().optional().describe('Where mail goes; none if left out.'),
    roles: rolesField.optional().describe('What the user may do; as it is if left out, `[]` takes everything away.'),
    name: readOnly,
    createdAt: readOnly,
  })
  .meta({ id: 'UserSettings', description: 'What can be set of a user.' });

export const userView = z
  .strictObject({
    name: slug.describe('The name in paths.'),
    displayName: z.string().describe('For people.'),
    email: z.string().nullable().describe('Where mail goes.'),
    roles: z.array(roleEntry).describe('What was granted to the user alone; teams may grant more.'),
    createdAt: instant.describe('When the user was created.'),
  })
  .meta({ id: 'User', description: 'A person or a program that acts under its own name.' });

export function showUser(user: UserRow, grants: readonly NamedGrant[]): z.input<typeof userView> {
  return {
    name: user.slug,
    displayName: user.displayName,
    email: user.email,
    roles: showRoles(grants),
    createdAt: toInstant(user.createdAt),
  };
}

/** A user as of now, with the ETag of that. */
export async function readUser(
  sql: Kysely<Tables>,
  user: UserRow,
): Promise<{ view: z.input<typeof userView>; etag: string }> {
  const view = showUser(user, await namedGrantsOf(sql, user.id));
  return { view, etag: userEtag(user, view.roles) };
}

function userEtag(user: UserRow, roles: readonly RoleEntry[]): string {
  return etagOf(user.id, user.displayName, user.email ?? '', JSON.stringify(roles));
}
