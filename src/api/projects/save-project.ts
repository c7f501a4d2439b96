import type { z } from 'zod';
import { putProject } from '../../store/projects/put-project';
import type { Unit } from '../../store/store';
import { gone } from '../deletion';
import { checkPreconditions, type Preconditions } from '../etag';
import { projectEtag, type projectBody } from './project-view';

/** What PUT and `apply` save. */
export interface ProjectToSave {
  slug: string;
  body: z.output<typeof projectBody>;
  by: string;
  at: number;
  preconditions: Preconditions;
}

/**
 * Creates or replaces a project.
 *
 * @throws Problem 410 `project.gone`, 412 `request.precondition-failed`
 */
export async function saveProject(unit: Unit, { slug, body, by, at, preconditions }: ProjectToSave) {
  const outcome = await putProject(unit, {
    slug,
    displayName: body.displayName ?? slug,
    by,
    at,
    judge: (current) => checkPreconditions(preconditions, current && projectEtag(current)),
  });
  if (outcome.kind === 'gone') {
    throw gone('project', slug);
  }
  return outcome;
}
