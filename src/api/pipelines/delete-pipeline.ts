import { deletePipeline } from '../../store/pipelines/delete-pipeline';
import { defineRoute } from '../define-route';
import { answerDeletion } from '../deletion';
import type { Deps } from '../deps';
import { checkPreconditions } from '../etag';
import { projectScope } from '../projects/scopes';
import { pipelineParams } from './pipeline-params';
import { pipelineEtag } from './pipeline-view';

/** Deletes a pipeline that no running release uses (PIPE-5, HTTP-7). */
export const deletePipelineRoute = ({ store, now }: Deps) =>
  defineRoute({
    method: 'delete',
    path: '/v1/projects/:project/pipelines/:pipeline',
    operationId: 'deletePipeline',
    summary: 'Delete a pipeline',
    description:
      'Refused while a release runs on it; its versions stay readable, its name is not given again (PIPE-5).',
    permission: { name: 'PipelineEdit', in: projectScope(store) },
    params: pipelineParams,
    answers: { 204: { description: 'Deleted.' } },
    problems: [
      'project.unknown',
      'project.gone',
      'pipeline.unknown',
      'pipeline.gone',
      'pipeline.in-use',
      'request.precondition-failed',
    ],
    handle: async ({ params, scope, caller, preconditions }) => {
      const deletion = await store.write((unit) =>
        deletePipeline(unit, {
          projectId: scope.projectId,
          slug: params.pipeline,
          by: caller.userId,
          at: now(),
          judge: (current) => checkPreconditions(preconditions, pipelineEtag(current)),
        }),
      );
      return answerDeletion('pipeline', params.pipeline, deletion);
    },
  });
