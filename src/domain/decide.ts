import type { AcceptedAction } from './accepted-action';
import { decideCallback } from './callback';
import type { Instant } from './instant';
import { refuseClosed, submitAnswer } from './interruption';
import type { ReleaseAction } from './pipeline';
import { RELEASE_ACTIONS } from './pipeline';
import type { Refusal } from './refusal';
import { isRefusal, refuse } from './refusal';
import type { ArmedIntent, ReleaseState } from './release';
import { currentPhase, mayLeaveOut } from './release';
import type { ReleaseEvent } from './release-event';
import { planAt, type ReleasePlan } from './release-plan';
import { approve, mayNotPass, mayNotPassOver, pendingReviews } from './review';
import { shownState } from './shown-state';
import type { Decision, Situation } from './situation';

/**
 * Decides one action at its time `at` (REL-29): the table "actions × states" of the contract. What was due before that
 * time is decided already. `now` is when the decision is made. A refusal names the state and what it allows instead.
 */
export function decide(situation: Situation, action: AcceptedAction, at: Instant, now: Instant): Decision {
  const decision = expired(action, now) ?? outOfReach(situation, action) ?? byVerb(situation, action, at);
  // A target is told no more than that it comes too late: the state, and what people may do, are not its business.
  return isRefusal(decision) && action.verb !== 'callback'
    ? {
        ...decision,
        allowed: allowedActions(situation, action, at),
        facts: { state: shown(situation), ...decision.facts },
      }
    : decision;
}

/**
 * The actions that would be accepted now from a person with these rights: `allowed[]` of the HTTP surface. A reason is
 * taken as given, since the one who asks can still write it.
 */
export function allowedActions(situation: Situation, asked: AcceptedAction, at: Instant): ReleaseAction[] {
  const { state, plan } = situation;
  return RELEASE_ACTIONS.filter((verb) => {
    const action: AcceptedAction = {
      ...asked,
      verb,
      phase: planAt(plan, state.current).name,
      attempt: currentPhase(state).attempt,
      expiresAt: null,
      rights: { ...asked.rights, hasReason: true },
    };
    return !isRefusal(outOfReach(situation, action) ?? byVerb(situation, action, at));
  });
}

/** An action counts from its acceptance, but its own deadline is about when it gets decided (REL-25). */
function expired(action: AcceptedAction, now: Instant): Refusal | null {
  return action.expiresAt !== null && action.expiresAt <= now
    ? refuse('action.expired', 'The action was not decided before the time at which it expires')
    : null;
}

/** What holds for every verb: the release is there to be acted on, and the caller saw the phase it is in (REL-14). */
function outOfReach({ state, plan }: Situation, action: AcceptedAction): Refusal | null {
  if (action.verb === 'callback') {
    return null;
  }
  if (action.verb === 'submit' && (state.stage === 'aborting' || state.stage === 'aborted')) {
    return refuseClosed();
  }
  if (state.stage === 'completed' || state.stage === 'aborted') {
    return refuse('release.ended', `The release is ${state.stage}`);
  }
  if (action.verb === 'accept-drift') {
    // What was touched is known for certain from then on: what is decided before must not depend on who decides it.
    return state.stage === 'aborting' && state.flagsReverted
      ? null
      : refuse('drift.not-reverting', 'No service is on its way back before the flags of an aborted release are');
  }
  if (action.verb === 'submit') {
    return null;
  }
  if (state.stage === 'aborting') {
    return refuse('release.aborting', 'The release is being aborted, which cannot be undone');
  }
  if (isReasonMissing(plan, action)) {
    return refuse('action.reason-required', `The pipeline asks for a reason for ${action.verb}`);
  }
  if (action.verb === 'abort') {
    return null;
  }
  if (state.stage === 'queued') {
    return refuse('release.queued', 'The release has not started yet; it can only be aborted');
  }
  if (action.verb === 'full-rollout') {
    return null;
  }

  const current = planAt(plan, state.current).name;
  const attempt = currentPhase(state).attempt;
  if ((action.phase ?? current) !== current || (action.attempt ?? attempt) !== attempt) {
    return refuse('release.stale-phase', `The release is in attempt ${attempt} of phase ${current} by now`, {
      currentPhase: current,
      attempt,
    });
  }
  return null;
}

function isReasonMissing({ reasonRequired }: ReleasePlan, { verb, rights }: AcceptedAction): boolean {
  return reasonRequired.some((needing) => needing === verb) && !rights.hasReason;
}

