import { newId } from '../new-id';
import type { Unit } from '../store';
import { lockProject, type ProjectRow } from './find-project';

export interface ProjectToPut {
  slug: string;
  displayName: string;
  by: string;
  at: number;
  /** Judges the write inside its transaction, with the project as it is then; what it throws leaves all as it was. */
  judge: (current: ProjectRow | null) => void;
}

/** `gone`: the name belonged to a project that was deleted (HTTP-1). */
export type PutProjectOutcome = { kind: 'created' | 'changed' | 'unchanged'; project: ProjectRow } | { kind: 'gone' };

/** Creates or replaces a project; the same content changes nothing and is no event (HTTP-7). */
export async function putProject(unit: Unit, input: ProjectToPut): Promise<PutProjectOutcome> {
  const { slug, displayName, by, at } = input;
  const known = await lockProject(unit, slug);
  if (known && known.deletedAt !== null) {
    return { kind: 'gone' };
  }
  input.judge(known);

  if (known?.displayName === displayName) {
    return { kind: 'unchanged', project: known };
  }
  const project = known
    ? { ...known, displayName }
    : { id: newId(), slug, displayName, createdAt: at, deletedAt: null };
  if (known) {
    await unit.sql.updateTable('projects').set({ displayName }).where('id', '=', known.id).execute();
  } else {
    await unit.sql.insertInto('projects').values(project).execute();
  }
  unit.record({
    type: known ? 'project-changed' : 'project-created',
    at,
    actorId: by,
    projectId: project.id,
    releaseId: null,
    data: { project: slug, displayName },
  });
  return { kind: known ? 'changed' : 'created', project };
}
