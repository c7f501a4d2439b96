import type { Kysely, Selectable } from 'kysely';
import type { Unit } from '../store';
import type { Tables } from '../tables';

export type ProjectRow = Selectable<Tables['projects']>;

/** A project by its name, deleted ones included; null when there never was one. */
export async function findProject(sql: Kysely<Tables>, slug: string): Promise<ProjectRow | null> {
  return (await sql.selectFrom('projects').selectAll().where('slug', '=', slug).executeTakeFirst()) ?? null;
}

/** The same, its row locked until commit. */
export async function lockProject(unit: Unit, slug: string): Promise<ProjectRow | null> {
  const query = unit.sql.selectFrom('projects').selectAll().where('slug', '=', slug);
  return (await unit.forUpdate(query).executeTakeFirst()) ?? null;
}
