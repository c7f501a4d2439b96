import { z } from 'zod';
import { listVariables } from '../../store/variables/list-variables';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { projectParams } from '../projects/project-view';
import { projectScope } from '../projects/scopes';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { showVariable, variableAnswer } from './variable-view';

/** Lists a project's variables, newest first (HTTP-5). */
export const listVariablesRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/variables',
    operationId: 'listVariables',
    summary: 'List the variables of a project',
    permission: { name: 'ProjectView', in: projectScope(store) },
    params: projectParams,
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'Newest first.', body: pageOf(variableAnswer, 'VariablePage') } },
    problems: ['project.unknown', 'project.gone'],
    handle: async ({ params, scope, query }) => {
      const page = pageRequest(query);
      const variables = await store.readTogether((sql) => listVariables(sql, scope.projectId, page));
      return ok(toPage(variables, page, (variable) => showVariable(variable, params.project)));
    },
  });
