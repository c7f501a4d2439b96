import type { Kysely, Selectable } from 'kysely';

import { isServiceChange } from '../../domain/change';
import type { JsonObject } from '../../domain/json';
import { BUILT_IN, builtInValues, canonicalName, namesAt } from '../../domain/variables';
import { inPieces } from '../in-pieces';
import type { ReleaseRow } from '../releases/stored-release';
import { changesOf } from '../releases/stored-release';
import type { Unit } from '../store';
import type { Tables } from '../tables';
import { variablesFor } from '../variables/variables-for';
import { processOf } from './process-of';

/** A variable as a deployment has it. */
export type DeploymentVariable = Pick<
  Selectable<Tables['deploymentVariables']>,
  'name' | 'value' | 'sensitive' | 'source' | 'variableId'
>;

/** What a step leaves behind; `variableId`: the sensitive variable that it repeats, to which it is sealed. */
export type OutputValue = Pick<DeploymentVariable, 'value' | 'sensitive' | 'variableId'>;

/** The deployment whose variables begin. */
export interface StartedDeployment {
  id: string;
  environment: string;
  environmentId: string;
}

/** Gives deployments their variables: the built-in ones, and the project's as they are at this moment (VAR-6, VAR-7). */
export async function startVariables(
  unit: Unit,
  release: ReleaseRow,
  deployments: readonly StartedDeployment[],
): Promise<void> {
  const project = await unit.sql
    .selectFrom('projects')
    .select('slug')
    .where('id', '=', release.projectId)
    .executeTakeFirstOrThrow();
  const versions = new Map(
    changesOf(release).flatMap((change): [string, string][] =>
      isServiceChange(change) ? [[change.service, change.version]] : [],
    ),
  );
  const source = release.source === null ? {} : (JSON.parse(release.source) as JsonObject);
  const fact = (name: string) => (typeof source[name] === 'string' ? source[name] : '');
  for (const { id, environment, environmentId } of deployments) {
    const builtIn = builtInValues({
      project: project.slug,
      environment,
      tenant: '',
      release: release.id,
      deployment: id,
      error: '',
      repository: fact('repository'),
      commit: fact('commit'),
      ref: fact('ref'),
      runUrl: fact('runUrl'),
      actor: fact('actor'),
      versions,
    });
    // What went wrong is known only when somebody asks.
    builtIn.delete(BUILT_IN.error);
    const own = await variablesFor(unit.sql, release.projectId, environmentId);
    const rows = [
      ...[...builtIn].map(([name, value]) => ({
        deploymentId: id,
        name,
        value,
        sensitive: 0 as const,
        source: 'built-in' as const,
        variableId: null,
      })),
      ...own.map(({ id: variableId, name, value, sensitive }) => ({
        deploymentId: id,
        name,
        value,
        sensitive,
        source: 'project' as const,
        variableId,
      })),
    ];
    for (const piece of inPieces(rows)) {
      await unit.sql.insertInto('deploymentVariables').values(piece).execute();
    }
  }
}

/** Saves what a step leaves behind for later ones (VAR-1, VAR-2); the latest try's values count. */
export async function saveOutputs(
  unit: Unit,
  deploymentId: string,
  outputs: ReadonlyMap<string, OutputValue>,
): Promise<void> {
  const rows = [...outputs].map(([name, output]) => ({ deploymentId, name, source: 'output' as const, ...output }));
  for (const piece of inPieces(rows)) {
    await unit.sql
      .insertInto('deploymentVariables')
      .values(piece)
      .onConflict((conflict) =>
        conflict.columns(['deploymentId', 'name']).doUpdateSet((row) => ({
          value: row.ref('excluded.value'),
          sensitive: row.ref('excluded.sensitive'),
          variableId: row.ref('excluded.variableId'),
        })),
      )
      .execute();
  }
}

/**
 * All variables of a deployment by name, the error of the first failed step among those before position `before` as well
 * (VAR-5, VAR-7). A step reads what failed before its group and no more: what fails beside it is a matter of time, and a
 * retry under its key would say something else (PRO-5, PRO-8).
 */
export async function variablesOf(
  sql: Kysely<Tables>,
  deploymentId: string,
  before = Number.MAX_SAFE_INTEGER,
): Promise<DeploymentVariable[]> {
  const rows = await sql
    .selectFrom('deploymentVariables')
    .select(['name', 'value', 'sensitive', 'source', 'variableId'])
    .where('deploymentId', '=', deploymentId)
    .execute();
  const failed = await sql
    .selectFrom('deploymentSteps')
    .select(['name', 'error', 'detail'])
    .where('deploymentId', '=', deploymentId)
    .where('state', '=', 'failed')
    .where('position', '<', before)
    .orderBy('position')
    .executeTakeFirst();
  const error: DeploymentVariable = {
    name: BUILT_IN.error,
    value: failed ? `Step '${failed.name}': ${failed.error ?? failed.detail ?? 'it has failed'}` : '',
    sensitive: 0,
    source: 'built-in',
    variableId: null,
  };
  return [...rows, error].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Names that can exist in a release's deployments, whether they have a value there or not: without one they are empty,
 * such as those of a step that did not run (VAR-8), or of a variable that has its value in other environments.
 */
export async function emptyVariables(sql: Kysely<Tables>, release: ReleaseRow): Promise<string[]> {
  const { projectId } = release;
  const services = await sql.selectFrom('services').select('slug').where('projectId', '=', projectId).execute();
  const variables = await sql.selectFrom('variables').select('name').where('projectId', '=', projectId).execute();
  const process = [...(await processOf(sql, release)).values()];
  return [
    ...namesAt(process, process.length, {
      services: services.map(({ slug }) => slug),
      variables: variables.map(({ name }) => name),
    }),
  ];
}

/** What stands for a value that is not to be seen (VAR-4). */
export const MASKED = '********';

/**
 * Looks variables up for a template that people will read: sensitive ones are masked, those of steps that did not run
 * are empty (VAR-4, VAR-8).
 */
export function maskedLookUp(variables: readonly DeploymentVariable[]): (name: string) => string {
  return lookUp(variables, () => MASKED);
}

/** The same with sensitive values as `open` reads them. */
export function lookUp(
  variables: readonly DeploymentVariable[],
  open: (variable: DeploymentVariable) => string,
): (name: string) => string {
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  return (name) => {
    const variable = byName.get(canonicalName(name));
    return variable === undefined ? '' : variable.sensitive === 1 ? open(variable) : variable.value;
  };
}
