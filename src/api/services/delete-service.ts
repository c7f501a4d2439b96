import { deleteService } from '../../store/services/delete-service';
import { defineRoute } from '../define-route';
import { answerDeletion } from '../deletion';
import { demandPermission } from '../demand-permission';
import type { Deps } from '../deps';
import { checkPreconditions } from '../etag';
import { projectScope } from '../projects/scopes';
import { serviceEtag, serviceParams } from './service-view';

/** Deletes a service that no release holds or waits for, and no process names (HTTP-7). */
export const deleteServiceRoute = ({ store, now }: Deps) =>
  defineRoute({
    method: 'delete',
    path: '/v1/projects/:project/services/:service',
    operationId: 'deleteService',
    summary: 'Delete a service',
    description:
      'Refused while a release holds it or waits for it, or a process names its version. Its endpoints and secrets are erased, so where it has any this ' +
      'takes `EndpointEdit` besides. Its history stays readable, its name is not given again.',
    permission: { name: 'ServiceEdit', in: projectScope(store) },
    params: serviceParams,
    answers: { 204: { description: 'It is deleted.' } },
    problems: [
      'project.unknown',
      'project.gone',
      'service.unknown',
      'service.gone',
      'service.in-use',
      'request.precondition-failed',
    ],
    handle: async ({ params, scope, caller, preconditions }) => {
      const { projectId } = scope;
      const deletion = await store.write((unit) =>
        deleteService(unit, {
          projectId,
          slug: params.service,
          by: caller.userId,
          at: now(),
          judge: (current) => {
            if (current.endpoints.size > 0 || current.secretCreatedAt !== null) {
              demandPermission(caller, 'EndpointEdit', projectId);
            }
            checkPreconditions(preconditions, serviceEtag(current));
          },
        }),
      );
      return answerDeletion('service', params.service, deletion);
    },
  });
