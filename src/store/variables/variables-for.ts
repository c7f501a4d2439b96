import type { Kysely } from 'kysely';
import type { Tables } from '../tables';
import { environmentIdsOf } from './variable-record';
import type { StoredVariable } from './variable-value';

/**
 * The project's variables that have a value in an environment, by name. To be read when a deployment starts, so that
 * mending one helps a release that is prevented (VAR-6). Sensitive values are sealed: `openVariable` opens them.
 */
export async function variablesFor(
  sql: Kysely<Tables>,
  projectId: string,
  environmentId: string,
): Promise<StoredVariable[]> {
  const rows = await liveVariables(sql, projectId);
  return rows
    .filter((row) => row.environments === '[]' || environmentIdsOf(row).includes(environmentId))
    .map(({ id, name, value, sensitive }) => ({ id, name, value, sensitive }));
}

/** Names of the variables that are limited to certain environments, this one among them. */
export async function variablesNaming(
  sql: Kysely<Tables>,
  projectId: string,
  environmentId: string,
): Promise<string[]> {
  const rows = await liveVariables(sql, projectId);
  return rows.filter((row) => environmentIdsOf(row).includes(environmentId)).map(({ name }) => name);
}

function liveVariables(sql: Kysely<Tables>, projectId: string) {
  return sql
    .selectFrom('variables')
    .select(['id', 'name', 'value', 'sensitive', 'environments'])
    .where('projectId', '=', projectId)
    .where('deletedAt', 'is', null)
    .orderBy('name')
    .execute();
}
