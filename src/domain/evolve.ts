import { evolveStep } from './process';
import type { PhaseState, ReleaseState, StepState, TouchedService } from './release';
import type { ProcessEvent, ReleaseEvent } from './release-event';

/** The position after an event. Never throws: a fact that no longer applies leaves what it does not fit unchanged. */
function evolve(state: ReleaseState, event: ReleaseEvent): ReleaseState {
  const after = apply(state, event);
  return isOfJob(event) ? after : { ...after, lastAt: Math.max(state.lastAt, event.at) };
}

/** Told by the clock of whoever did it: times of a release are workflow time, and no timer counts from these (REL-29). */
function isOfJob({ type }: ReleaseEvent): boolean {
  return (
    type === 'flags-applied' ||
    type === 'service-apply-started' ||
    type === 'service-applied' ||
    type === 'service-apply-failed'
  );
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
      // A full roll-out may start several phases, the last of which is current (REL-20).
      return withPhase({ ...state, current: Math.max(state.current, event.phase) }, event.phase, (phase) => ({
        progress: { status: 'rolling-out' },
        attempt: event.attempt,
        startedAt: phase.startedAt ?? event.at,
        deployments: [
          ...phase.deployments,
          ...event.environments.map((environment) => ({
            environment,
            attempt: event.attempt,
            state: 'running' as const,
            flagsApplied: false,
            ...(state.fullRollout && { ofFullRollout: true as const }),
            ...(event.steps && {
              steps: event.steps.map((kind): StepState => ({ kind, state: 'pending', try: 1 })),
            }),
          })),
        ],
      }));
    case 'interruption-raised':
      return withStep({ ...state, interruptions: Math.max(state.interruptions ?? 0, event.interruption) }, event);
    case 'step-checking':
    case 'condition-answered':
    case 'step-skipped':
    case 'step-started':
    case 'step-succeeded':
    case 'step-failed':
    case 'interruption-proceeded':
    case 'interruption-submitted':
    case 'interruption-deadline-passed':
      return withStep(state, event);
    case 'deployment-succeeded':
      return withDeployment(state, event.phase, event.environment, { state: 'succeeded' });
    case 'deployment-failed':
      return withDeployment(state, event.phase, event.environment, { state: 'failed' });
    case 'flags-applied':
      return withDeployment(state, event.phase, event.environment, { flagsApplied: true });
    case 'service-apply-started': {
      const { service, environment, phase, attempt } = event;
      return withTouched(state, { service, environment, phase, attempt, state: 'applying', revertingSince: null });
    }
    case 'service-applied':
      return withServiceState(state, event, ['applying', 'failed'], { state: 'applied' });
    case 'service-apply-failed':
      return withServiceState(state, event, ['applying'], { state: event.drifted ? 'drifted' : 'failed' });
    case 'phase-failed':
      return withPhase(state, event.phase, { progress: { status: 'failed' } });
    case 'phase-retried':
      // The current phase of a full roll-out takes part in a retry although another one failed.
      return withPhase(state, event.phase, ({ progress }) => ({
        progress: progress.status === 'failed' ? { status: 'ready' } : progress,
        attempt: event.attempt,
      }));
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
        withPhase(disarmed(state), event.phase, ({ deployments }) => ({
          progress: { status: 'skipped' },
          partial: event.partial,
          endedAt: event.at,
          // Switched back with it, and not to be seen again should a full roll-out take the phase up (REL-16, REL-20).
          deployments: deployments.map((each) => (each.state === 'failed' ? { ...each, flagsApplied: false } : each)),
        })),
        event.phase + 1,
      );
    case 'intent-armed':
      return { ...state, armed: { intent: event.intent, by: event.by, action: event.action } };
    case 'intent-disarmed':
    case 'intent-dropped':
      return disarmed(state);
    case 'full-rollout-started':
      return withPhase(
        { ...disarmed(state), fullRollout: { by: event.by, action: event.action } },
        state.current,
        (phase) => withoutWaiting(phase, event.at),
      );
    case 'release-aborting':
      return {
        ...disarmed(state),
        stage: 'aborting',
        fullRollout: null,
        finishing: false,
        phases: state.phases.map(withoutRunning),
      };
    case 'flags-reverted':
      return { ...state, flagsReverted: true };
    case 'service-revert-started':
      return withServiceState(state, event, ['applying', 'applied', 'failed'], {
        state: 'reverting',
        revertingSince: event.at,
      });
    case 'service-reverted':
      return withServiceState(state, event, ['reverting'], { state: 'reverted' });
    case 'service-drifted':
      return withServiceState(state, event, ['reverting'], { state: 'drifted' });
    case 'drift-accepted':
      return withServiceState(state, event, ['applying', 'applied', 'failed', 'reverting'], { state: 'drifted' });
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

