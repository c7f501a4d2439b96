import { afterFullRollout, afterRollOut } from './after-roll-out';
import { evolveAll } from './evolve';
import type { Instant } from './instant';
import { advanceProcesses, deadlinePassed, nextDeadline, raiseSignOffs } from './process';
import type { ReleaseState, TouchedService } from './release';
import { currentPhase } from './release';
import type { ReleaseEvent } from './release-event';
import { planAt, type ReleasePlan } from './release-plan';
import type { Situation } from './situation';

/**
 * Events with all that follows from them: reviews that open, and what runs out until then, each at its own time; bakes
 * of no length end at once (REL-23). What follows at once comes before the next deadline, so that of several deadlines
 * each moves on what is its own (REL-29). Last, and only where `until` is the present, people are asked what is to be
 * asked.
 */
export function withWhatFollows(
  situation: Situation,
  events: readonly ReleaseEvent[],
  until: Instant,
  isPresent: boolean,
): ReleaseEvent[] {
  const all = [...events];
  let state = evolveAll(situation.state, events);
  for (;;) {
    const settled = settle({ ...situation, state });
    const due = dueAt(state, situation.plan);
    const isDue = settled.length === 0 && due !== null && due <= until;
    const happened = isDue ? whatIsDue({ ...situation, state }, due) : settled;
    const followed = happened.length === 0 && isPresent ? signOffs({ ...situation, state }, until) : happened;
    if (followed.length === 0) {
      return all;
    }
    all.push(...followed);
    state = evolveAll(state, followed);
  }
}

function signOffs({ state, plan }: Situation, now: Instant): ReleaseEvent[] {
  return state.stage === 'running' && plan.process.length > 0
    ? raiseSignOffs(state, plan, Math.max(now, state.lastAt))
    : [];
}

/** The earliest instant at which something happens by itself: the end of a bake, a deadline. */
export function dueAt(state: ReleaseState, plan: ReleasePlan): Instant | null {
  if (state.stage === 'aborting') {
    return nextRevert(state, plan)?.at ?? null;
  }
  const deadline = state.stage === 'running' ? nextDeadline(state, plan) : null;
  return deadline?.at ?? phaseDueAt(state);
}

/** No deployment waits for a person while its phase bakes or is under review. */
function phaseDueAt(state: ReleaseState): Instant | null {
  if (state.stage !== 'running' || state.finishing || state.fullRollout) {
    return null;
  }
  const { progress } = currentPhase(state);
  switch (progress.status) {
    case 'baking':
      return progress.endsAt;
    case 'waiting-for-review':
      return progress.deadlineAt;
    default:
      return null;
  }
}

/** What the deadline of the moment brings, at its own time: a late worker does not move it (REL-29). */
function whatIsDue({ state, plan }: Situation, due: Instant): ReleaseEvent[] {
  const at = Math.max(due, state.lastAt);
  if (state.stage === 'aborting') {
    return revertStarted(nextRevert(state, plan), at);
  }
  const deadline = nextDeadline(state, plan);
  if (deadline?.at === due) {
    return [deadlinePassed(deadline, at)];
  }
  const phase = state.current;
  if (currentPhase(state).progress.status === 'baking') {
    return [{ type: 'bake-ended', at, phase, how: 'elapsed', by: null, action: null }];
  }
  switch (planAt(plan, phase).review?.deadline?.outcome) {
    case 'abort':
      return [{ type: 'release-aborting', at, by: null, action: null, cause: 'review-deadline' }];
    case 'proceed':
      return [{ type: 'review-passed', at, phase, how: 'deadline' }];
    case 'keep-waiting':
    case undefined:
      return [{ type: 'review-deadline-passed', at, phase }];
  }
}

/**
 * The next service to be taken back and when: the last touched first, each at once (null) when those before it are
 * back, and after a wait when that takes longer (REL-19).
 */
function nextRevert(state: ReleaseState, plan: ReleasePlan): { touched: TouchedService; at: Instant | null } | null {
  if (state.stage !== 'aborting' || !state.flagsReverted) {
    return null;
  }
  let at: Instant | null = null;
  for (const touched of [...state.touched].reverse()) {
    switch (touched.state) {
      case 'reverted':
      case 'drifted':
        break;
      case 'reverting':
        at = (touched.revertingSince ?? state.lastAt) + plan.revertWaitMs;
        break;
      default:
        return { touched, at };
    }
  }
  return null;
}

function revertStarted(revert: ReturnType<typeof nextRevert>, at: Instant): ReleaseEvent[] {
  if (!revert) {
    return [];
  }
  const { service, environment } = revert.touched;
  return [{ type: 'service-revert-started', at, environment, service }];
}

/**
 * What follows from a position without reaching into the world: on reaching a phase its review opens (REL-8), and what
 * was rolled out fails or bakes.
 */
function settle(situation: Situation): ReleaseEvent[] {
  const { state, plan } = situation;
  if (state.stage === 'aborting') {
    const revert = nextRevert(state, plan);
    return revert?.at === null ? revertStarted(revert, state.lastAt) : [];
  }
  if (state.stage !== 'running' || state.finishing) {
    return [];
  }
  const advanced = plan.process.length > 0 ? advanceProcesses(state, plan, state.lastAt) : [];
  if (advanced.length > 0) {
    return advanced;
  }
  if (state.fullRollout) {
    return afterFullRollout(situation, state.lastAt);
  }
  const phase = currentPhase(state);
  const { review } = planAt(plan, state.current);
  if (phase.progress.status === 'pending' && review) {
    const at = state.lastAt;
    const deadlineAt = review.deadline ? at + review.deadline.afterMs : null;
    return [{ type: 'review-opened', at, phase: state.current, deadlineAt }];
  }
  return phase.progress.status === 'rolling-out' ? afterRollOut(situation, state.lastAt) : [];
}
