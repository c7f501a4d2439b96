import type { Situation } from './decide';
import { decide, startFullRollout } from './decide';
import { evolveAll } from './evolve';
import type { Instant } from './instant';
import { isRefusal } from './refusal';
import type {
  AcceptedAction,
  ActionOutcome,
  PhaseState,
  ReleaseEvent,
  ReleasePlan,
  ReleaseState,
  TouchedService,
} from './release';
import { currentPhase, isTerminal, phaseAt, planAt } from './release';
import type { StepKind } from './pipeline';
import { advanceProcesses, deadlinePassed, failedStep, nextDeadline, rollOutStep } from './process';
import { kindsOf } from './process-plan';
import type { FinishedJob, RollOutJob, StepJob } from './roll-out';
import { asksFor, deploymentOf, flagsComeFirst, fullRolloutLeft, hasServices, isAllBack, itemsDue } from './roll-out';

/** What a release does next: record something, or wait. */
export type Next = { step: Step } | { waitUntil: Instant | null };

/** What one recording writes: decisions, and at most one reach into the world behind them. */
export interface Step {
  /** Recorded whatever the world says. */
  events: ReleaseEvent[];
  /** Actions decided by this step, in order. */
  outcomes: ActionOutcome[];
  reach: Reach | null;
}

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

/** What `nextStep` is asked with: the situation, the accepted actions not yet decided, what has finished, and the time. */
export interface NextInput extends Situation {
  mailbox: readonly AcceptedAction[];
  /** Jobs that have ended, in any order; those that the position no longer asks for are of no interest. */
  finished: readonly FinishedJob[];
  /** The last attempt to start found others before it in a queue, or a hold: wait to be told (REL-3). */
  held: boolean;
  now: Instant;
}

/**
 * Decides everything that can be decided now, in the order of the contract: each action in the order of acceptance,
 * before it whatever was due or had finished at its time (REL-28, REL-29), then what is due by now, and last the step
 * into the world that the position asks for. Pure: the same input gives the same step, which is what makes it replayable.
 */
export function nextStep(input: NextInput): Next {
  const { plan, holds, mailbox, now } = input;
  // Told by the clock of whoever did it, which may be ahead.
  const finished = input.finished.map((job) => ({ ...job, at: Math.min(job.at, now) })).sort((a, b) => a.at - b.at);
  const events: ReleaseEvent[] = [];
  const outcomes: ActionOutcome[] = [];
  let state = input.state;
  let hasHeard = false;
  const happen = (added: readonly ReleaseEvent[], until: Instant): ReleaseEvent[] => {
    const all = withWhatFollows({ state, plan, holds }, added, until);
    state = evolveAll(state, all);
    return all;
  };
  const nextAction = () => mailbox.find((candidate) => candidate.number === state.decided + 1);
  /** What ended, and what ran out, up to an instant, each at its own time. */
  const elapse = (until: Instant): ReleaseEvent[] => {
    const all: ReleaseEvent[] = [];
    for (let job = finished[0]; job && job.at <= until; job = finished[0]) {
      finished.shift();
      const at = Math.max(job.at, state.lastAt);
      all.push(...happen([], at));
      if (asksFor(state, job.job)) {
        hasHeard = true;
        all.push(...happen(whatBecameOf({ state, plan }, job, at), at));
      }
    }
    return [...all, ...happen([], until)];
  };

  for (let action = nextAction(); action; action = nextAction()) {
    const at = clamp(action.acceptedAt, state.lastAt, now);
    events.push(...elapse(Math.min(at, now)));
    const decision = decide({ state, plan, holds }, action, at, now);
    outcomes.push({
      action: action.id,
      number: action.number,
      at,
      refusal: isRefusal(decision) ? decision : null,
    });
    state = { ...state, decided: action.number };
    events.push(...happen(isRefusal(decision) ? [] : decision.events, at));
  }

  // No action is known that comes after this, but one may have been accepted before it and not have been told: a pause
  // or an approval in time must not lose to the timer, so this is recorded on the same condition as a reach.
  const elapsed = elapse(now);
  // What an ended job has done at targets is known to the store alone: the step into the world is decided with that.
  const next = hasHeard ? null : nextReach({ state, plan, holds }, Math.max(now, state.lastAt), input.held);
  const reach = behind(elapsed, next);
  return reach || events.length > 0 || outcomes.length > 0
    ? { step: { events, outcomes, reach } }
    : { waitUntil: dueAt(state, plan) };
}

/** A reach together with what ran out before it; a revert stays by itself, since nothing may stand in its way. */
function behind(elapsed: ReleaseEvent[], reach: Reach | null): Reach | null {
  if (elapsed.length === 0) {
    return reach;
  }
  return reach && reach.kind !== 'revert'
    ? { ...reach, events: [...elapsed, ...reach.events] }
    : { kind: 'timer', phase: null, events: elapsed };
}

/** The position after a step was recorded, with or without its reach. */
export function afterStep(state: ReleaseState, step: Step, reached: boolean): ReleaseState {
  const decided = step.outcomes.at(-1)?.number ?? state.decided;
  const recorded = evolveAll({ ...state, decided }, step.events);
  return reached && step.reach ? evolveAll(recorded, step.reach.events) : recorded;
}

