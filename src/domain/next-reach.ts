import { enterPhase, stepsOf } from './enter-phase';
import type { Instant } from './instant';
import type { PhaseState } from './release';
import { currentPhase, isTerminal, phaseAt } from './release';
import type { ReleaseEvent } from './release-event';
import { fullRolloutLeft, hasServices, isAllBack } from './roll-out';
import type { Situation } from './situation';
import { startRelease } from './start-release';
import { withWhatFollows } from './what-follows';

/**
 * What happens only if nothing undecided stands in the way when it is recorded (REL-30): a step into the world, in the
 * transaction that takes effect, and what ran out before it. A hold stands in the way of every kind but `timer` and
 * `revert`; nothing at all stands in the way of a revert (REL-19).
 */
export interface Reach {
  /** `timer`: a bake or a deadline ran out and nothing outside changes. */
  kind: 'timer' | 'start' | 'phase' | 'full-rollout' | 'completion' | 'revert';
  /** Index of the phase that takes effect; null where no single one does. */
  phase: number | null;
  events: ReleaseEvent[];
}

/** The step into the world that the position asks for, if any. */
export function nextReach(situation: Situation, at: Instant, held: boolean): Reach | null {
  const { state, holds } = situation;
  if (isTerminal(state)) {
    return null;
  }
  if (state.stage === 'aborting') {
    return nextReverting(situation, at);
  }
  if (held || holds.length > 0) {
    return null;
  }
  if (state.stage === 'queued') {
    return { kind: 'start', phase: null, events: startRelease(situation, at) };
  }
  if (state.fullRollout) {
    return nextFullRollout(situation, at);
  }
  if (state.finishing) {
    return { kind: 'completion', phase: null, events: [{ type: 'release-completed', at }] };
  }
  const { status } = currentPhase(state).progress;
  return status === 'pending' || status === 'ready'
    ? { kind: 'phase', phase: state.current, events: enterPhase(situation, at) }
    : null;
}

/** All flags at once; with services, these follow before the release has ended (REL-19). */
function nextReverting({ state, plan }: Situation, at: Instant): Reach | null {
  // What a deployment has touched is known for certain only when this is recorded, however it ended.
  const isAlone = !hasServices(plan) || state.phases.every(({ deployments }) => deployments.length === 0);
  if (isAlone || (state.flagsReverted && isAllBack(state))) {
    return { kind: 'revert', phase: null, events: [{ type: 'release-aborted', at }] };
  }
  return state.flagsReverted ? null : { kind: 'revert', phase: null, events: [{ type: 'flags-reverted', at }] };
}

/** Services go first, everywhere at once; the flags lose their filter when all have arrived (REL-20). */
function nextFullRollout(situation: Situation, at: Instant): Reach | null {
  const { state, plan } = situation;
  const { phases } = state;
  if (
    phases.some(({ progress }) => progress.status === 'failed') ||
    phases.some(({ deployments }) => deployments.some(({ state: of }) => of === 'running' || of === 'waiting'))
  ) {
    return null;
  }
  const left = fullRolloutLeft(plan, state);
  const events: ReleaseEvent[] =
    left.length === 0
      ? [{ type: 'release-completed', at }]
      : left.map(({ phase, environments }) => ({
          type: 'phase-started',
          at,
          phase,
          attempt: attemptAnew(phaseAt(state, phase), environments),
          environments,
          ...stepsOf(plan),
        }));
  return {
    kind: 'full-rollout',
    phase: null,
    events: left.length === 0 ? events : withWhatFollows(situation, events, at, true),
  };
}

/** A skip leaves a failed phase in its attempt; what had failed there is asked for under another key (REL-16, WHK-3). */
function attemptAnew({ attempt, deployments }: PhaseState, environments: readonly string[]): number {
  const wasMade = deployments.some((each) => each.attempt === attempt && environments.includes(each.environment));
  return wasMade ? attempt + 1 : attempt;
}
