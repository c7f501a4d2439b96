import { z } from 'zod';
import { listEvaluationKeys } from '../../store/projects/list-evaluation-keys';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { environmentParams } from './environment-view';
import { evaluationKeyView, showEvaluationKey } from './evaluation-key-view';
import { environmentScope } from './scopes';

export const listEvaluationKeysRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/environments/:environment/evaluation-keys',
    operationId: 'listEvaluationKeys',
    summary: 'List the evaluation keys of an environment',
    permission: { name: 'EvaluationKeyEdit', in: environmentScope(store) },
    params: environmentParams,
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'One page.', body: pageOf(evaluationKeyView, 'EvaluationKeyPage') } },
    problems: ['project.unknown', 'project.gone', 'environment.unknown', 'environment.gone'],
    handle: async ({ query, scope }) => {
      const page = pageRequest(query);
      return ok(toPage(await listEvaluationKeys(store.read, scope.environment.id, page), page, showEvaluationKey));
    },
  });
