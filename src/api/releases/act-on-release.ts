import { z } from 'zod';

import type { ReleaseAction } from '../../domain/pipeline';
import type { Refusal } from '../../domain/refusal';
import { acceptAction } from '../../store/releases/accept-action';
import { readRelease } from '../../store/releases/read-release';
import type { Caller } from '../caller';
import { accepted, defineRoute, ok, type Route } from '../define-route';
import type { Deps } from '../deps';
import { claimIdempotencyKey, type IdempotentRequest } from '../idempotency';
import { Problem, problemOf } from '../problem';
import type { ProblemCode } from '../problem-codes';
import { duration } from '../schemas/common';
import { action as actionSchema, actionBody, release as releaseSchema } from '../schemas/release';
import { actionView } from './action-view';
import { actionRights, mayAct } from './caller-rights';
import { actionScope } from './release-scope';
import { releaseView } from './release-view';

/** How long a caller waits for the decision before the answer is 202 (REL-25). */
const DECISION_WAIT_MS = 2_000;

const body = actionBody(duration);

interface ActionRoute {
  verb: ReleaseAction;
  operationId: string;
  summary: string;
  description: string;
  problems: ProblemCode[];
}

const ANYTIME: ProblemCode[] = [
  'release.unknown',
  'release.ended',
  'release.aborting',
  'action.expired',
  'action.reason-required',
];
const IN_A_PHASE: ProblemCode[] = [...ANYTIME, 'release.queued', 'release.stale-phase', 'release.blocked'];
const REVIEW: ProblemCode[] = ['review.not-allowed', 'review.author', 'review.token-maker'];

const ACTION_ROUTES: ActionRoute[] = [
  {
    verb: 'approve',
    operationId: 'approveRelease',
    summary: 'Give the review that the current phase waits for',
    description:
      'With the last approval it needs, the phase starts (REL-10). Needs membership in one of the review’s teams or, ' +
      'where it names none, `ReleaseApprove` (SEC-4).',
    problems: [...IN_A_PHASE, ...REVIEW, 'review.not-open', 'review.already-approved'],
  },
  {
    verb: 'pause',
    operationId: 'pauseRelease',
    summary: 'Stop the bake timer of the current phase',
    description: 'Never stops a roll-out (REL-12): while one is under way, the bake will be born paused (REL-13).',
    problems: [...IN_A_PHASE, 'bake.not-running', 'bake.already-paused', 'release.intent-armed', 'release.rolling-out'],
  },
  {
    verb: 'unpause',
    operationId: 'unpauseRelease',
    summary: 'Let a paused bake timer go on with the time that was left',
    description: 'Also takes back a pause that is armed (REL-12, REL-13).',
    problems: [...IN_A_PHASE, 'bake.not-paused'],
  },
  {
    verb: 'skip',
    operationId: 'skipPhase',
    summary: 'End the current phase now and go on to the next one',
    description:
      'A bake ends at once (REL-15), a phase not yet released is left out (REL-16, SEC-5), a roll-out under way is ' +
      'finished first (REL-17). Never gives the next phase’s review.',
    problems: [
      ...IN_A_PHASE,
      ...REVIEW,
      'review.approvals-missing',
      'release.last-phase',
      'release.intent-armed',
      'release.rolling-out',
    ],
  },
  {
    verb: 'abort',
    operationId: 'abortRelease',
    summary: 'End the release and bring every target back to its pre-release state',
    description: 'Irreversible, and beats whatever comes later (REL-19). An author of the release may do it, too.',
    problems: ANYTIME,
  },
  {
    verb: 'full-rollout',
    operationId: 'fullRolloutRelease',
    summary: 'Release to everyone everywhere at once, without further phases',
    description: 'Passing pending or later reviews needs the right to give each of them (REL-20, SEC-5).',
    problems: [
      ...IN_A_PHASE,
      ...REVIEW,
      'review.approvals-missing',
      'release.failed',
      'release.intent-armed',
      'release.rolling-out',
    ],
  },
  {
    verb: 'retry',
    operationId: 'retryPhase',
    summary: 'Deploy a failed phase again where nothing succeeded',
    description: 'Without a new review, as the next attempt (REL-22).',
    problems: [...IN_A_PHASE, 'release.not-failed'],
  },
];

/** `POST /v1/releases/{id}/{action}`: one route per action, all through the same loop (REL-25). */
export const actOnRelease = (deps: Deps): Route[] =>
  ACTION_ROUTES.map(({ verb, operationId, summary, description, problems }) =>
    defineRoute({
      method: 'post',
      path: `/v1/releases/:release/${verb}`,
      operationId,
      summary,
      description,
      permission: { name: verb === 'approve' ? 'ReleaseApprove' : 'ReleaseControl', in: actionScope(deps.store, verb) },
      params: z.strictObject({ release: z.string().describe('The release’s id.') }),
      body,
      answers: {
        200: { description: 'Applied and recorded; the release as it is now.', body: releaseSchema },
        202: {
          description: 'Accepted and not yet decided: it will be applied or refused, never lost.',
          body: actionSchema,
          headers: { location: 'Where to ask for the outcome.' },
        },
      },
      problems,
      handle: async ({ scope, body: asked, caller, idempotency }) => {
        const actionId = await accept(deps, verb, scope.release.id, asked, caller, idempotency);
        const action = await deps.outcomes.wait(actionId, DECISION_WAIT_MS);
        const location = `/v1/actions/${actionId}`;
        if (!action) {
          throw new Problem('action.unknown', `There is no action ${actionId}`);
        }
        switch (action.status) {
          case 'applied': {
            // Clients of flags see what was decided no later than the one who asked for it.
            await deps.flagFollower.caughtUp();
            const release = await readRelease(deps.store.read, scope.release.id);
            return ok(await releaseView(deps.store, release ?? scope.release, caller, deps.now()), { location });
          }
          case 'refused':
            throw refusedAction(action.refusal, location);
          case 'undecided':
            return accepted(location, actionView(action, caller.user));
        }
      },
    }),
  );

function refusedAction(refusal: Refusal | null, location: string): Problem {
  if (!refusal) {
    throw new Error(`${location} is refused without a reason`);
  }
  const problem = problemOf(refusal);
  return new Problem(problem.code, problem.detail, { ...problem.extras, headers: { location } });
}

/** Writes the action, or finds the one that came with the same key before. Returns its id. */
async function accept(
  deps: Deps,
  verb: ReleaseAction,
  releaseId: string,
  asked: z.output<typeof body>,
  caller: Caller,
  idempotency: IdempotentRequest | null,
): Promise<string> {
  const now = deps.now();
  return deps.store.write(async (unit) => {
    const claim = await claimIdempotencyKey<string>(unit, idempotency, now);
    if (claim.repeated !== null) {
      return claim.repeated;
    }
    const actionId = await acceptAction(unit, {
      releaseId,
      verb,
      by: caller.userId,
      phase: asked.phase ?? null,
      attempt: asked.attempt ?? null,
      reason: asked.reason ?? null,
      expiresAfterMs: asked.expiresAfter ?? null,
      now,
      judge: (plan, projectId) => {
        const rights = actionRights(caller, projectId, plan, asked.reason !== undefined);
        if (!mayAct(verb, caller, projectId, plan, rights)) {
          throw new Problem('request.forbidden', `The permission to ${verb} was withdrawn meanwhile`);
        }
        return rights;
      },
    });
    if (actionId === undefined) {
      throw new Problem('release.unknown', `There is no release ${releaseId}`);
    }
    await claim.keep(actionId, releaseId);
    return actionId;
  });
}
