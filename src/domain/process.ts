import type { Instant } from './instant';
import { phasesToCome } from './phases-to-come';
import type { DeploymentState, OpenInterruption, ReleaseState, StepFailure, StepState } from './release';
import type { ProcessEvent, ReleaseEvent, StepPlace } from './release-event';
import { planAt, type ReleasePlan, type StepPlan } from './release-plan';
import { isIn } from './step-limits';

/*
 * A deployment's process: which step is next, and when the deployment has ended (PRO-2, PRO-7, PRO-8). Steps that start
 * together are a group; a group starts when the one before it has ended.
 */

/** A deployment that has a process, and where it stands. */
interface RunningProcess {
  phase: number;
  deployment: DeploymentState;
  steps: readonly StepState[];
}

/**
 * What the processes of a release do next without anybody's doing: steps that start, are left out or are checked, and
 * the ends of deployments. One deployment's at a time, nothing where all of them are waiting for something. What they
 * are to ask people is asked by `raiseSignOffs`.
 */
export function advanceProcesses(state: ReleaseState, plan: ReleasePlan, at: Instant): ReleaseEvent[] {
  for (const running of runningProcesses(state)) {
    const events = advance(running, state, plan, at).filter(({ type }) => type !== 'interruption-raised');
    if (events.length > 0) {
      return events;
    }
  }
  return [];
}

/**
 * The sign-offs whose turn it is. They are raised in the present and never while the release catches up with its past:
 * a deadline of one that nobody has seen would have passed before anybody could answer (INT-6, REL-29).
 */
export function raiseSignOffs(state: ReleaseState, plan: ReleasePlan, now: Instant): ReleaseEvent[] {
  let raised = state.interruptions ?? 0;
  return runningProcesses(state)
    .flatMap((running) => advance(running, state, plan, now))
    .flatMap((event): ReleaseEvent[] => {
      if (event.type !== 'interruption-raised') {
        return [];
      }
      raised += 1;
      return [{ ...event, interruption: raised }];
    });
}

/** The deployments that run or wait, and have a process. */
function runningProcesses(state: ReleaseState): RunningProcess[] {
  return state.phases.flatMap(({ deployments }, phase) =>
    deployments.flatMap((deployment): RunningProcess[] =>
      deployment.steps && (deployment.state === 'running' || deployment.state === 'waiting')
        ? [{ phase, deployment, steps: deployment.steps }]
        : [],
    ),
  );
}

function advance(running: RunningProcess, state: ReleaseState, plan: ReleasePlan, at: Instant): ReleaseEvent[] {
  const { phase, deployment, steps } = running;
  const failures: StepFailure[] = [];
  for (const group of groupsOf(plan.process)) {
    const states = group.flatMap((index) => steps[index] ?? []);
    if (states.every(hasEnded)) {
      failures.push(...states.flatMap(({ state: ended, failure }) => (ended === 'failed' && failure ? [failure] : [])));
      continue;
    }
    return group.flatMap((index): ReleaseEvent[] => {
      const step = plan.process[index];
      const standing = steps[index];
      if (!step || !standing) {
        return [];
      }
      const place = { at, phase, environment: deployment.environment, attempt: deployment.attempt, step: index };
      const event = begin(step, standing, {
        place,
        phaseNames: phaseNamesOf(running, state, plan),
        failed: failures.length > 0,
      });
      return event ? [event] : [];
    });
  }
  return [endOf(running, failures, at)];
}

/**
 * A deployment whose steps have all ended: the first failure is what went wrong (PRO-8), and who aborted it first has
 * ended it, whatever else has failed (INT-5).
 */
function endOf({ phase, deployment }: RunningProcess, failures: readonly StepFailure[], at: Instant): ReleaseEvent {
  const { environment } = deployment;
  const [first] = failures;
  if (!first) {
    return { type: 'deployment-succeeded', at, phase, environment };
  }
  const { detail, errored } = first;
  const aborts = failures.filter(({ by }) => by !== undefined);
  // Within a group the first listed one need not be the first that was answered.
  const { by, action } = aborts.sort((one, other) => (one.at ?? 0) - (other.at ?? 0))[0] ?? {};
  return {
    type: 'deployment-failed',
    at,
    phase,
    environment,
    detail,
    errored,
    ...(by !== undefined && { by }),
    ...(action !== undefined && { action }),
  };
}

/** Index of the first of the steps that start together with this one: what stands before it has ended (PRO-8). */
export function startOfGroup(process: readonly StepPlan[], step: number): number {
  return groupsOf(process).find((group) => group.includes(step))?.[0] ?? step;
}

/** The indexes of steps that start together, in order; the first step opens a group, whatever it says. */
function groupsOf(process: readonly StepPlan[]): number[][] {
  const groups: number[][] = [];
  process.forEach(({ start }, index) => {
    const last = groups.at(-1);
    if (start === 'with-previous' && last) {
      last.push(index);
    } else {
      groups.push([index]);
    }
  });
  return groups;
}