function byVerb(situation: Situation, action: AcceptedAction, at: Instant): Decision {
  switch (action.verb) {
    case 'approve':
      return approve(situation, action, at);
    case 'pause':
      return pause(situation, action, at);
    case 'unpause':
      return unpause(situation, action, at);
    case 'skip':
      return skip(situation, action, at);
    case 'abort':
      return abort(situation, action, at);
    case 'full-rollout':
      return fullRollout(situation, action, at);
    case 'retry':
      return retry(situation, action, at);
    case 'accept-drift':
      return acceptDrift(situation, action, at);
    case 'submit':
      return submitAnswer(situation, action, at);
    case 'callback':
      return decideCallback(situation, action, at);
  }
}

/** Stops the bake timer, never a roll-out: while one is under way the bake will be born paused (REL-12, REL-13). */
function pause(situation: Situation, action: AcceptedAction, at: Instant): Decision {
  const { state } = situation;
  const { progress } = currentPhase(state);
  const by = { by: action.by, action: action.id };
  switch (shown(situation)) {
    case 'baking':
      return progress.status === 'baking'
        ? {
            events: [
              {
                type: 'bake-paused',
                at,
                phase: state.current,
                remainingMs: Math.max(0, progress.endsAt - at),
                ...by,
              },
            ],
          }
        : refuse('bake.not-running', 'No bake timer runs');
    case 'rolling-out':
    case 'waiting-for-intervention':
      return arm(state, 'pause', action, at);
    case 'paused':
      return refuse('bake.already-paused', 'The bake timer is paused already');
    default:
      return refuse('bake.not-running', `No bake timer runs while the release is ${shown(situation)}`);
  }
}

/** The bake goes on with the time that was left; an armed pause is taken back; a full roll-out has cleared it (REL-12). */
function unpause(situation: Situation, action: AcceptedAction, at: Instant): Decision {
  const { state } = situation;
  const { progress } = currentPhase(state);
  const by = { by: action.by, action: action.id };
  if (progress.status === 'paused' && !state.fullRollout) {
    return {
      events: [{ type: 'bake-unpaused', at, phase: state.current, endsAt: at + progress.remainingMs, ...by }],
    };
  }
  if (state.armed?.intent === 'pause' && isRollingOut(situation)) {
    return { events: [{ type: 'intent-disarmed', at, phase: state.current, ...by }] };
  }
  return refuse('bake.not-paused', `No bake timer is paused while the release is ${shown(situation)}`);
}

/** The bake ends now; a phase that was not released is left out; a roll-out finishes first (REL-15…18). */
function skip(situation: Situation, action: AcceptedAction, at: Instant): Decision {
  const { state, plan } = situation;
  const name = planAt(plan, state.current).name;
  const isLast = state.current === state.phases.length - 1;
  switch (shown(situation)) {
    case 'baking':
    case 'paused':
      return {
        events: [{ type: 'bake-ended', at, phase: state.current, how: 'skipped', by: action.by, action: action.id }],
      };
    case 'rolling-out':
    case 'waiting-for-intervention':
      return arm(state, 'skip', action, at);
    case 'waiting-for-review':
      return isLast
        ? refuse('release.last-phase', `${name} is the last phase: abort the release, or roll it out fully`)
        : leaveOut(situation, action, at);
    case 'failed':
      return mayLeaveOut(state)
        ? leaveOut(situation, action, at)
        : refuse('release.last-phase', `${name} is the last phase: abort the release, or retry the phase`);
    default:
      return refuse('release.blocked', `Phase ${name} is held back and cannot be skipped`, holdFacts(situation));
  }
}

/** A phase that was not released is marked skipped; it needs the right to approve it (REL-16, SEC-5). */
function leaveOut({ state, plan }: Situation, action: AcceptedAction, at: Instant): Decision {
  const phase = currentPhase(state);
  const open = phase.progress.status === 'waiting-for-review';
  const refusal = open
    ? mayNotPassOver(plan, state, state.current, action)
    : mayNotPass(plan, state, state.current, action);
  if (refusal) {
    return refusal;
  }
  return {
    events: [
      {
        type: 'phase-skipped',
        at,
        phase: state.current,
        partial: phase.deployments.some((deployment) => deployment.state === 'succeeded'),
        reviewPassed: open,
        by: action.by,
        action: action.id,
      },
    ],
  };
}

/** Irreversible, and beats whatever comes later; a release that waits in the queue just leaves it (REL-19). */
function abort({ state }: Situation, action: AcceptedAction, at: Instant): Decision {
  const aborting: ReleaseEvent = { type: 'release-aborting', at, by: action.by, action: action.id, cause: 'person' };
  return { events: state.stage === 'queued' ? [aborting, { type: 'release-aborted', at }] : [aborting] };
}

