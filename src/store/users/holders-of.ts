import type { Kysely } from 'kysely';
import { ROLES, permissionsOf, type Permission } from '../../domain/permission';
import type { Tables } from '../tables';

/** Ids of the users who hold a permission in a project, by own grants or by a team's. */
export async function holdersOf(sql: Kysely<Tables>, permission: Permission, projectId: string): Promise<string[]> {
  const roles = ROLES.filter((role) => permissionsOf(role).includes(permission));
  const grants = sql
    .selectFrom('grants')
    .select('subjectId')
    .where(({ eb, or }) => or([eb('projectId', 'is', null), eb('projectId', '=', projectId)]))
    .where(({ eb, or }) => or([eb('role', 'in', roles), eb('permission', '=', permission)]));
  const byTeam = sql
    .selectFrom('teamMembers')
    .innerJoin('teams', 'teams.id', 'teamMembers.teamId')
    .select('teamMembers.userId')
    .where('teams.deletedAt', 'is', null)
    .where('teams.id', 'in', grants.where('subjectKind', '=', 'team'));
  const users = await sql
    .selectFrom('users')
    .select('id')
    .where('deletedAt', 'is', null)
    .where(({ eb, or }) => or([eb('id', 'in', grants.where('subjectKind', '=', 'user')), eb('id', 'in', byTeam)]))
    .orderBy('slug')
    .execute();
  return users.map(({ id }) => id);
}
