import type { Kysely } from 'kysely';
import type { Tables } from '../tables';

/** The names of these teams' members, by team id, in alphabetical order; deleted users are left out. */
export async function memberNames(sql: Kysely<Tables>, teamIds: readonly string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>(teamIds.map((id) => [id, []]));
  if (teamIds.length === 0) {
    return found;
  }
  const rows = await sql
    .selectFrom('teamMembers')
    .innerJoin('users', 'users.id', 'teamMembers.userId')
    .select(['teamMembers.teamId', 'users.slug'])
    .where('teamMembers.teamId', 'in', teamIds)
    .where('users.deletedAt', 'is', null)
    .orderBy('users.slug')
    .execute();
  for (const row of rows) {
    found.get(row.teamId)?.push(row.slug);
  }
  return found;
}

/** The same of one team. */
export async function memberNamesOf(sql: Kysely<Tables>, teamId: string): Promise<string[]> {
  return (await memberNames(sql, [teamId])).get(teamId) ?? [];
}

/** Puts these users in the place of the team's members. */
export async function replaceMembers(sql: Kysely<Tables>, teamId: string, userIds: readonly string[]): Promise<void> {
  await sql.deleteFrom('teamMembers').where('teamId', '=', teamId).execute();
  if (userIds.length > 0) {
    const rows = [...new Set(userIds)].map((userId) => ({ teamId, userId }));
    await sql.insertInto('teamMembers').values(rows).execute();
  }
}