/** Gives up what cannot be taken back: the release waits for it no longer, and reports it as drift (REL-19). */
function acceptDrift({ state }: Situation, { item, by, id }: AcceptedAction, at: Instant): Decision {
  const givenUp = state.touched.filter(
    ({ service, environment, state: progress }) =>
      service === item?.service &&
      (item.environment === null || environment === item.environment) &&
      progress !== 'reverted' &&
      progress !== 'drifted',
  );
  if (givenUp.length === 0) {
    const where = item?.environment == null ? '' : ` in ${item.environment}`;
    return refuse('drift.not-reverting', `${item?.service ?? 'Nothing'}${where} is not on its way back`);
  }
  return {
    events: givenUp.map(({ service, environment }) => ({
      type: 'drift-accepted',
      at,
      environment,
      service,
      by,
      action: id,
    })),
  };
}

/** Everything at once, everywhere; passing reviews needs the right to give each of them (REL-20, REL-21, SEC-5). */
function fullRollout(situation: Situation, action: AcceptedAction, at: Instant): Decision {
  const { state, plan, holds } = situation;
  if (holds.length > 0) {
    return refuse(
      'release.blocked',
      `A hold would refuse a remaining step: ${holds[0]?.detail ?? ''}`,
      holdFacts(situation),
    );
  }
  const passed = pendingReviews(state, plan);
  for (const index of passed) {
    const refusal = mayNotPassOver(plan, state, index, action);
    if (refusal) {
      return refusal;
    }
  }

  switch (shown(situation)) {
    case 'waiting-for-review':
    case 'baking':
    case 'paused':
      return {
        events: [startFullRollout(situation, { intent: 'full-rollout', by: action.by, action: action.id }, at)],
      };
    case 'rolling-out':
    case 'waiting-for-intervention':
      return arm(state, 'full-rollout', action, at);
    case 'failed':
      return refuse('release.failed', `The phase has failed: ${afterFailure(state)}`);
    default:
      return refuse('release.blocked', 'The release is about to complete');
  }
}

function afterFailure(state: ReleaseState): string {
  return mayLeaveOut(state) ? 'retry or skip it, or abort the release' : 'retry it, or abort the release';
}

/** New deployments where none succeeded, without a new review (REL-22). */
function retry(situation: Situation, action: AcceptedAction, at: Instant): Decision {
  const { state, holds } = situation;
  if (shown(situation) !== 'failed') {
    return refuse('release.not-failed', `There is nothing to retry while the release is ${shown(situation)}`);
  }
  if (holds.length > 0) {
    return refuse(
      'release.blocked',
      `What holds a start holds a retry: ${holds[0]?.detail ?? ''}`,
      holdFacts(situation),
    );
  }
  // Of a full roll-out several phases may have failed; the current one counts with them, as callers name it (REL-14).
  const retried = state.phases.flatMap(({ progress, attempt }, phase) =>
    progress.status === 'failed' || phase === state.current ? [{ phase, attempt: attempt + 1 }] : [],
  );
  return {
    events: retried.map((each) => ({ type: 'phase-retried', at, ...each, by: action.by, action: action.id })),
  };
}

/** The event with which an accepted full roll-out begins; it lists the reviews that it passes (REL-20). */
export function startFullRollout(
  { state, plan }: Pick<Situation, 'state' | 'plan'>,
  intent: ArmedIntent,
  at: Instant,
): ReleaseEvent {
  return {
    type: 'full-rollout-started',
    at,
    by: intent.by,
    action: intent.action,
    passedReviews: pendingReviews(state, plan).map((index) => planAt(plan, index).name),
  };
}

/** One intent at a time: a higher one replaces a lower one, any other is refused (REL-31). */
function arm(state: ReleaseState, intent: ArmedIntent['intent'], action: AcceptedAction, at: Instant): Decision {
  if (state.fullRollout) {
    return refuse('release.rolling-out', 'A full roll-out is under way');
  }
  if (state.armed && RANK[state.armed.intent] >= RANK[intent]) {
    return refuse('release.intent-armed', `${state.armed.intent} is armed already`, { armed: state.armed.intent });
  }
  return {
    events: [{ type: 'intent-armed', at, phase: state.current, intent, by: action.by, action: action.id }],
  };
}

const RANK: Record<ArmedIntent['intent'], number> = { pause: 1, skip: 2, 'full-rollout': 3 };

function shown({ state, holds }: Situation): ReturnType<typeof shownState> {
  return shownState(state, holds);
}

function isRollingOut(situation: Situation): boolean {
  const state = shown(situation);
  return state === 'rolling-out' || state === 'waiting-for-intervention';
}

function holdFacts({ holds }: Situation): Record<string, string[]> {
  return { holds: holds.map((hold) => hold.detail) };
}
