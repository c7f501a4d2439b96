import { getService } from '../../store/services/get-service';
import { addSecret } from '../../store/services/service-secrets';
import { created, defineRoute, ok } from '../define-route';
import { unknown } from '../deletion';
import type { Deps } from '../deps';
import { projectScope } from '../projects/scopes';
import { saveService } from './save-service';
import { newServiceAnswer, serviceAnswer, serviceBody, serviceEtag, serviceParams, showService } from './service-view';

/** Creates or replaces a service; a new one comes with its first secret. */
export const putServiceRoute = ({ store, now, secretBox, endpointFault }: Deps) =>
  defineRoute({
    method: 'put',
    path: '/v1/projects/:project/services/:service',
    operationId: 'putService',
    summary: 'Create or replace a service',
    description:
      'Allowed at any time: where a service is deployed to is read at each attempt, so mending an endpoint heals a ' +
      'release that is under way (REL-19). Changing `endpoints`, also when creating, takes `EndpointEdit` besides. Who ' +
      'holds that gets the first secret with a new service; all others create one without, and `POST …/secret` makes ' +
      'it. The same content changes nothing (HTTP-7).',
    permission: { name: 'ServiceEdit', in: projectScope(store) },
    params: serviceParams,
    body: serviceBody,
    answers: {
      200: { description: 'It was there; this is it now.', body: serviceAnswer, headers: { ETag: 'Of its settings.' } },
      201: {
        description: 'It is new.',
        body: newServiceAnswer,
        headers: { ETag: 'Of its settings.', Location: 'Its address.' },
      },
    },
    problems: ['project.unknown', 'project.gone', 'service.gone', 'service.invalid'],
    handle: async ({ params, scope, body, caller, preconditions }) => {
      const { projectId } = scope;
      const slug = params.service;
      const saved = await store.write(async (unit) => {
        const at = now();
        const { kind, serviceId } = await saveService(unit, {
          ...{ projectId, slug, body, caller, at, preconditions, endpointFault },
        });
        const comesWithSecret = kind === 'created' && caller.may('EndpointEdit', projectId);
        const service = { id: serviceId, slug };
        const secret = comesWithSecret
          ? await addSecret(unit, { projectId, service, secretBox, by: caller.userId, at })
          : null;
        return { isNew: kind === 'created', secret };
      });
      const service = await store.readTogether((sql) => getService(sql, projectId, slug));
      if (!service) {
        throw unknown('service', slug);
      }
      const shown = showService(service, params.project);
      const etag = serviceEtag(service);
      return saved.isNew
        ? created(`/v1/projects/${params.project}/services/${slug}`, { ...shown, secret: saved.secret }, { etag })
        : ok(shown, { etag });
    },
  });
