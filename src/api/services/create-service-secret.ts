import { z } from 'zod';
import { lockService } from '../../store/services/find-service';
import { addSecret } from '../../store/services/service-secrets';
import { defineRoute } from '../define-route';
import { gone, unknown } from '../deletion';
import type { Deps } from '../deps';
import { projectScope } from '../projects/scopes';
import { answerWithSecret } from '../sealed-answer';
import { serviceParams } from './service-view';

/** Makes a new secret for a service; the one before it signs for another day. */
export const createServiceSecretRoute = (deps: Deps) =>
  defineRoute({
    method: 'post',
    path: '/v1/projects/:project/services/:service/secret',
    operationId: 'createServiceSecret',
    summary: 'Make a new secret for a service',
    description:
      'Requests are signed with it at once, and for 24 hours with the one before it, too: the receiver can change over ' +
      'at any time of that day. A repetition with the same `Idempotency-Key` gets the same secret again.',
    permission: { name: 'EndpointEdit', in: projectScope(deps.store) },
    params: serviceParams,
    answers: {
      201: {
        description: 'It is made.',
        body: z
          .strictObject({ secret: z.string().describe('The secret itself, shown this once: `whsec_…`.') })
          .meta({ id: 'ServiceSecret', description: 'What requests to a service are signed with.' }),
      },
    },
    problems: ['project.unknown', 'project.gone', 'service.unknown', 'service.gone'],
    handle: async ({ params, scope, caller, idempotency }) => {
      const { projectId } = scope;
      const answer = await answerWithSecret(deps, idempotency, async (unit, at) => {
        const service = await lockService(unit, projectId, params.service);
        if (!service) {
          throw unknown('service', params.service);
        }
        if (service.deletedAt !== null) {
          throw gone('service', params.service);
        }
        const { secretBox } = deps;
        return { secret: await addSecret(unit, { projectId, service, secretBox, by: caller.userId, at }) };
      });
      return { status: 201, body: answer };
    },
  });
