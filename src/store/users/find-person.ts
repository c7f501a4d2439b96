import type { Kysely } from 'kysely';

import type { Rights } from '../../domain/permission';
import type { Tables } from '../tables';
import { grantOf } from './grants';

/** A user as far as rules about people go: who it is, of which teams, and what they may do without any token. */
export interface PersonRecord {
  userId: string;
  user: string;
  /** Slugs. */
  teams: string[];
  rights: Rights;
}

/** A user by name; undefined: there is none, or none any more. */
export async function findPerson(sql: Kysely<Tables>, name: string): Promise<PersonRecord | undefined> {
  const user = await sql
    .selectFrom('users')
    .select(['id', 'slug'])
    .where('slug', '=', name)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
  if (!user) {
    return undefined;
  }
  const teams = await sql
    .selectFrom('teamMembers')
    .innerJoin('teams', 'teams.id', 'teamMembers.teamId')
    .select(['teams.id', 'teams.slug'])
    .where('teamMembers.userId', '=', user.id)
    .where('teams.deletedAt', 'is', null)
    .execute();
  const grants = await sql
    .selectFrom('grants')
    .select(['role', 'permission', 'projectId'])
    .where('subjectId', 'in', [user.id, ...teams.map(({ id }) => id)])
    .execute();
  return {
    userId: user.id,
    user: user.slug,
    teams: teams.map(({ slug }) => slug),
    rights: { user: grants.map(grantOf), token: null },
  };
}
