import type { Kysely, Selectable } from 'kysely';
import type { Unit } from '../store';
import type { Tables } from '../tables';

export type TeamRow = Selectable<Tables['teams']>;

/** A team by name, deleted ones included; null when there never was one. */
export async function findTeam(sql: Kysely<Tables>, slug: string): Promise<TeamRow | null> {
  return (await sql.selectFrom('teams').selectAll().where('slug', '=', slug).executeTakeFirst()) ?? null;
}

/** The same, its row locked until commit. */
export async function lockTeam(unit: Unit, slug: string): Promise<TeamRow | null> {
  const query = unit.sql.selectFrom('teams').selectAll().where('slug', '=', slug);
  return (await unit.forUpdate(query).executeTakeFirst()) ?? null;
}