/** Nothing becomes of a step any more. */
function hasEnded({ state }: StepState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'skipped' || state === 'aborted';
}

interface Beginning {
  place: StepPlace & { at: Instant };
  phaseNames: readonly string[];
  /** A step of an earlier group has failed; one that did not run has no status (PRO-8). */
  failed: boolean;
}

/** How a step begins whose turn it is; null: it is under way. */
function begin(step: StepPlan, { state, try: tried }: StepState, beginning: Beginning): ProcessEvent | null {
  const { place } = beginning;
  switch (state) {
    case 'pending': {
      const why = whyLeftOut(step, beginning);
      if (why !== null) {
        return leftOut(step, beginning, why);
      }
      return step.runWhen === 'expression' ? { ...place, type: 'step-checking' } : start(step, tried, place);
    }
    case 'ready':
      return start(step, tried, place);
    default:
      return null;
  }
}

function whyLeftOut(step: StepPlan, { place, phaseNames, failed }: Beginning): WhyLeftOut | null {
  const { skipped, runWhen } = step;
  if (!isIn(step, phaseNames, place.environment)) {
    return 'limits';
  }
  if (skipped) {
    return 'asked';
  }
  return (runWhen === 'success' && failed) || (runWhen === 'failure' && !failed) ? 'status' : null;
}

/**
 * The phases for which a deployment runs: its own, and of a full roll-out all that its environment has still to go
 * through, whose steps are never bypassed (REL-20).
 */
function phaseNamesOf({ phase, deployment }: RunningProcess, state: ReleaseState, plan: ReleasePlan): string[] {
  const others = deployment.ofFullRollout ? phasesToCome(plan, state, deployment.environment) : [];
  return [phase, ...others].map((index) => planAt(plan, index).name);
}

type WhyLeftOut = Extract<ProcessEvent, { type: 'step-skipped' }>['why'];

/**
 * A step that does not run. A roll-out is what its deployment is for: where nothing has kept it from running but its own
 * limits or condition, it has failed, so that no phase is released with nothing in it (PRO-8).
 */
function leftOut(
  step: StepPlan,
  { place, failed }: Pick<Beginning, 'place' | 'failed'>,
  why: WhyLeftOut,
): ProcessEvent {
  if (step.kind !== 'roll-out' || failed) {
    return { ...place, type: 'step-skipped', why };
  }
  const detail = `The roll-out did not run: ${WHY_NOT[why]}, so nothing was released`;
  return { ...place, type: 'step-failed', detail, errored: false };
}

const WHY_NOT: Record<WhyLeftOut, string> = {
  limits: 'it is not for this environment or phase',
  asked: 'the trigger asked for that',
  status: 'it is to run after a failure, and no step before it had failed',
  condition: 'its condition was false',
};

/** What becomes of a step whose condition was found not to hold. */
export function conditionFailed(
  { state, plan }: { state: ReleaseState; plan: ReleasePlan },
  place: StepPlace & { at: Instant },
): ProcessEvent {
  const step = plan.process[place.step];
  const steps = runningProcesses(state).find(
    ({ phase, deployment: { environment, attempt } }) =>
      phase === place.phase && environment === place.environment && attempt === place.attempt,
  )?.steps;
  const before = steps?.slice(0, startOfGroup(plan.process, place.step)) ?? [];
  const failed = before.some(({ state: ended }) => ended === 'failed');
  return step ? leftOut(step, { place, failed }, 'condition') : { ...place, type: 'step-skipped', why: 'condition' };
}

function start(step: StepPlan, tried: number, place: StepPlace & { at: Instant }): ProcessEvent {
  if (step.kind !== 'manual') {
    return { ...place, type: 'step-started', try: tried };
  }
  const deadline = step.manual?.deadline ?? null;
  return {
    ...place,
    type: 'interruption-raised',
    // Given by whoever counts them.
    interruption: 0,
    kind: 'manual',
    deadlineAt: deadline && place.at + deadline.afterMs,
  };
}

/** A step that has gone wrong: a person is asked before it fails, where the pipeline wants that (INT-10). */
export function failedStep(
  state: ReleaseState,
  plan: ReleasePlan,
  place: StepPlace & { at: Instant },
  failure: { detail: string; errored: boolean },
): ProcessEvent {
  const { detail, errored } = failure;
  return plan.guidedFailure
    ? {
        ...place,
        type: 'interruption-raised',
        interruption: (state.interruptions ?? 0) + 1,
        kind: 'failure',
        deadlineAt: null,
        failure: { detail, errored },
      }
    : { ...place, type: 'step-failed', detail, errored };
}

/** An interruption that is not answered, and whose step it is. */
export interface FoundInterruption {
  place: StepPlace;
  step: StepPlan;
  open: OpenInterruption;
}

