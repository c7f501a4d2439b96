import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { projectEtag, projectParams, projectView, showProject } from './project-view';
import { projectScope } from './scopes';

export const getProjectRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project',
    operationId: 'getProject',
    summary: 'Read a project',
    permission: { name: 'ProjectView', in: projectScope(store) },
    params: projectParams,
    answers: { 200: { description: 'The project.', body: projectView, headers: { ETag: 'Of this content.' } } },
    problems: ['project.unknown', 'project.gone'],
    handle: ({ scope }) => ok(showProject(scope.project), { etag: projectEtag(scope.project) }),
  });
