import { MOST_VARIABLES } from '../../store/variables/put-variable';
import { getVariable } from '../../store/variables/variable-record';
import { defineRoute } from '../define-route';
import { unknown } from '../deletion';
import type { Deps } from '../deps';
import { projectScope } from '../projects/scopes';
import { putAnswer, putAnswers } from '../put-answer';
import { saveVariable } from './save-variable';
import { showVariable, variableAnswer, variableBody, variableEtag, variableParams } from './variable-view';

/** Creates or replaces a variable (VAR-6). */
export const putVariableRoute = ({ store, now, secretBox }: Deps) =>
  defineRoute({
    method: 'put',
    path: '/v1/projects/:project/variables/:variable',
    operationId: 'putVariable',
    summary: 'Create or replace a variable of a project',
    description:
      'Allowed at any time: variables are read when a deployment starts and not pinned by the trigger, so that a ' +
      'release that is prevented can be helped by mending one. So they are outside the digest that a review approves: ' +
      'who holds `VariableEdit` changes what an approved release will use (VAR-6). A sensitive value is stored sealed ' +
      'and never shown again; marking one is never refused, and mails that have it in `to` fail from then on (VAR-4). The same content changes nothing (HTTP-7). ' +
      `A project has at most ${MOST_VARIABLES} variables, deleted ones not counted.`,
    permission: { name: 'VariableEdit', in: projectScope(store) },
    params: variableParams,
    body: variableBody,
    answers: putAnswers(variableAnswer),
    problems: ['project.unknown', 'project.gone', 'variable.gone', 'variable.too-many', 'variable.invalid'],
    handle: async ({ params, scope, body, caller, preconditions }) => {
      const { projectId } = scope;
      const name = params.variable;
      const saved = await store.write(async (unit) => {
        const kind = await saveVariable(unit, {
          ...{ projectId, name, body, isDocument: false, secretBox, by: caller.userId, at: now(), preconditions },
        });
        return { kind, variable: await getVariable(unit.sql, projectId, name) };
      });
      if (!saved.variable) {
        throw unknown('variable', name);
      }
      const location = `/v1/projects/${params.project}/variables/${name}`;
      const shown = showVariable(saved.variable, params.project);
      return putAnswer(saved.kind === 'created', location, shown, variableEtag(saved.variable));
    },
  });