/** All that are open, in the order in which they were raised. */
export function openInterruptions(state: ReleaseState, plan: ReleasePlan): FoundInterruption[] {
  return runningProcesses(state)
    .flatMap(({ phase, deployment, steps }) =>
      steps.flatMap(({ interruption: open }, index): FoundInterruption[] => {
        const step = plan.process[index];
        const { environment, attempt } = deployment;
        return open && step ? [{ place: { phase, environment, attempt, step: index }, step, open }] : [];
      }),
    )
    .sort((a, b) => a.open.number - b.open.number);
}

/** The interruption whose deadline passes first; null: none has one (INT-6). */
export function nextDeadline(state: ReleaseState, plan: ReleasePlan): (FoundInterruption & { at: Instant }) | null {
  let next: (FoundInterruption & { at: Instant }) | null = null;
  for (const found of openInterruptions(state, plan)) {
    const at = found.open.deadlineAt;
    if (at !== null && (next === null || at < next.at)) {
      next = { ...found, at };
    }
  }
  return next;
}

/** What a deadline that passes brings about (INT-6, VAR-8). */
export function deadlinePassed({ place, step, open }: FoundInterruption, at: Instant): ProcessEvent {
  return {
    ...place,
    at,
    type: 'interruption-deadline-passed',
    interruption: open.number,
    outcome: step.manual?.deadline?.outcome ?? 'abort',
  };
}

/** The roll-out step of a deployment that has a process. */
export function rollOutStep({ steps }: Pick<DeploymentState, 'steps'>): number {
  return steps?.findIndex(({ kind }) => kind === 'roll-out') ?? -1;
}

/** Whether a deployment has brought the change set to its targets: for certain, or as far as anybody has told yet. */
export function hasRolledOut(deployment: DeploymentState): boolean {
  return deployment.steps
    ? deployment.steps.some(({ kind, state }) => kind === 'roll-out' && state === 'succeeded')
    : deployment.state === 'succeeded';
}

/** The steps of a deployment after one of its events. */
export function evolveStep(deployment: DeploymentState, event: ProcessEvent): DeploymentState {
  if (!deployment.steps?.[event.step]) {
    return deployment;
  }
  const steps = deployment.steps.map((step, index) => (index === event.step ? changed(step, event) : step));
  const isWaiting = steps.some(({ interruption }) => interruption !== undefined);
  return { ...deployment, steps, state: isWaiting ? 'waiting' : 'running' };
}

function changed(step: StepState, event: ProcessEvent): StepState {
  const { interruption: open, failure, ...rest } = step;
  switch (event.type) {
    case 'step-checking':
      return { ...rest, state: 'checking' };
    case 'condition-answered':
      return { ...rest, state: event.answer ? 'ready' : 'checking' };
    case 'step-skipped':
      return { ...rest, state: 'skipped' };
    case 'step-started':
      return { ...rest, state: 'running' };
    case 'step-succeeded':
      return { ...rest, state: 'succeeded' };
    case 'step-failed':
      return { ...rest, state: 'failed', failure: { detail: event.detail, errored: event.errored } };
    case 'interruption-raised':
      return {
        ...rest,
        state: 'waiting',
        interruption: {
          number: event.interruption,
          kind: event.kind,
          deadlineAt: event.deadlineAt,
          proceeds: [],
          ...(step.state === 'checking' && { ofCondition: true as const }),
        },
        ...(event.failure && { failure: event.failure }),
      };
    case 'interruption-proceeded':
      return open
        ? {
            ...step,
            interruption: { ...open, proceeds: [...open.proceeds, { by: event.by, tokenMaker: event.tokenMaker }] },
          }
        : step;
    case 'interruption-submitted':
      return answered(step, event);
    case 'interruption-deadline-passed':
      switch (event.outcome) {
        case 'proceed':
          return { ...rest, state: 'succeeded' };
        case 'abort':
          return {
            ...rest,
            state: 'failed',
            failure: { detail: 'Nobody answered before the deadline', errored: false },
          };
        case 'escalate':
          return open ? { ...step, interruption: { ...open, deadlineAt: null } } : step;
      }
  }
}

function answered(
  { interruption: open, failure, ...step }: StepState,
  { result, by, action, at }: Extract<ProcessEvent, { type: 'interruption-submitted' }>,
): StepState {
  switch (result) {
    case 'proceed':
    case 'ignore':
      return { ...step, state: 'succeeded' };
    case 'abort':
      return { ...step, state: 'failed', failure: { detail: 'A person said no', errored: false, by, action, at } };
    case 'fail':
      return { ...step, state: 'failed', ...(failure && { failure }) };
    case 'retry':
      return { ...step, state: open?.ofCondition ? 'pending' : 'ready', try: step.try + 1 };
  }
}
