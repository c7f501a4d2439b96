import { deleteVariable } from '../../store/variables/delete-variable';
import { defineRoute } from '../define-route';
import { answerDeletion } from '../deletion';
import type { Deps } from '../deps';
import { checkPreconditions } from '../etag';
import { projectScope } from '../projects/scopes';
import { variableEtag, variableParams } from './variable-view';

/** Deletes a variable that no process uses (HTTP-7). */
export const deleteVariableRoute = ({ store, now }: Deps) =>
  defineRoute({
    method: 'delete',
    path: '/v1/projects/:project/variables/:variable',
    operationId: 'deleteVariable',
    summary: 'Delete a variable of a project',
    description:
      'Refused while the process of a pipeline, or of the version that a running release has pinned, uses it. Its value ' +
      'is erased, its name is not given again.',
    permission: { name: 'VariableEdit', in: projectScope(store) },
    params: variableParams,
    answers: { 204: { description: 'It is deleted.' } },
    problems: [
      'project.unknown',
      'project.gone',
      'variable.unknown',
      'variable.gone',
      'variable.in-use',
      'request.precondition-failed',
    ],
    handle: async ({ params, scope, caller, preconditions }) => {
      const deletion = await store.write((unit) =>
        deleteVariable(unit, {
          projectId: scope.projectId,
          name: params.variable,
          by: caller.userId,
          at: now(),
          judge: (current) => checkPreconditions(preconditions, variableEtag(current)),
        }),
      );
      return answerDeletion('variable', params.variable, deletion);
    },
  });
