import { deleteEvaluationKey } from '../../store/projects/delete-evaluation-key';
import { defineRoute } from '../define-route';
import { answerDeletion } from '../deletion';
import type { Deps } from '../deps';
import { evaluationKeyParams } from './evaluation-key-view';
import { environmentScope } from './scopes';

export const deleteEvaluationKeyRoute = ({ store, now, keyRing }: Deps) =>
  defineRoute({
    method: 'delete',
    path: '/v1/projects/:project/environments/:environment/evaluation-keys/:key',
    operationId: 'deleteEvaluationKey',
    summary: 'Take an evaluation key away',
    description: 'It opens nothing as soon as this is answered; its streams end within a second.',
    permission: { name: 'EvaluationKeyEdit', in: environmentScope(store) },
    params: evaluationKeyParams,
    answers: { 204: { description: 'It is deleted.' } },
    problems: [
      'project.unknown',
      'project.gone',
      'environment.unknown',
      'environment.gone',
      'evaluation-key.unknown',
      'evaluation-key.gone',
    ],
    handle: async ({ params, scope, caller }) => {
      const kind = await store.write((unit) =>
        deleteEvaluationKey(unit, {
          projectId: scope.projectId,
          environment: scope.environment,
          id: params.key,
          by: caller.userId,
          at: now(),
        }),
      );
      await keyRing.reload();
      return answerDeletion('evaluation-key', params.key, { kind });
    },
  });
