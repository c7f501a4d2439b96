import type { PhaseState, ReleaseEvent, ReleaseState } from './release';

/** The position after an event. Never throws: a fact that no longer applies leaves what it does not fit unchanged. */
function evolve(state: ReleaseState, event: ReleaseEvent): ReleaseState {
  return { ...apply(state, event), lastAt: Math.max(state.lastAt, event.at) };
}

/** The position after events, in order. */
export function evolveAll(state: ReleaseState, events: readonly ReleaseEvent[]): ReleaseState {
  return events.reduce(evolve, state);
}

function apply(state: ReleaseState, event: ReleaseEvent): ReleaseState {
  switch (event.type) {
    case 'release-started':
      return reach({ ...state, stage: 'running' }, 0);
    case 'review-opened':
      return withPhase(state, event.phase, {
        progress: { status: 'waiting-for-review', openedAt: event.at, deadlineAt: event.deadlineAt },
      });
    case 'approval-given':
      return withPhase(state, event.phase, (phase) => ({
        approvals: [...phase.approvals, { by: event.by, at: event.at, tokenMaker: event.tokenMaker }],
      }));
    case 'review-passed':
      return withPhase(state, event.phase, { progress: { status: 'ready' } });
    case 'review-deadline-passed':
      return withPhase(state, event.phase, (phase) =>
        phase.progress.status === 'waiting-for-review' ? { progress: { ...phase.progress, deadlineAt: null } } : {},
      );
    case 'phase-started':
      return withPhase(state, event.phase, (phase) => ({
        progress: { status: 'rolling-out' },
        startedAt: phase.startedAt ?? event.at,
        deployments: [
          ...phase.deployments,
          ...event.environments.map((environment) => ({
            environment,
            attempt: event.attempt,
            state: 'running' as const,
          })),
        ],
      }));
    case 'deployment-waiting':
      return withDeployment(state, event.phase, event.environment, 'waiting');
    case 'deployment-resumed':
      return withDeployment(state, event.phase, event.environment, 'running');
    case 'deployment-succeeded':
      return withDeployment(state, event.phase, event.environment, 'succeeded');
    case 'deployment-failed':
      return withDeployment(state, event.phase, event.environment, 'failed');
    case 'phase-failed':
      return withPhase(state, event.phase, { progress: { status: 'failed' } });
    case 'phase-retried':
      return withPhase(state, event.phase, { progress: { status: 'ready' }, attempt: event.attempt });
    case 'bake-started':
      return withPhase(disarmed(state), event.phase, { progress: { status: 'baking', endsAt: event.endsAt } });
    case 'bake-paused':
      return withPhase(disarmed(state), event.phase, {
        progress: { status: 'paused', remainingMs: event.remainingMs, by: event.by, since: event.at },
      });
    case 'bake-unpaused':
      return withPhase(state, event.phase, { progress: { status: 'baking', endsAt: event.endsAt } });
    case 'bake-ended':
      return reach(
        withPhase(disarmed(state), event.phase, { progress: { status: 'released' }, endedAt: event.at }),
        event.phase + 1,
      );
    case 'phase-skipped':
      return reach(
        withPhase(disarmed(state), event.phase, {
          progress: { status: 'skipped' },
          partial: event.partial,
          endedAt: event.at,
        }),
        event.phase + 1,
      );
    case 'intent-armed':
      return { ...state, armed: { intent: event.intent, by: event.by, action: event.action } };
    case 'intent-disarmed':
    case 'intent-dropped':
      return disarmed(state);
    case 'full-rollout-started':
      return { ...disarmed(state), fullRollout: { by: event.by, action: event.action } };
    case 'release-aborting':
      return { ...disarmed(state), stage: 'aborting', fullRollout: null, finishing: false };
    case 'release-aborted':
      return { ...state, stage: 'aborted', phases: state.phases.map((phase) => reverted(phase, event.at)) };
    case 'release-completed':
      return {
        ...state,
        stage: 'completed',
        fullRollout: null,
        finishing: false,
        phases: state.phases.map((phase) => completed(phase, event.at)),
      };
  }
}

/** The next phase becomes current; after the last one completion is next and the last stays current (REL-7). */
function reach(state: ReleaseState, index: number): ReleaseState {
  return index < state.phases.length
    ? { ...state, current: Math.max(state.current, index) }
    : { ...state, finishing: true };
}

function disarmed(state: ReleaseState): ReleaseState {
  return { ...state, armed: null };
}

/** Abort takes back whatever a phase had put out (REL-19). */
function reverted(phase: PhaseState, at: number): PhaseState {
  if (phase.startedAt === null) {
    return phase.progress.status === 'skipped' ? phase : { ...phase, progress: { status: 'pending' } };
  }
  return { ...phase, progress: { status: 'reverted' }, endedAt: at };
}

/** A phase that was under way when the release was completed is released; one never entered was skipped (REL-20). */
function completed(phase: PhaseState, at: number): PhaseState {
  switch (phase.progress.status) {
    case 'released':
    case 'skipped':
      return phase;
    default:
      return {
        ...phase,
        progress: { status: phase.startedAt === null ? 'skipped' : 'released' },
        endedAt: at,
      };
  }
}

function withPhase(
  state: ReleaseState,
  index: number,
  change: Partial<PhaseState> | ((phase: PhaseState) => Partial<PhaseState>),
): ReleaseState {
  return {
    ...state,
    phases: state.phases.map((phase, i) =>
      i === index ? { ...phase, ...(typeof change === 'function' ? change(phase) : change) } : phase,
    ),
  };
}

/** The youngest deployment of that environment: an earlier attempt's outcome stands. */
function withDeployment(
  state: ReleaseState,
  index: number,
  environment: string,
  to: PhaseState['deployments'][number]['state'],
): ReleaseState {
  return withPhase(state, index, (phase) => {
    const attempt = Math.max(...phase.deployments.filter((d) => d.environment === environment).map((d) => d.attempt));
    return {
      deployments: phase.deployments.map((deployment) =>
        deployment.environment === environment && deployment.attempt === attempt
          ? { ...deployment, state: to }
          : deployment,
      ),
    };
  });
}
