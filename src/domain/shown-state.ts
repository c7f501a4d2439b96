import type { Hold, PhaseState, ReleaseState } from './release';
import { currentPhase } from './release';

/** States of a release as everybody sees them (REL-6). */
export type ShownState =
  | 'queued'
  | 'blocked'
  | 'waiting-for-review'
  | 'rolling-out'
  | 'waiting-for-intervention'
  | 'baking'
  | 'paused'
  | 'failed'
  | 'aborting'
  | 'aborted'
  | 'completed';

/** States of a phase as everybody sees them. */
export type ShownPhaseState =
  'pending' | 'waiting-for-review' | 'rolling-out' | 'baking' | 'released' | 'skipped' | 'failed' | 'reverted';

/** Of several truths the first that holds is the state (REL-6). */
export function shownState(state: ReleaseState, holds: readonly Hold[] = []): ShownState {
  switch (state.stage) {
    case 'completed':
    case 'aborted':
    case 'aborting':
    case 'queued':
      return state.stage;
    case 'running':
      return runningState(state, holds);
  }
}

function runningState(state: ReleaseState, holds: readonly Hold[]): ShownState {
  if (state.fullRollout) {
    return fullRolloutState(state, holds);
  }

  if (state.finishing) {
    // Completion is kept up by a hold, or by an action that is decided first (REL-24, REL-30).
    return 'blocked';
  }

  const phase = currentPhase(state);
  switch (phase.progress.status) {
    case 'rolling-out':
      return phase.deployments.some((deployment) => deployment.state === 'waiting') &&
        !phase.deployments.some((deployment) => deployment.state === 'running')
        ? 'waiting-for-intervention'
        : 'rolling-out';
    case 'failed':
    case 'paused':
    case 'baking':
      return phase.progress.status;
    case 'waiting-for-review':
      return holds.length > 0 ? 'blocked' : 'waiting-for-review';
    case 'pending':
    case 'ready':
      // Without a hold only an undecided action can stand between the phase and its start (REL-30).
      return holds.length > 0 ? 'blocked' : 'rolling-out';
    case 'released':
    case 'skipped':
    case 'reverted':
      return 'blocked';
  }
}

/** A full roll-out has deployments in several phases at once, and fails when none of them runs any more (REL-20). */
function fullRolloutState({ phases }: ReleaseState, holds: readonly Hold[]): ShownState {
  if (phases.some(({ deployments }) => deployments.some(({ state }) => state === 'running'))) {
    return 'rolling-out';
  }
  if (phases.some(({ deployments }) => deployments.some(({ state }) => state === 'waiting'))) {
    return 'waiting-for-intervention';
  }
  if (phases.some(({ progress }) => progress.status === 'failed')) {
    return 'failed';
  }
  return holds.length > 0 ? 'blocked' : 'rolling-out';
}

/** What a phase shows; a paused bake shows `baking` with no end. */
export function shownPhaseState(phase: PhaseState): ShownPhaseState {
  switch (phase.progress.status) {
    case 'paused':
      return 'baking';
    case 'ready':
      return phase.startedAt === null ? 'pending' : 'rolling-out';
    default:
      return phase.progress.status;
  }
}
