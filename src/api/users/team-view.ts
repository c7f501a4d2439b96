import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Tables } from '../../store/tables';
import type { TeamRow } from '../../store/users/find-team';
import { namedGrantsOf, type NamedGrant } from '../../store/users/grants';
import { memberNamesOf } from '../../store/users/members';
import { etagOf } from '../etag';
import { displayName, instant, readOnly, roleEntry, slug, toInstant } from '../schemas/common';
import { showRoles } from './roles';
import { rolesField } from './user-view';

const MOST_MEMBERS = 1_000;

export const teamParams = z.strictObject({ team: slug.describe('Name of the team.') });

export const teamBody = z
  .strictObject({
    displayName: displayName.optional().describe('For people; the name if left out.'),
    members: z
      .array(slug)
      .max(MOST_MEMBERS)
      .optional()
      .describe('Names of users; as they are if left out, `[]` leaves nobody.'),
    roles: rolesField
      .optional()
      .describe('What every member may do; as it is if left out, `[]` takes everything away.'),
    name: readOnly,
    createdAt: readOnly,
  })
  .meta({ id: 'TeamSettings', description: 'What can be set of a team.' });

export const teamView = z
  .strictObject({
    name: slug.describe('The name in paths and reviews.'),
    displayName: z.string().describe('For people.'),
    members: z.array(slug).describe('Names of users, in alphabetical order.'),
    roles: z.array(roleEntry).describe('What every member may do.'),
    createdAt: instant.describe('When the team was created.'),
  })
  .meta({ id: 'Team', description: 'Users who review together and share roles.' });

export function showTeam(
  team: TeamRow,
  members: readonly string[],
  grants: readonly NamedGrant[],
): z.input<typeof teamView> {
  return {
    name: team.slug,
    displayName: team.displayName,
    members: [...members],
    roles: showRoles(grants),
    createdAt: toInstant(team.createdAt),
  };
}

/** A team as of now, with the ETag of that. */
export async function readTeam(
  sql: Kysely<Tables>,
  team: TeamRow,
): Promise<{ view: z.input<typeof teamView>; etag: string }> {
  const view = showTeam(team, await memberNamesOf(sql, team.id), await namedGrantsOf(sql, team.id));
  return { view, etag: etagOf(team.id, JSON.stringify(view)) };
}
