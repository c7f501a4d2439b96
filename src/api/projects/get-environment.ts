import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { environmentEtag, environmentParams, environmentView, showEnvironment } from './environment-view';
import { environmentScope } from './scopes';

export const getEnvironmentRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/environments/:environment',
    operationId: 'getEnvironment',
    summary: 'Read an environment',
    permission: { name: 'ProjectView', in: environmentScope(store) },
    params: environmentParams,
    answers: { 200: { description: 'The environment.', body: environmentView, headers: { ETag: 'Of this content.' } } },
    problems: ['project.unknown', 'project.gone', 'environment.unknown', 'environment.gone'],
    handle: ({ scope }) =>
      ok(showEnvironment(scope.environment, scope.project.slug), { etag: environmentEtag(scope.environment) }),
  });
