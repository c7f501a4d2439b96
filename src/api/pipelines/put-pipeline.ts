import { findPipeline } from '../../store/pipelines/find-pipeline';
import { defineRoute } from '../define-route';
import { unknown } from '../deletion';
import type { Deps } from '../deps';
import { projectScope } from '../projects/scopes';
import { putAnswer } from '../put-answer';
import { pipelineAnswer, pipelineBody, toPipeline } from '../schemas/pipeline';
import { pipelineParams } from './pipeline-params';
import { pipelineEtag, pipelineView } from './pipeline-view';
import { savePipeline } from './save-pipeline';

const HEADERS = { ETag: 'Of this version: changes exactly when the definition does.' };

/** Creates or replaces a pipeline; running releases keep the version they pinned (PIPE-5). */
export const putPipelineRoute = ({ store, now, endpointFault }: Deps) =>
  defineRoute({
    method: 'put',
    path: '/v1/projects/:project/pipelines/:pipeline',
    operationId: 'putPipeline',
    summary: 'Create or replace a pipeline',
    description:
      'Changed content makes a new version, the same content none (PIPE-5). The definition is checked as a whole: ' +
      'every fault is listed at once, each with its path (PIPE-4). Running releases keep the version they pinned.',
    permission: { name: 'PipelineEdit', in: projectScope(store) },
    params: pipelineParams,
    body: pipelineBody,
    answers: {
      200: {
        description: 'Saved; or nothing to save, as the content is the same.',
        body: pipelineAnswer,
        headers: HEADERS,
      },
      201: {
        description: 'Created, in version 1.',
        body: pipelineAnswer,
        headers: { ...HEADERS, Location: 'Its address.' },
      },
    },
    problems: ['project.unknown', 'project.gone', 'pipeline.gone', 'pipeline.invalid'],
    handle: async ({ params, scope, body, caller, preconditions }) => {
      const { projectId } = scope;
      const outcome = await store.write((unit) =>
        savePipeline(unit, {
          projectId,
          slug: params.pipeline,
          definition: toPipeline(body),
          by: caller.userId,
          at: now(),
          preconditions,
          path: '',
          endpointFault,
        }),
      );
      const saved = await findPipeline(store.read, projectId, params.pipeline);
      if (!saved) {
        throw unknown('pipeline', params.pipeline);
      }
      return putAnswer(
        outcome === 'created',
        `/v1/projects/${params.project}/pipelines/${params.pipeline}`,
        await pipelineView({ store, endpointFault }, params.project, saved, caller),
        pipelineEtag(saved),
      );
    },
  });
