import type { z } from 'zod';
import { putEnvironment } from '../../store/projects/put-environment';
import type { Unit } from '../../store/store';
import { gone } from '../deletion';
import { checkPreconditions, type Preconditions } from '../etag';
import { environmentEtag, type environmentBody } from './environment-view';

/** What PUT and `apply` save. */
export interface EnvironmentToSave {
  projectId: string;
  slug: string;
  body: z.output<typeof environmentBody>;
  by: string;
  at: number;
  preconditions: Preconditions;
}

/**
 * Creates or replaces an environment.
 *
 * @throws Problem 410 `environment.gone`, 412 `request.precondition-failed`
 */
export async function saveEnvironment(unit: Unit, { projectId, slug, body, by, at, preconditions }: EnvironmentToSave) {
  const outcome = await putEnvironment(unit, {
    projectId,
    slug,
    displayName: body.displayName ?? slug,
    position: body.order ?? null,
    requiresPipeline: body.requiresPipeline ?? true,
    requiresReview: body.requiresReview ?? false,
    by,
    at,
    judge: (current) => checkPreconditions(preconditions, current && environmentEtag(current)),
  });
  if (outcome.kind === 'gone') {
    throw gone('environment', slug);
  }
  return outcome;
}
