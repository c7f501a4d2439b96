import type { Kysely, Selectable } from 'kysely';
import type { Unit } from '../store';
import type { Tables } from '../tables';

export type ServiceRow = Selectable<Tables['services']>;

/** A service of a project by its name, deleted ones included; null when there never was one. */
export async function findService(sql: Kysely<Tables>, projectId: string, slug: string): Promise<ServiceRow | null> {
  const query = sql.selectFrom('services').selectAll().where('projectId', '=', projectId).where('slug', '=', slug);
  return (await query.executeTakeFirst()) ?? null;
}

/** The same, its row locked until commit. */
export async function lockService(unit: Unit, projectId: string, slug: string): Promise<ServiceRow | null> {
  const query = unit.sql.selectFrom('services').selectAll();
  return (
    (await unit.forUpdate(query.where('projectId', '=', projectId).where('slug', '=', slug)).executeTakeFirst()) ?? null
  );
}