/** What the end of a job means for the release. */
function whatBecameOf(
  { state, plan }: { state: ReleaseState; plan: ReleasePlan },
  finished: FinishedJob,
  at: Instant,
): ReleaseEvent[] {
  switch (finished.outcome) {
    case 'answered': {
      const place = placeOf(finished.job, at);
      const { answer } = finished;
      const answered: ReleaseEvent = { ...place, type: 'condition-answered', answer };
      return answer ? [answered] : [answered, { ...place, type: 'step-skipped', why: 'condition' }];
    }
    case 'succeeded':
    case 'failed': {
      const { job } = finished;
      const { phase, environment } = job;
      const step = job.kind === 'roll-out' ? stepOfRollOut(state, job) : job.step;
      if (step === null) {
        return finished.outcome === 'succeeded'
          ? [{ type: 'deployment-succeeded', at, phase, environment }]
          : [
              {
                type: 'deployment-failed',
                at,
                phase,
                environment,
                detail: finished.detail,
                errored: finished.errored,
              },
            ];
      }
      const place = { at, phase, environment, attempt: job.attempt, step };
      return finished.outcome === 'succeeded'
        ? [{ ...place, type: 'step-succeeded' }]
        : [failedStep(state, plan, place, finished)];
    }
    case 'reverted':
    case 'drifted': {
      const { service, environment } = finished.job;
      return finished.outcome === 'reverted'
        ? [{ type: 'service-reverted', at, environment, service }]
        : [{ type: 'service-drifted', at, environment, service, detail: finished.detail }];
    }
  }
}

function placeOf({ phase, environment, attempt, step }: StepJob, at: Instant) {
  return { at, phase, environment, attempt, step };
}

