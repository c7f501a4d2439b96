import { z } from 'zod';

import { listDrift } from '../../store/releases/list-drift';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { id, toInstantOrNull } from '../schemas/common';
import { drift } from '../schemas/release';
import { readableRelease } from './release-scope';

/** `GET /v1/releases/{id}/drift`: whether each touched target came back (REL-19). */
export const listDriftRoute = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/releases/:release/drift',
    operationId: 'listDrift',
    summary: 'Whether each touched target came back, or somebody else’s change stands',
    description:
      'Filled by an abort, and by a completion that found a direct edit (CHG-3). A service is `reverting` until it is back ' +
      'or given up. Never longer than one page.',
    permission: { name: 'ProjectView', in: readableRelease(deps.store) },
    params: z.strictObject({ release: id }),
    answers: {
      200: {
        description: 'The touched targets.',
        body: z
          .strictObject({
            items: z.array(drift).describe('Flags, then services in the order in which they come back.'),
            next: z.null().describe('There is never another page.'),
          })
          .meta({ id: 'DriftList', description: 'The touched targets of a release.' }),
      },
    },
    problems: ['release.unknown'],
    handle: async ({ scope }) => {
      const touched = await listDrift(deps.store.read, scope.release);
      return ok({
        items: touched.map((item) => ({ ...item, nextAttemptAt: toInstantOrNull(item.nextAttemptAt) })),
        next: null,
      });
    },
  });
