import type { Kysely, Selectable } from 'kysely';
import type { Unit } from '../store';
import type { Tables } from '../tables';

export type VariableRow = Selectable<Tables['variables']>;

/** A variable of a project by its name, deleted ones included; null when there never was one. */
export async function findVariable(sql: Kysely<Tables>, projectId: string, name: string): Promise<VariableRow | null> {
  const query = sql.selectFrom('variables').selectAll().where('projectId', '=', projectId).where('name', '=', name);
  return (await query.executeTakeFirst()) ?? null;
}

/** The same, its row locked until commit. */
export async function lockVariable(unit: Unit, projectId: string, name: string): Promise<VariableRow | null> {
  const query = unit.sql.selectFrom('variables').selectAll();
  return (
    (await unit.forUpdate(query.where('projectId', '=', projectId).where('name', '=', name)).executeTakeFirst()) ?? null
  );
}
