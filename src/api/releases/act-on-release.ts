import { z } from 'zod';

import type { ReleaseAction } from '../../domain/pipeline';
import { defineRoute, type Route } from '../define-route';
import type { Deps } from '../deps';
import type { ProblemCode } from '../problem-codes';
import { actionBody } from '../schemas/release';
import { ACTION_PROBLEMS, actionAnswers, requestAction } from './request-action';
import { actionScope } from './release-scope';

interface ActionRoute {
  verb: ReleaseAction;
  operationId: string;
  summary: string;
  description: string;
  problems: ProblemCode[];
}

const ANYTIME: ProblemCode[] = [...ACTION_PROBLEMS, 'release.aborting'];
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
      body: actionBody,
      answers: actionAnswers,
      problems,
      handle: ({ scope: { release }, body: asked, caller, idempotency }) => {
        const { phase = null, attempt = null, reason = null, expiresAfter = null } = asked;
        return requestAction(
          deps,
          { verb, release, phase, attempt, reason, expiresAfterMs: expiresAfter },
          caller,
          idempotency,
        );
      },
    }),
  );
