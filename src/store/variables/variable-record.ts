import type { Kysely } from 'kysely';
import type { Tables } from '../tables';
import { findVariable, type VariableRow } from './find-variable';

/** A variable as it is kept, with the names of its environments in their order; none: it has its value everywhere. */
export interface VariableRecord extends Omit<VariableRow, 'environments'> {
  environments: string[];
}

/** A variable by its name, deleted ones included; null when there never was one. */
export async function getVariable(
  sql: Kysely<Tables>,
  projectId: string,
  name: string,
): Promise<VariableRecord | null> {
  const row = await findVariable(sql, projectId, name);
  const [record] = await variableRecords(sql, projectId, row ? [row] : []);
  return record ?? null;
}

/** Variables of one project with what their rows have only ids of, in the same order. */
export async function variableRecords(
  sql: Kysely<Tables>,
  projectId: string,
  rows: readonly VariableRow[],
): Promise<VariableRecord[]> {
  if (rows.every(({ environments }) => environments === '[]')) {
    return rows.map((row) => ({ ...row, environments: [] }));
  }
  const environments = await sql
    .selectFrom('environments')
    .select(['id', 'slug'])
    .where('projectId', '=', projectId)
    .orderBy('position')
    .orderBy('id')
    .execute();
  return rows.map((row) => {
    const ids = new Set(environmentIdsOf(row));
    return { ...row, environments: environments.filter(({ id }) => ids.has(id)).map(({ slug }) => slug) };
  });
}

/** Ids of the environments that a variable is limited to. */
export function environmentIdsOf({ environments }: Pick<VariableRow, 'environments'>): string[] {
  return JSON.parse(environments) as string[];
}
