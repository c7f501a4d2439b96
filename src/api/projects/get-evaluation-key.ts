import { findEvaluationKey } from '../../store/projects/list-evaluation-keys';
import { defineRoute, ok } from '../define-route';
import { gone, unknown } from '../deletion';
import type { Deps } from '../deps';
import { evaluationKeyParams, evaluationKeyView, showEvaluationKey } from './evaluation-key-view';
import { environmentScope } from './scopes';

export const getEvaluationKeyRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/environments/:environment/evaluation-keys/:key',
    operationId: 'getEvaluationKey',
    summary: 'Read about an evaluation key',
    permission: { name: 'EvaluationKeyEdit', in: environmentScope(store) },
    params: evaluationKeyParams,
    answers: { 200: { description: 'All but the key itself.', body: evaluationKeyView } },
    problems: [
      'project.unknown',
      'project.gone',
      'environment.unknown',
      'environment.gone',
      'evaluation-key.unknown',
      'evaluation-key.gone',
    ],
    handle: async ({ params, scope }) => {
      const row = await findEvaluationKey(store.read, scope.environment.id, params.key);
      if (!row) {
        throw unknown('evaluation-key', params.key);
      }
      if (row.deletedAt !== null) {
        throw gone('evaluation-key', params.key);
      }
      return ok(showEvaluationKey(row));
    },
  });
