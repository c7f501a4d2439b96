import { z } from 'zod';
import { slug } from '../schemas/common';

/** A project and a pipeline in a path. */
export const pipelineParams = z.strictObject({
  project: slug.describe('Name of the project.'),
  pipeline: slug.describe('Name of the pipeline.'),
});
