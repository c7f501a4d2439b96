import { defineRoute } from '../define-route';
import type { Deps } from '../deps';
import { putAnswer, putAnswers } from '../put-answer';
import {
  environmentBody,
  environmentEtag,
  environmentParams,
  environmentView,
  showEnvironment,
} from './environment-view';
import { saveEnvironment } from './save-environment';
import { projectScope } from './scopes';

export const putEnvironmentRoute = ({ store, flagFollower, now }: Deps) =>
  defineRoute({
    method: 'put',
    path: '/v1/projects/:project/environments/:environment',
    operationId: 'putEnvironment',
    summary: 'Create or replace an environment',
    description: 'A new one answers every flag with that flag’s definition. The same content changes nothing (HTTP-7).',
    permission: { name: 'EnvironmentEdit', in: projectScope(store) },
    params: environmentParams,
    body: environmentBody,
    answers: putAnswers(environmentView),
    problems: ['project.unknown', 'project.gone', 'environment.gone'],
    handle: async ({ params, body, scope, caller, preconditions }) => {
      const { kind, environment } = await store.write((unit) =>
        saveEnvironment(unit, {
          projectId: scope.projectId,
          slug: params.environment,
          body,
          by: caller.userId,
          at: now(),
          preconditions,
        }),
      );
      await flagFollower.caughtUp();
      return putAnswer(
        kind === 'created',
        `/v1/projects/${params.project}/environments/${environment.slug}`,
        showEnvironment(environment, params.project),
        environmentEtag(environment),
      );
    },
  });