/** A bake or a review that a full roll-out passes is over (REL-20). */
function withoutWaiting({ progress }: PhaseState, at: number): Partial<PhaseState> {
  switch (progress.status) {
    case 'baking':
    case 'paused':
      return { progress: { status: 'released' }, endedAt: at };
    case 'waiting-for-review':
      return { progress: { status: 'pending' } };
    default:
      return {};
  }
}

/** Abort stops the process where it stands (REL-32). */
function withoutRunning(phase: PhaseState): PhaseState {
  return {
    ...phase,
    deployments: phase.deployments.map((deployment) =>
      deployment.state === 'running' || deployment.state === 'waiting'
        ? { ...deployment, state: 'aborted', ...(deployment.steps && { steps: deployment.steps.map(stopped) }) }
        : deployment,
    ),
  };
}

/** A step that had not ended; what it asked is closed (INT-7). */
function stopped(step: StepState): StepState {
  switch (step.state) {
    case 'succeeded':
    case 'failed':
    case 'skipped':
      return step;
    default:
      return { kind: step.kind, state: 'aborted', try: step.try };
  }
}

/** One that has ended meanwhile is left alone. */
function withStep(state: ReleaseState, event: ProcessEvent): ReleaseState {
  return withPhase(state, event.phase, ({ deployments }) => ({
    deployments: deployments.map((deployment) =>
      deployment.environment === event.environment &&
      deployment.attempt === event.attempt &&
      (deployment.state === 'running' || deployment.state === 'waiting')
        ? evolveStep(deployment, event)
        : deployment,
    ),
  }));
}

/** A service is touched once; touched again it keeps its place in the order (REL-19). */
function withTouched(state: ReleaseState, touch: TouchedService): ReleaseState {
  const isSame = ({ service, environment }: TouchedService) =>
    service === touch.service && environment === touch.environment;
  return {
    ...state,
    touched: state.touched.some(isSame)
      ? state.touched.map((each) => (isSame(each) ? touch : each))
      : [...state.touched, touch],
  };
}

function withServiceState(
  state: ReleaseState,
  { service, environment }: { service: string; environment: string },
  from: readonly TouchedService['state'][],
  change: Partial<TouchedService>,
): ReleaseState {
  return {
    ...state,
    touched: state.touched.map((each) =>
      each.service === service && each.environment === environment && from.includes(each.state)
        ? { ...each, ...change }
        : each,
    ),
  };
}

/** The youngest deployment of that environment: an earlier attempt's outcome stands. */
function withDeployment(
  state: ReleaseState,
  index: number,
  environment: string,
  change: Partial<PhaseState['deployments'][number]>,
): ReleaseState {
  return withPhase(state, index, (phase) => {
    const attempt = Math.max(...phase.deployments.filter((d) => d.environment === environment).map((d) => d.attempt));
    return {
      deployments: phase.deployments.map((deployment) =>
        deployment.environment === environment && deployment.attempt === attempt
          ? { ...deployment, ...change }
          : deployment,
      ),
    };
  });
}
