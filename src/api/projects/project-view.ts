import { z } from 'zod';
import type { ProjectRow } from '../../store/projects/find-project';
import { etagOf } from '../etag';
import { displayName, instant, readOnly, slug, toInstant } from '../schemas/common';

export const projectParams = z.strictObject({ project: slug.describe('Name of the project.') });

export const projectBody = z
  .strictObject({
    displayName: displayName.optional().describe('For people; its name if left out.'),
    name: readOnly,
    createdAt: readOnly,
  })
  .meta({ id: 'ProjectSettings', description: 'What can be set of a project.' });

export const projectView = z
  .strictObject({
    name: slug.describe('Its name in paths.'),
    displayName: z.string().describe('For people.'),
    createdAt: instant.describe('When it was created.'),
  })
  .meta({ id: 'Project', description: 'Owns environments, flags, pipelines and releases.' });

export function showProject(project: ProjectRow): z.input<typeof projectView> {
  return { name: project.slug, displayName: project.displayName, createdAt: toInstant(project.createdAt) };
}

export function projectEtag({ id, displayName }: ProjectRow): string {
  return etagOf(id, displayName);
}
