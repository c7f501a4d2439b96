import { deleteEnvironment } from '../../store/projects/delete-environment';
import { defineRoute } from '../define-route';
import { answerDeletion } from '../deletion';
import type { Deps } from '../deps';
import { checkPreconditions } from '../etag';
import { environmentEtag, environmentParams } from './environment-view';
import { environmentScope } from './scopes';

export const deleteEnvironmentRoute = ({ store, now, keyRing }: Deps) =>
  defineRoute({
    method: 'delete',
    path: '/v1/projects/:project/environments/:environment',
    operationId: 'deleteEnvironment',
    summary: 'Delete an environment',
    description:
      'Refused while a pipeline or a release reaches it, or a variable is limited to it. Its evaluation keys open ' +
      'nothing any more, and services lose their endpoints there.',
    permission: { name: 'EnvironmentEdit', in: environmentScope(store) },
    params: environmentParams,
    answers: { 204: { description: 'It is deleted.' } },
    problems: [
      'project.unknown',
      'project.gone',
      'environment.unknown',
      'environment.gone',
      'environment.in-use',
      'request.precondition-failed',
    ],
    handle: async ({ params, scope, caller, preconditions }) => {
      const deletion = await store.write((unit) =>
        deleteEnvironment(unit, {
          projectId: scope.projectId,
          slug: params.environment,
          by: caller.userId,
          at: now(),
          judge: (current) => checkPreconditions(preconditions, environmentEtag(current)),
        }),
      );
      await keyRing.reload();
      return answerDeletion('environment', params.environment, deletion);
    },
  });
