import { lockServicesIn, removeEndpointsIn } from '../services/remove-endpoints-in';
import type { Unit } from '../store';
import { variablesNaming } from '../variables/variables-for';
import { findEnvironment, lockEnvironment, type EnvironmentRow } from './find-environment';
import { needsEnvironment, pipelinesInUse } from './live-releases';

/** `busy` names the pipelines and releases that reach it or name it in a step, and the variables limited to it. */
export type DeleteEnvironmentOutcome =
  { kind: 'deleted' } | { kind: 'unknown' } | { kind: 'gone' } | { kind: 'busy'; users: string[] };

/**
 * Deletes an environment softly (HTTP-7). Its evaluation keys open nothing any more, and services are not deployed to it
 * any more: an endpoint there holds nobody up, as what would still send to it reaches the environment and does. A
 * variable that names it does: taken off its list the last name would leave an empty one, which means everywhere.
 */
export async function deleteEnvironment(
  unit: Unit,
  input: { projectId: string; slug: string; by: string; at: number; judge: (current: EnvironmentRow) => void },
): Promise<DeleteEnvironmentOutcome> {
  const { projectId, slug, by, at } = input;
  const found = await findEnvironment(unit.sql, projectId, slug);
  if (found) {
    await lockServicesIn(unit, found.id);
  }
  const known = await lockEnvironment(unit, projectId, slug);
  if (!known) {
    return { kind: 'unknown' };
  }
  if (known.deletedAt !== null) {
    return { kind: 'gone' };
  }
  input.judge(known);

  const pipelines = (await pipelinesInUse(unit.sql, projectId)).filter((used) => needsEnvironment(used, slug));
  const variables = await variablesNaming(unit.sql, projectId, known.id);
  const users = [...pipelines.map(({ user }) => user), ...variables.map((name) => `variable ${name}`)];
  if (users.length > 0) {
    return { kind: 'busy', users };
  }
  await unit.sql.updateTable('environments').set({ deletedAt: at }).where('id', '=', known.id).execute();
  unit.record({
    type: 'environment-deleted',
    at,
    actorId: by,
    projectId,
    releaseId: null,
    data: { environment: slug },
  });
  await removeEndpointsIn(unit, { projectId, environmentId: known.id, by, at });
  unit.notify({ kind: 'flags-changed', environmentIds: [known.id] });
  return { kind: 'deleted' };
}
