import { z } from 'zod';
import type { EnvironmentRow } from '../../store/projects/find-environment';
import { etagOf } from '../etag';
import { displayName, instant, readOnly, slug, toInstant } from '../schemas/common';

export const environmentParams = z.strictObject({
  project: slug.describe('Name of the project.'),
  environment: slug.describe('Name of the environment.'),
});

export const environmentBody = z
  .strictObject({
    displayName: displayName.optional().describe('For people; its name if left out.'),
    order: z
      .int()
      .min(0)
      .max(1_000_000)
      .optional()
      .describe('Its place among the environments; left out: where it is, or after the others.'),
    requiresPipeline: z
      .boolean()
      .optional()
      .describe('Whether what clients see here changes by releases only (PIPE-6); true if left out.'),
    requiresReview: z
      .boolean()
      .optional()
      .describe('Whether a phase that reaches it must have a review (PIPE-8); false if left out.'),
    name: readOnly,
    project: readOnly,
    createdAt: readOnly,
  })
  .meta({ id: 'EnvironmentSettings', description: 'What can be set of an environment.' });

export const environmentView = z
  .strictObject({
    name: slug.describe('Its name in paths.'),
    project: slug.describe('Name of its project.'),
    displayName: z.string().describe('For people.'),
    order: z.int().describe('Its place among the environments.'),
    requiresPipeline: z.boolean().describe('Whether what clients see here changes by releases only (PIPE-6).'),
    requiresReview: z.boolean().describe('Whether a phase that reaches it must have a review (PIPE-8).'),
    createdAt: instant.describe('When it was created.'),
  })
  .meta({ id: 'Environment', description: 'Where something runs.' });

export function showEnvironment(environment: EnvironmentRow, project: string): z.input<typeof environmentView> {
  return {
    name: environment.slug,
    project,
    displayName: environment.displayName,
    order: environment.position,
    requiresPipeline: environment.requiresPipeline === 1,
    requiresReview: environment.requiresReview === 1,
    createdAt: toInstant(environment.createdAt),
  };
}

export function environmentEtag(environment: EnvironmentRow): string {
  const { id, displayName, position, requiresPipeline, requiresReview } = environment;
  return etagOf(id, displayName, position, requiresPipeline, requiresReview);
}
