import type { ActionVerb } from '../../domain/pipeline';
import type { Refusal } from '../../domain/refusal';
import { acceptAction, type ActionRequest } from '../../store/releases/accept-action';
import { readRelease, type ReleaseRecord } from '../../store/releases/read-release';
import type { Caller } from '../caller';
import { accepted, ok, type AnswerSpec } from '../define-route';
import type { Deps } from '../deps';
import { claimIdempotencyKey, type IdempotentRequest } from '../idempotency';
import { Problem, problemOf } from '../problem';
import type { ProblemCode } from '../problem-codes';
import { action as actionSchema, release as releaseSchema } from '../schemas/release';
import { actionView } from './action-view';
import { actionRights, mayAct } from './caller-rights';
import { releaseView } from './release-view';

/** How long a caller waits for the decision before the answer is 202 (REL-25). */
export const DECISION_WAIT_MS = 2_000;

/** What every route that asks something of a release can answer. */
export const actionAnswers = {
  200: { description: 'Applied and recorded; the release as it is now.', body: releaseSchema },
  202: {
    description: 'Accepted and not yet decided: it will be applied or refused, never lost.',
    body: actionSchema,
    headers: { location: 'Where to ask for the outcome.' },
  },
} satisfies Record<number, AnswerSpec>;

/** Its problems, beside those of the action itself. */
export const ACTION_PROBLEMS: ProblemCode[] = [
  'release.unknown',
  'release.ended',
  'action.expired',
  'action.reason-required',
];

/** What a caller asks of a release; who asks and when is added here. */
export interface ActionAsked extends Omit<ActionRequest, 'by' | 'now' | 'judge' | 'verb' | 'releaseId'> {
  verb: ActionVerb;
  release: ReleaseRecord;
}

/**
 * The one loop as a caller sees it: accepts an action, once for each idempotency key, waits for its decision and answers
 * 200 with the release, 202 with where to ask, or the refusal (REL-25).
 */
export async function requestAction(
  deps: Deps,
  asked: ActionAsked,
  caller: Caller,
  idempotency: IdempotentRequest | null,
) {
  const actionId = await accept(deps, asked, caller, idempotency);
  const action = await deps.outcomes.wait(actionId, DECISION_WAIT_MS);
  const location = `/v1/actions/${actionId}`;
  if (!action) {
    throw new Problem('action.unknown', `There is no action ${actionId}`);
  }
  switch (action.status) {
    case 'applied': {
      // Clients of flags see what was decided no later than the one who asked for it.
      await deps.flagFollower.caughtUp();
      const release = await readRelease(deps.store.read, asked.release.id);
      return ok(await releaseView(deps.store, release ?? asked.release, caller, deps.now()), { location });
    }
    case 'refused':
      throw refusedAction(action.refusal, location);
    case 'undecided':
      return accepted(location, actionView(action, caller.user));
  }
}

/** The refusal of an action as its caller gets it; `location`: the action. */
export function refusedAction(refusal: Refusal | null, location: string): Problem {
  if (!refusal) {
    throw new Error(`${location} is refused without a reason`);
  }
  const problem = problemOf(refusal);
  return new Problem(problem.code, problem.detail, { ...problem.extras, headers: { location } });
}

/** Writes the action, or finds the one that came with the same key before. Returns its id. */
async function accept(
  deps: Deps,
  { release, ...asked }: ActionAsked,
  caller: Caller,
  idempotency: IdempotentRequest | null,
): Promise<string> {
  const now = deps.now();
  const { verb } = asked;
  return deps.store.write(async (unit) => {
    const claim = await claimIdempotencyKey<string>(unit, idempotency, now);
    if (claim.repeated !== null) {
      return claim.repeated;
    }
    const actionId = await acceptAction(unit, {
      ...asked,
      releaseId: release.id,
      by: caller.userId,
      now,
      judge: (plan, projectId) => {
        const rights = actionRights(caller, projectId, plan, asked.reason !== null);
        if (!mayAct(verb, caller, projectId, plan, rights)) {
          throw new Problem('request.forbidden', `The permission to ${verb} was withdrawn meanwhile`);
        }
        return rights;
      },
    });
    if (actionId === undefined) {
      throw new Problem('release.unknown', `There is no release ${release.id}`);
    }
    await claim.keep(actionId, release.id);
    return actionId;
  });
}
