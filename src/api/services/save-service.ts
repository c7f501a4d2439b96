import { checkService } from '../../domain/service';
import { putService, type PutServiceOutcome } from '../../store/services/put-service';
import type { Unit } from '../../store/store';
import type { Caller } from '../caller';
import { gone } from '../deletion';
import { demandPermission } from '../demand-permission';
import type { Deps } from '../deps';
import { checkPreconditions, type Preconditions } from '../etag';
import { faultyDefinition } from '../faulty-definition';
import { serviceEtag, toCallbackTimeout, toEndpoints, toTimeout, type ServiceBody } from './service-view';

/** What PUT and `apply` save. */
export interface ServiceToSave {
  projectId: string;
  slug: string;
  body: ServiceBody;
  caller: Caller;
  at: number;
  preconditions: Preconditions;
  endpointFault: Deps['endpointFault'];
}

/**
 * Creates or replaces a service. Where it is deployed to is changed by those who hold `EndpointEdit`; all others may
 * change the rest, and send the endpoints that are there.
 *
 * @throws Problem 400 `service.invalid` with all faults, 403 `request.forbidden`, 410 `service.gone`,
 * 412 `request.precondition-failed`
 */
export async function saveService(
  unit: Unit,
  { projectId, slug, body, caller, at, preconditions, endpointFault }: ServiceToSave,
): Promise<Exclude<PutServiceOutcome, { kind: 'gone' }>> {
  const timeout = toTimeout(body);
  const callbackTimeout = toCallbackTimeout(body);
  const outcome = await putService(unit, {
    projectId,
    slug,
    displayName: body.displayName ?? slug,
    timeoutMs: timeout.ms,
    callback: body.callback ?? false,
    callbackTimeoutMs: callbackTimeout.ms,
    endpoints: toEndpoints(body),
    by: caller.userId,
    at,
    judge: (current) => checkPreconditions(preconditions, current && serviceEtag(current)),
    judgeContent: ({ endpointsChange, newEndpoints, environments }) => {
      if (endpointsChange) {
        demandPermission(caller, 'EndpointEdit', projectId);
      }
      const service = {
        endpoints: newEndpoints,
        timeoutMs: timeout.ms,
        timeoutPath: timeout.path,
        callbackTimeoutMs: callbackTimeout.ms,
        callbackTimeoutPath: callbackTimeout.path,
      };
      const faults = checkService(service, { environments, endpointFault });
      if (faults.length > 0) {
        throw faultyDefinition('service.invalid', faults);
      }
    },
  });
  if (outcome.kind === 'gone') {
    throw gone('service', slug);
  }
  return outcome;
}
