import { z } from 'zod';

import { readRelease } from '../../store/releases/read-release';
import { repairRelease } from '../../store/releases/repair-release';
import type { Caller } from '../caller';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { repairCounters } from '../dispatch/repair-counters';
import { claimIdempotencyKey, type IdempotentRequest } from '../idempotency';
import { Problem } from '../problem';
import { release as releaseSchema, repairBody } from '../schemas/release';
import { releaseScope } from './release-scope';
import { releaseView } from './release-view';

/** `POST /v1/releases/{id}/repair`: starts one release anew from the store, whatever is known of its workflow (REL-33). */
export const repairReleaseRoute = (deps: Deps) => {
  const counters = repairCounters(deps.registry);
  return defineRoute({
    method: 'post',
    path: '/v1/releases/:release/repair',
    operationId: 'repairRelease',
    summary: 'Start a release anew from what is stored of it',
    description:
      'Its workflow is ended and another one goes on from where the release is: nothing is decided, rolled out or ' +
      'undone by it, and nothing is lost. For a release that does not move; what is missing or old is found and ' +
      'repaired without it (REL-33).',
    permission: { name: 'Repair', in: releaseScope(deps.store) },
    params: z.strictObject({ release: z.string().describe('The release’s id.') }),
    body: repairBody,
    answers: { 200: { description: 'It goes on from the store; the release as it is now.', body: releaseSchema } },
    problems: ['release.unknown', 'release.ended'],
    handle: async ({ scope, body, caller, idempotency }) => {
      const { id } = scope.release;
      if (await repair(deps, id, body.reason ?? null, caller, idempotency)) {
        counters.repaired('asked');
      }
      const release = await readRelease(deps.store.read, id);
      return ok(await releaseView(deps.store, release ?? scope.release, caller, deps.now()));
    },
  });
};

/** Whether it was done now; `false`: it was, by a request with the same key. */
async function repair(
  { store, now }: Deps,
  releaseId: string,
  reason: string | null,
  caller: Caller,
  idempotency: IdempotentRequest | null,
): Promise<boolean> {
  const at = now();
  return store.write(async (unit) => {
    const claim = await claimIdempotencyKey<true>(unit, idempotency, at);
    if (claim.repeated !== null) {
      return false;
    }
    const asked = { releaseId, epoch: null, why: 'asked', detail: null, by: caller.userId, reason, at } as const;
    if ((await repairRelease(unit, asked)) !== 'repaired') {
      throw new Problem('release.ended', 'The release has ended: there is nothing to go on with');
    }
    await claim.keep(true, releaseId);
    return true;
  });
}
