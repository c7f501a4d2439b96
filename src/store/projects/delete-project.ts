import type { Unit } from '../store';
import { lockProject, type ProjectRow } from './find-project';
import { liveReleases } from './live-releases';

/** `busy` names the releases that run in it. */
export type DeleteProjectOutcome =
  { kind: 'deleted' } | { kind: 'unknown' } | { kind: 'gone' } | { kind: 'busy'; users: string[] };

/** Deletes a project softly (HTTP-7): its name is not given again, its history stays readable. */
export async function deleteProject(
  unit: Unit,
  input: { slug: string; by: string; at: number; judge: (current: ProjectRow) => void },
): Promise<DeleteProjectOutcome> {
  const known = await lockProject(unit, input.slug);
  if (!known) {
    return { kind: 'unknown' };
  }
  if (known.deletedAt !== null) {
    return { kind: 'gone' };
  }
  input.judge(known);

  const releases = await liveReleases(unit.sql, known.id);
  if (releases.length > 0) {
    return { kind: 'busy', users: releases.map(({ id }) => `release ${id}`) };
  }
  await unit.sql.updateTable('projects').set({ deletedAt: input.at }).where('id', '=', known.id).execute();
  unit.record({
    type: 'project-deleted',
    at: input.at,
    actorId: input.by,
    projectId: known.id,
    releaseId: null,
    data: { project: input.slug },
  });
  return { kind: 'deleted' };
}
