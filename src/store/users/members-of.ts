import type { Kysely } from 'kysely';
import type { Tables } from '../tables';

/** Ids of the members of these teams, by the members' names, each once. */
export async function membersOf(sql: Kysely<Tables>, teams: readonly string[]): Promise<string[]> {
  return [...new Set((await memberships(sql, teams)).flatMap(({ member }) => (member === null ? [] : [member])))];
}

/** Ids of the members of each of these teams, by its name; a team that does not exist is left out. */
export async function membersByTeam(sql: Kysely<Tables>, teams: readonly string[]): Promise<Map<string, string[]>> {
  const byTeam = new Map<string, string[]>();
  for (const { team, member } of await memberships(sql, teams)) {
    byTeam.set(team, [...(byTeam.get(team) ?? []), ...(member === null ? [] : [member])]);
  }
  return byTeam;
}

/** Teams by name, with a row for each member; `member` is null where there is none, or one who was deleted. */
async function memberships(sql: Kysely<Tables>, teams: readonly string[]) {
  return teams.length === 0
    ? []
    : sql
        .selectFrom('teams')
        .leftJoin('teamMembers', 'teamMembers.teamId', 'teams.id')
        .leftJoin('users', (join) =>
          join.onRef('users.id', '=', 'teamMembers.userId').on('users.deletedAt', 'is', null),
        )
        .select(['teams.slug as team', 'users.id as member'])
        .where('teams.slug', 'in', [...teams])
        .where('teams.deletedAt', 'is', null)
        .orderBy('users.slug')
        .execute();
}
