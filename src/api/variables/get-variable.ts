import { getVariable } from '../../store/variables/variable-record';
import { defineRoute, ok } from '../define-route';
import { gone, unknown } from '../deletion';
import type { Deps } from '../deps';
import { projectScope } from '../projects/scopes';
import { showVariable, variableAnswer, variableEtag, variableParams } from './variable-view';

/** Shows a variable; a sensitive one without its value. */
export const getVariableRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/variables/:variable',
    operationId: 'getVariable',
    summary: 'Show a variable of a project',
    permission: { name: 'ProjectView', in: projectScope(store) },
    params: variableParams,
    answers: {
      200: {
        description: 'The variable; also a valid body of PUT.',
        body: variableAnswer,
        headers: { ETag: 'Of this content.' },
      },
    },
    problems: ['project.unknown', 'project.gone', 'variable.unknown', 'variable.gone'],
    handle: async ({ params, scope }) => {
      const variable = await store.readTogether((sql) => getVariable(sql, scope.projectId, params.variable));
      if (!variable) {
        throw unknown('variable', params.variable);
      }
      if (variable.deletedAt !== null) {
        throw gone('variable', params.variable);
      }
      return ok(showVariable(variable, params.project), { etag: variableEtag(variable) });
    },
  });