/** The step that a roll-out is; null: it is the whole deployment, as the pipeline has no process. */
function stepOfRollOut(state: ReleaseState, job: RollOutJob): number | null {
  const deployment = deploymentOf(state, job);
  const step = deployment ? rollOutStep(deployment) : -1;
  return step === -1 ? null : step;
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

/** The start of a release whose targets are free: it reaches its first phase (REL-7, REL-8). */
export function startRelease(situation: Situation, at: Instant): ReleaseEvent[] {
  return withWhatFollows(situation, [{ type: 'release-started', at: Math.max(at, situation.state.lastAt) }], at);
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
 * The next service to be taken back and when: the last touched first, each at once (null) when those before it are back,
 * and after a wait when that takes longer (REL-19).
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

/** The step into the world that the position asks for, if any. */
function nextReach(situation: Situation, at: Instant, held: boolean): Reach | null {
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
    events: left.length === 0 ? events : withWhatFollows(situation, events, at),
  };
}

/** A skip leaves a failed phase in its attempt; what had failed there is asked for under another key (REL-16, WHK-3). */
function attemptAnew({ attempt, deployments }: PhaseState, environments: readonly string[]): number {
  const wasMade = deployments.some((each) => each.attempt === attempt && environments.includes(each.environment));
  return wasMade ? attempt + 1 : attempt;
}

/** Nothing while a deployment of a full roll-out is under way; where one has failed, its phase has (REL-20, REL-22). */
function afterFullRollout({ state, plan }: Situation, at: Instant): ReleaseEvent[] {
  const failed = state.phases.flatMap(({ progress, attempt, deployments }, phase) =>
    progress.status === 'rolling-out' &&
    deployments.some((deployment) => deployment.attempt === attempt && deployment.state === 'failed')
      ? [phase]
      : [],
  );
  const isUnderWay = state.phases.some(({ deployments }) =>
    deployments.some((deployment) => deployment.state === 'running' || deployment.state === 'waiting'),
  );
  if (failed.length === 0 || (isUnderWay && plan.onFailure !== 'abort')) {
    return [];
  }
  const events = failed.map((phase): ReleaseEvent => ({ type: 'phase-failed', at, phase }));
  return plan.onFailure === 'abort'
    ? [...events, { type: 'release-aborting', at, by: null, action: null, cause: 'phase-failed' }]
    : events;
}

/**
 * The current phase takes effect: a deployment to each environment without a success. Where it is flags alone, they are
 * switched with it and that is all; with services, the rest of the deployment follows (CHG-1, REL-30).
 */
function enterPhase(situation: Situation, at: Instant): ReleaseEvent[] {
  const { state, plan } = situation;
  const phase = state.current;
  const { attempt, deployments } = currentPhase(state);
  const environments = planAt(plan, phase).environments.filter(
    (environment) => !deployments.some((d) => d.environment === environment && d.state === 'succeeded'),
  );
  const started: ReleaseEvent = { type: 'phase-started', at, phase, attempt, environments, ...stepsOf(plan) };
  if (plan.process.length > 0) {
    return withWhatFollows(situation, [started, ...firstSteps(situation, started)], at);
  }
  const rolledOut: ReleaseEvent[] = [
    started,
    ...environments.flatMap((environment): ReleaseEvent[] => {
      const items = itemsDue(plan, state, phase, environment);
      if (items.every(({ kind }) => kind === 'flags')) {
        return [{ type: 'deployment-succeeded', at, phase, environment }];
      }
      return flagsComeFirst(items) ? [{ type: 'flags-applied', at, phase, environment }] : [];
    }),
  ];
  return withWhatFollows(situation, rolledOut, at);
}

/** What the deployments of a pipeline with a process begin with. */
function stepsOf({ process }: ReleasePlan): { steps?: StepKind[] } {
  return process.length > 0 ? { steps: kindsOf(process) } : {};
}

/**
 * The steps with which deployments begin. Where a roll-out is among them its flags are switched in the very transaction
 * that starts it, if nothing comes before them, and with flags alone that is all of it (REL-30).
 */
function firstSteps({ state, plan }: Situation, started: ReleaseEvent): ReleaseEvent[] {
  const all: ReleaseEvent[] = [];
  let position = evolveAll(state, [started]);
  // Each round is one deployment's, which may be over before the next one begins.
  for (;;) {
    const begun = advanceProcesses(position, plan, started.at);
    if (begun.length === 0) {
      return all;
    }
    const events = begun.flatMap((event): ReleaseEvent[] => {
      if (event.type !== 'step-started' || plan.process[event.step]?.kind !== 'roll-out') {
        return [event];
      }
      const { phase, environment, attempt, step, at } = event;
      const items = itemsDue(plan, position, phase, environment);
      const isAll = items.every(({ kind }) => kind === 'flags');
      return [
        event,
        ...(flagsComeFirst(items) ? [{ type: 'flags-applied' as const, at, phase, environment }] : []),
        ...(isAll ? [{ type: 'step-succeeded' as const, at, phase, environment, attempt, step }] : []),
      ];
    });
    all.push(...events);
    position = evolveAll(position, events);
  }
}

/**
 * What comes when no deployment of the phase runs or waits any more: failure, an armed intent, or the bake (REL-13,
 * REL-17, REL-22, REL-31). Nothing while one is still under way, unless the first failure aborts the release.
 */
export function afterRollOut(situation: Situation, at: Instant): ReleaseEvent[] {
  const { state, plan, holds } = situation;
  const phase = state.current;
  const { bakeMs } = planAt(plan, phase);
  const { deployments, attempt } = currentPhase(state);
  const latest = deployments.filter((deployment) => deployment.attempt === attempt);
  const isUnderWay = latest.some((deployment) => deployment.state === 'running' || deployment.state === 'waiting');
  const hasFailed = latest.some((deployment) => deployment.state === 'failed');
  if (isUnderWay && !(hasFailed && plan.onFailure === 'abort')) {
    return [];
  }
  const { armed } = state;
  if (hasFailed) {
    const failed: ReleaseEvent[] = [{ type: 'phase-failed', at, phase }];
    if (armed && armed.intent !== 'pause') {
      failed.push({ type: 'intent-dropped', at, phase, intent: armed.intent, why: 'failed' });
    }
    return plan.onFailure === 'abort'
      ? [...failed, { type: 'release-aborting', at, by: null, action: null, cause: 'phase-failed' }]
      : failed;
  }

  const bake: ReleaseEvent = { type: 'bake-started', at, phase, endsAt: at + bakeMs };
  if (!armed) {
    return [bake];
  }
  const { by, action, intent } = armed;
  switch (intent) {
    case 'pause':
      return [{ type: 'bake-paused', at, phase, remainingMs: bakeMs, by, action }];
    case 'skip':
      return [{ type: 'bake-ended', at, phase, how: 'skipped', by, action }];
    case 'full-rollout':
      return holds.length === 0
        ? [startFullRollout(situation, armed, at)]
        : [{ type: 'intent-dropped', at, phase, intent, why: 'held' }, bake];
  }
}

/**
 * Events with all that follows from them: reviews that open, and what runs out until then, each at its own time; bakes
 * of no length end at once (REL-23). What follows at once comes before the next deadline, so that of several deadlines
 * each moves on what is its own (REL-29).
 */
function withWhatFollows(situation: Situation, events: readonly ReleaseEvent[], until: Instant): ReleaseEvent[] {
  const all = [...events];
  let state = evolveAll(situation.state, events);
  for (;;) {
    const settled = settle({ ...situation, state });
    const due = dueAt(state, situation.plan);
    const isDue = settled.length === 0 && due !== null && due <= until;
    const followed = isDue ? whatIsDue({ ...situation, state }, due) : settled;
    if (followed.length === 0) {
      return all;
    }
    all.push(...followed);
    state = evolveAll(state, followed);
  }
}

function clamp(value: Instant, from: Instant, to: Instant): Instant {
  return Math.max(from, Math.min(value, to));
}

/** The end of a release whose change set no longer holds when its turn comes: nothing was touched (REL-3). */
export function refuseStart(state: ReleaseState, detail: string, now: Instant): ReleaseEvent[] {
  const at = Math.max(now, state.lastAt);
  return [
    { type: 'release-aborting', at, by: null, action: null, cause: 'change-set-outdated', detail },
    { type: 'release-aborted', at },
  ];
}
