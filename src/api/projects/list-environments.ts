import { z } from 'zod';
import { listEnvironments } from '../../store/projects/list-environments';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { environmentView, showEnvironment } from './environment-view';
import { projectParams } from './project-view';
import { projectScope } from './scopes';

export const listEnvironmentsRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/environments',
    operationId: 'listEnvironments',
    summary: 'List the environments of a project',
    permission: { name: 'ProjectView', in: projectScope(store) },
    params: projectParams,
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'One page.', body: pageOf(environmentView, 'EnvironmentPage') } },
    problems: ['project.unknown', 'project.gone'],
    handle: async ({ query, scope }) => {
      const page = pageRequest(query);
      const rows = await listEnvironments(store.read, scope.projectId, page);
      return ok(toPage(rows, page, (row) => showEnvironment(row, scope.project.slug)));
    },
  });
