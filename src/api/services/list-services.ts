import { z } from 'zod';
import { listServices } from '../../store/services/list-services';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { projectParams } from '../projects/project-view';
import { projectScope } from '../projects/scopes';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { listedService, showListedService } from './service-view';

/** Lists a project's services, newest first (HTTP-5). */
export const listServicesRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/services',
    operationId: 'listServices',
    summary: 'List the services of a project',
    permission: { name: 'ProjectView', in: projectScope(store) },
    params: projectParams,
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'Newest first.', body: pageOf(listedService, 'ServicePage') } },
    problems: ['project.unknown', 'project.gone'],
    handle: async ({ params, scope, query }) => {
      const page = pageRequest(query);
      const services = await store.readTogether((sql) => listServices(sql, scope.projectId, page));
      return ok(toPage(services, page, (service) => showListedService(service, params.project)));
    },
  });
