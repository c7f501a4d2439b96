import { z } from 'zod';

import { isServiceChange } from '../../domain/change';
import { changesOf } from '../../store/releases/stored-release';
import { defineRoute } from '../define-route';
import type { Deps } from '../deps';
import { Problem } from '../problem';
import { duration, id, slug } from '../schemas/common';
import { ACTION_PROBLEMS, actionAnswers, requestAction } from './request-action';
import { actionScope } from './release-scope';

/** `POST /v1/releases/{id}/drift/{item}/accept`: gives up a target that does not come back (REL-19). */
export const acceptDrift = (deps: Deps) =>
  defineRoute({
    method: 'post',
    path: '/v1/releases/:release/drift/:item/accept',
    operationId: 'acceptDrift',
    summary: 'Give up a service that does not come back',
    description:
      'While a release is being aborted, each service is asked again until it is back (REL-19). Accepting its drift ends ' +
      'that: it stays as it is and is reported as drifted. When nothing else is left the release is `aborted`.',
    permission: { name: 'ReleaseControl', in: actionScope(deps.store, 'accept-drift') },
    params: z.strictObject({ release: id, item: slug.describe('Name of the service.') }),
    body: z
      .strictObject({
        reason: z.string().trim().min(1).max(2_000).describe('Why; stays in the audit.'),
        environment: slug.optional().describe('Only there; left out: in all environments.'),
        expiresAfter: duration
          .optional()
          .describe('How long it may wait for its decision before it is refused with `action.expired`.'),
      })
      .meta({ id: 'DriftAcceptance', description: 'Why a target is given up.' }),
    answers: actionAnswers,
    problems: [...ACTION_PROBLEMS, 'drift.unknown', 'drift.not-reverting'],
    handle: ({ scope: { release }, params, body, caller, idempotency }) => {
      const { reason, environment = null, expiresAfter = null } = body;
      const isChanged = changesOf(release).some((change) => isServiceChange(change) && change.service === params.item);
      if (!isChanged) {
        throw new Problem('drift.unknown', `The release changes no service ${params.item}`);
      }
      const item = { service: params.item, environment };
      const asked = { phase: null, attempt: null, reason, expiresAfterMs: expiresAfter };
      return requestAction(deps, { verb: 'accept-drift', release, item, ...asked }, caller, idempotency);
    },
  });
