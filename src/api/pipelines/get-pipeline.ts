import { z } from 'zod';
import { findPipeline } from '../../store/pipelines/find-pipeline';
import { defineRoute, ok } from '../define-route';
import { gone, unknown } from '../deletion';
import type { Deps } from '../deps';
import { projectScope } from '../projects/scopes';
import { pipelineAnswer } from '../schemas/pipeline';
import { pipelineParams } from './pipeline-params';
import { pipelineEtag, pipelineView } from './pipeline-view';

const version = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'Must be a version: 1 or more')
  .transform(Number)
  .optional()
  .describe('The version to show, of a deleted pipeline too; left out: the latest.');

/** Shows a pipeline in its latest version or, with `?version=`, as a release pinned it. */
export const getPipelineRoute = ({ store, endpointFault }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/pipelines/:pipeline',
    operationId: 'getPipeline',
    summary: 'Show a pipeline',
    description:
      'What a release pinned stays readable after the pipeline was deleted: ask for its version (HTTP-7). Of a chat’s ' +
      'webhook, which is as good as a key, only holders of `PipelineEdit` see more than the origin: others see ' +
      '`https://chat.example.com/…`.',
    permission: { name: 'ProjectView', in: projectScope(store) },
    params: pipelineParams,
    query: z.strictObject({ version }),
    answers: {
      200: {
        description: 'The pipeline; also a valid body of PUT.',
        body: pipelineAnswer,
        headers: { ETag: 'Of this version.' },
      },
    },
    problems: ['project.unknown', 'project.gone', 'pipeline.unknown', 'pipeline.gone'],
    handle: async ({ params, scope, query, caller }) => {
      const found = await findPipeline(store.read, scope.projectId, params.pipeline, query.version);
      if (!found) {
        throw unknown(
          'pipeline',
          query.version === undefined ? params.pipeline : `${params.pipeline}@${query.version}`,
        );
      }
      if (found.deletedAt !== null && query.version === undefined) {
        throw gone('pipeline', params.pipeline);
      }
      return ok(await pipelineView({ store, endpointFault }, params.project, found, caller), {
        etag: pipelineEtag(found),
      });
    },
  });
