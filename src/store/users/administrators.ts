import type { Kysely } from 'kysely';
import type { Unit } from '../store';
import type { Tables } from '../tables';

/** Makes those who take administrators away wait for each other, so that two cannot take the last two (SEC-1). */
export async function lockAdministrators(unit: Unit): Promise<void> {
  const grants = unit.sql
    .selectFrom('grants')
    .select('id')
    .where('role', '=', 'administrator')
    .where('projectId', 'is', null);
  await unit.forUpdate(grants.orderBy('id')).execute();
}

/** Whether somebody is administrator everywhere, by an own grant or by a team's (SEC-1). */
export async function hasGlobalAdministrator(sql: Kysely<Tables>): Promise<boolean> {
  const granted = sql
    .selectFrom('grants')
    .select('subjectId')
    .where('role', '=', 'administrator')
    .where('projectId', 'is', null);
  const user = await sql
    .selectFrom('users')
    .select('id')
    .where('deletedAt', 'is', null)
    .where((row) =>
      row.or([
        row('id', 'in', granted.where('subjectKind', '=', 'user')),
        row(
          'id',
          'in',
          sql
            .selectFrom('teamMembers')
            .innerJoin('teams', 'teams.id', 'teamMembers.teamId')
            .select('teamMembers.userId')
            .where('teams.deletedAt', 'is', null)
            .where('teams.id', 'in', granted.where('subjectKind', '=', 'team')),
        ),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  return user !== undefined;
}
