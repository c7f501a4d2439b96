import { getService } from '../../store/services/get-service';
import { defineRoute, ok } from '../define-route';
import { gone, unknown } from '../deletion';
import type { Deps } from '../deps';
import { projectScope } from '../projects/scopes';
import { serviceAnswer, serviceEtag, serviceParams, showService } from './service-view';

/** Shows a service with what is deployed where, and the release that is deploying it. */
export const getServiceRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/services/:service',
    operationId: 'getService',
    summary: 'Show a service, what is deployed where, and who is deploying it',
    permission: { name: 'ProjectView', in: projectScope(store) },
    params: serviceParams,
    answers: {
      200: {
        description: 'The service, without its secrets; also a valid body of PUT.',
        body: serviceAnswer,
        headers: { ETag: 'Of its settings.' },
      },
    },
    problems: ['project.unknown', 'project.gone', 'service.unknown', 'service.gone'],
    handle: async ({ params, scope }) => {
      const service = await store.readTogether((sql) => getService(sql, scope.projectId, params.service));
      if (!service) {
        throw unknown('service', params.service);
      }
      if (service.deletedAt !== null) {
        throw gone('service', params.service);
      }
      return ok(showService(service, params.project), { etag: serviceEtag(service) });
    },
  });
