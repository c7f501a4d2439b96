import type { Kysely, Selectable } from 'kysely';
import type { Unit } from '../store';
import type { Tables } from '../tables';

export type EnvironmentRow = Selectable<Tables['environments']>;

/** An environment of a project by its name, deleted ones included; null when there never was one. */
export async function findEnvironment(
  sql: Kysely<Tables>,
  projectId: string,
  slug: string,
): Promise<EnvironmentRow | null> {
  const query = sql.selectFrom('environments').selectAll().where('projectId', '=', projectId).where('slug', '=', slug);
  return (await query.executeTakeFirst()) ?? null;
}

/** The same, its row locked until commit. */
export async function lockEnvironment(unit: Unit, projectId: string, slug: string): Promise<EnvironmentRow | null> {
  const query = unit.sql.selectFrom('environments').selectAll();
  return (
    (await unit.forUpdate(query.where('projectId', '=', projectId).where('slug', '=', slug)).executeTakeFirst()) ?? null
  );
}
