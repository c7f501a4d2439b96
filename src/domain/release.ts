import type { Instant } from './instant';
import { SECOND } from './instant';
import type { ActionVerb, ManualDeadline, Review, ReleaseAction, StepKind } from './pipeline';
import type { Refusal } from './refusal';

/** A user's opaque id. */
export type UserId = string;

/**
 * What the rules need to know of a pinned pipeline: no conditions, definitions or notes, so that it stays small in
 * Temporal's history.
 */
export interface ReleasePlan {
  phases: PhasePlan[];
  /** What a deployment applies, in this order (CHG-1). */
  items: PlanItem[];
  /** The steps of every deployment, in order; empty: the pipeline has no process, a deployment is a roll-out (PRO-7). */
  process: StepPlan[];
  /** A step that fails asks a person before the deployment fails with it (INT-10). */
  guidedFailure: boolean;
  /** How long the revert of a service waits for the one before it (REL-19). */
  revertWaitMs: number;
  onFailure: 'hold' | 'abort';
  reasonRequired: ReleaseAction[];
  /** Who triggered it, and the user whom the CI facts name (REL-5, REL-10). */
  authors: UserId[];
  /** Who triggered it with a token of their own: nobody passes a review with a token this person made (SEC-3). */
  triggeredWithOwnToken: UserId | null;
}

/** One phase as the rules see it. */
export interface PhasePlan {
  name: string;
  bakeMs: number;
  review: Review | null;
  environments: string[];
  /** Those of them that a rule without conditions names: services go there (CHG-2). */
  unconditional: string[];
}

/** One step of a process as the rules see it: no texts, addresses or expressions. */
export interface StepPlan {
  name: string;
  kind: StepKind;
  environments: string[];
  notEnvironments: string[];
  phases: string[];
  runWhen: 'success' | 'failure' | 'always' | 'expression';
  start: 'after-previous' | 'with-previous';
  /** Nobody may leave it out, and a failure of it cannot be ignored (PRO-4, INT-10). */
  required: boolean;
  /** The trigger asked for it to be left out (PRO-4). */
  skipped: boolean;
  /** Of a manual step. */
  manual?: ManualPlan;
}

/** What a manual step asks for (INT-6). */
export interface ManualPlan {
  approvals: number;
  notesRequired: boolean;
  authorMaySubmit: boolean;
  deadline: { afterMs: number; outcome: ManualDeadline['outcome'] } | null;
}

/** What takes effect together: all flags of the set, in the place of the last of them, or one service (CHG-1, FLG-3). */
export type PlanItem = { kind: 'flags' } | { kind: 'service'; service: string; environments: string[] };

/** `SLUICE_REVERT_WAIT` where nothing is set (REL-19). */
export const REVERT_WAIT_MS = 10 * SECOND;

/** The position of a release: all that is needed to go on with it, and the fold of its events (REL-33). */
export interface ReleaseState {
  /** The rules this release was started under; a change of behaviour branches on it (REL-27). */
  rules: 1;
  stage: 'queued' | 'running' | 'aborting' | 'completed' | 'aborted';
  /** Index of the phase about to start or under way; the last one at completion (REL-7). */
  current: number;
  phases: PhaseState[];
  /** What will happen when the roll-out under way ends (REL-13, REL-17, REL-31). */
  armed: ArmedIntent | null;
  /** A full roll-out was accepted and is under way (REL-20). */
  fullRollout: { by: UserId; action: string } | null;
  /** The last phase has baked; completion is the next step (REL-24). */
  finishing: boolean;
  /** Services of which something was begun, in the order in which they were first touched (REL-19). */
  touched: TouchedService[];
  /** While aborting: the flags are back, and services follow (REL-19). */
  flagsReverted: boolean;
  /** How many interruptions were raised; left out: none. */
  interruptions?: number;
  /** Number of the last decided action (REL-28). */
  decided: number;
  /** Time of the last recorded event (REL-29). */
  lastAt: Instant;
}

/** A service in one environment to which the release has begun to bring its version, and how far that has come. */
export interface TouchedService {
  service: string;
  environment: string;
  /** Index of the phase, and its attempt, that touched it last. */
  phase: number;
  attempt: number;
  state: 'applying' | 'applied' | 'failed' | 'reverting' | 'reverted' | 'drifted';
  /** Since when it is being taken back. */
  revertingSince: Instant | null;
}

/** An intent that waits for the roll-out to end; a higher one replaces a lower one (REL-31). */
export interface ArmedIntent {
  intent: 'pause' | 'skip' | 'full-rollout';
  by: UserId;
  action: string;
}

/** How far one phase has come, and what it leaves behind for readers. */
export interface PhaseState {
  progress: PhaseProgress;
  /** Raised by every retry (REL-22). */
  attempt: number;
  /** Given for this phase, in order; a person counts once (REL-10). */
  approvals: Approval[];
  deployments: DeploymentState[];
  startedAt: Instant | null;
  endedAt: Instant | null;
  /** Left by a skip after a part of it had failed (REL-16). */
  partial: boolean;
}

export type PhaseProgress =
  | { status: 'pending' }
  /** `deadlineAt` is null when there is none or it has passed and the review goes on. */
  | { status: 'waiting-for-review'; openedAt: Instant; deadlineAt: Instant | null }
  /** Nothing but the transaction that enters it is missing. */
  | { status: 'ready' }
  | { status: 'rolling-out' }
  | { status: 'failed' }
  | { status: 'baking'; endsAt: Instant }
  | { status: 'paused'; remainingMs: number; by: UserId; since: Instant }
  | { status: 'released' }
  | { status: 'skipped' }
  | { status: 'reverted' };

/** A person's consent; `tokenMaker` is set when somebody else had made the token it came with (SEC-3). */
export interface Approval {
  by: UserId;
  at: Instant;
  tokenMaker: UserId | null;
}

/** One execution of the process for one environment and attempt. */
export interface DeploymentState {
  environment: string;
  attempt: number;
  state: 'running' | 'waiting' | 'succeeded' | 'failed' | 'aborted';
  /** Its flags are switched while others of its items are still to come, or have failed (FLG-3). */
  flagsApplied: boolean;
  /** Made by a full roll-out, which switches all flags at its end and none before (REL-20). */
  ofFullRollout?: true;
  /** Where the pipeline has a process: its steps, in the order of the plan. */
  steps?: StepState[];
}

/** How far one step of a deployment has come. */
export interface StepState {
  kind: StepKind;
  /** `checking`: its expression is being evaluated. `ready`: it holds, or a person wants another try. */
  state: 'pending' | 'checking' | 'ready' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'skipped' | 'aborted';
  /** Raised by every retry that a person decides (INT-10). */
  try: number;
  /** What it asks a person; left out: nothing. */
  interruption?: OpenInterruption;
  /** Why it failed, or wants to. */
  failure?: StepFailure;
}

/** A question to a person that is not answered; who holds it is the store's to know (INT-2). */
export interface OpenInterruption {
  /** Consecutive within the release. */
  number: number;
  kind: 'manual' | 'failure';
  /** null: there is none, or it has passed and somebody else is asked. */
  deadlineAt: Instant | null;
  /** Those who have proceeded while others are still to (INT-6). */
  proceeds: Proceed[];
  /** It was the step's expression that failed: another try asks it again before the step runs (PRO-8). */
  ofCondition?: true;
}

/** A person's word to go on; `tokenMaker` is set when somebody else had made the token it came with (SEC-3). */
export interface Proceed {
  by: UserId;
  tokenMaker: UserId | null;
}

/** What a step failed with; `by`: a person said no, which is no error (INT-5). */
export interface StepFailure {
  detail: string;
  errored: boolean;
  by?: UserId;
  action?: string;
}

/** What keeps the next step from being taken; the queue is judged before the start (REL-3). */
export interface Hold {
  kind: 'defect' | 'freeze';
  /** The defect's or freeze's id. */
  id: string;
  detail: string;
}

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

/**
 * An operator's action as it was accepted: all that the rules need, so that it means the same whenever it is decided.
 * Rights are judged at acceptance and kept with it (REL-10).
 */
export interface AcceptedAction {
  id: string;
  /** Consecutive within the release (REL-28). */
  number: number;
  verb: ActionVerb;
  /** Of a callback: the target (`targetActor`). */
  by: UserId;
  /** Phase and attempt that the caller saw, or that were current at acceptance; null for abort and full roll-out. */
  phase: string | null;
  attempt: number | null;
  acceptedAt: Instant;
  expiresAt: Instant | null;
  rights: ActionRights;
  /**
   * `accept-drift`: the service that is given up, in one environment or in all; `callback`: what was applied where, and by
   * which try of the roll-out step, left out: the first.
   */
  item?: { service: string; environment: string | null; try?: number };
  /** `submit`: the answer to an interruption. */
  answer?: InterruptionAnswer;
  /** `callback`: what the target says. */
  callback?: Callback;
}

/** What may be answered: to a manual step the first two, to a failure the others (INT-5, INT-10). */
export type InterruptionResult = 'proceed' | 'abort' | 'fail' | 'retry' | 'ignore';

/** An answer; its notes stay in the store. */
export interface InterruptionAnswer {
  /** The interruption's number in the release. */
  interruption: number;
  result: InterruptionResult;
  hasNotes: boolean;
}

/** What a target says later about an apply that it has taken (PRO-6). What it says for people stays in the store. */
export interface Callback {
  state: 'succeeded' | 'failed';
  /** Of one that failed: what the target has, null being nothing; left out: it does not say. */
  currentVersion?: string | null;
}

/** What the caller was allowed at acceptance, as far as rules ask for it. */
export interface ActionRights {
  /** Names of the phases whose review this person may give (SEC-4); a phase without one needs `ReleaseApprove`. */
  mayApprove: string[];
  administrator: boolean;
  hasReason: boolean;
  /** Who made the token, when it was somebody else (SEC-3). */
  tokenMaker: UserId | null;
}

/** Something that happened to a release: past tense, one vocabulary for audit, stream and read model. */
export type ReleaseEvent =
  | { type: 'release-started'; at: Instant }
  | { type: 'review-opened'; at: Instant; phase: number; deadlineAt: Instant | null }
  | { type: 'approval-given'; at: Instant; phase: number; by: UserId; tokenMaker: UserId | null; action: string }
  | { type: 'review-passed'; at: Instant; phase: number; how: 'approvals' | 'deadline' }
  | { type: 'review-deadline-passed'; at: Instant; phase: number }
  /** `steps`: what each deployment of it will do, where the pipeline has a process. */
  | { type: 'phase-started'; at: Instant; phase: number; attempt: number; environments: string[]; steps?: StepKind[] }
  | ProcessEvent
  | { type: 'deployment-succeeded'; at: Instant; phase: number; environment: string }
  /** `errored`: the machinery broke, the process did not say no. `by`: a person did, in that answer (INT-5). */
  | {
      type: 'deployment-failed';
      at: Instant;
      phase: number;
      environment: string;
      detail?: string;
      errored?: boolean;
      by?: UserId;
      action?: string;
    }
  /** The flags of a deployment that has more to apply. */
  | { type: 'flags-applied'; at: Instant; phase: number; environment: string }
  | {
      type: 'service-apply-started';
      at: Instant;
      phase: number;
      attempt: number;
      environment: string;
      service: string;
      version: string;
    }
  /** `by` and `action`: where the target called back (PRO-6). */
  | {
      type: 'service-applied';
      at: Instant;
      phase: number;
      environment: string;
      service: string;
      by?: UserId;
      action?: string;
    }
  /** `drifted`: somebody else's version is there and nothing of the release is, so nothing is taken back (WHK-5). */
  | {
      type: 'service-apply-failed';
      at: Instant;
      phase: number;
      environment: string;
      service: string;
      detail: string;
      drifted?: true;
      by?: UserId;
      action?: string;
    }
  | { type: 'phase-failed'; at: Instant; phase: number }
  | { type: 'bake-started'; at: Instant; phase: number; endsAt: Instant }
  | { type: 'bake-paused'; at: Instant; phase: number; remainingMs: number; by: UserId; action: string }
  | { type: 'bake-unpaused'; at: Instant; phase: number; endsAt: Instant; by: UserId; action: string }
  | {
      type: 'bake-ended';
      at: Instant;
      phase: number;
      how: 'elapsed' | 'skipped';
      by: UserId | null;
      action: string | null;
    }
  | {
      type: 'phase-skipped';
      at: Instant;
      phase: number;
      partial: boolean;
      reviewPassed: boolean;
      by: UserId;
      action: string;
    }
  | { type: 'phase-retried'; at: Instant; phase: number; attempt: number; by: UserId; action: string }
  | { type: 'intent-armed'; at: Instant; phase: number; intent: ArmedIntent['intent']; by: UserId; action: string }
  | { type: 'intent-disarmed'; at: Instant; phase: number; by: UserId; action: string }
  | { type: 'intent-dropped'; at: Instant; phase: number; intent: ArmedIntent['intent']; why: 'failed' | 'held' }
  | { type: 'full-rollout-started'; at: Instant; by: UserId; action: string; passedReviews: string[] }
  | {
      type: 'release-aborting';
      at: Instant;
      by: UserId | null;
      action: string | null;
      cause: AbortCause;
      detail?: string;
    }
  /** All flags of the set are back; the services that were touched follow. */
  | { type: 'flags-reverted'; at: Instant }
  | { type: 'service-revert-started'; at: Instant; environment: string; service: string }
  | { type: 'service-reverted'; at: Instant; environment: string; service: string }
  | { type: 'service-drifted'; at: Instant; environment: string; service: string; detail: string }
  | { type: 'drift-accepted'; at: Instant; environment: string; service: string; by: UserId; action: string }
  | { type: 'release-aborted'; at: Instant }
  | { type: 'release-completed'; at: Instant };

/** Names the step of a deployment: index in the plan's process, and the deployment by its phase, place and attempt. */
export interface StepPlace {
  phase: number;
  environment: string;
  attempt: number;
  step: number;
}

/** What happened to a step of a deployment. */
export type ProcessEvent = StepPlace & { at: Instant } & (
    | { type: 'step-checking' }
    /** The expression's answer, as it was recorded: a replay does not ask again (PRO-3). */
    | { type: 'condition-answered'; answer: boolean }
    /** `limits`: not here. `asked`: the trigger wanted it left out. `status`, `condition`: it was not to run (PRO-8). */
    | { type: 'step-skipped'; why: 'limits' | 'asked' | 'status' | 'condition' }
    | { type: 'step-started'; try: number }
    | { type: 'step-succeeded' }
    | { type: 'step-failed'; detail: string; errored: boolean }
    /** `failure`: what the step would fail with, where it asks for guidance (INT-10). */
    | {
        type: 'interruption-raised';
        interruption: number;
        kind: OpenInterruption['kind'];
        deadlineAt: Instant | null;
        failure?: { detail: string; errored: boolean };
      }
    /** One of several who have to; it is open to others again (INT-6). */
    | {
        type: 'interruption-proceeded';
        interruption: number;
        by: UserId;
        tokenMaker: UserId | null;
        action: string;
      }
    | {
        type: 'interruption-submitted';
        interruption: number;
        result: InterruptionResult;
        by: UserId;
        action: string;
      }
    | { type: 'interruption-deadline-passed'; interruption: number; outcome: ManualDeadline['outcome'] }
  );

/** Who or what ended a release early. */
export type AbortCause = 'person' | 'review-deadline' | 'phase-failed' | 'change-set-outdated';

/** What became of an action: told to everyone the same. */
export interface ActionOutcome {
  action: string;
  number: number;
  at: Instant;
  refusal: Refusal | null;
}

/** The position of a release that was just triggered (REL-7). */
export function triggeredRelease(plan: ReleasePlan, at: Instant): ReleaseState {
  return {
    rules: 1,
    stage: 'queued',
    current: 0,
    phases: plan.phases.map(() => ({
      progress: { status: 'pending' },
      attempt: 1,
      approvals: [],
      deployments: [],
      startedAt: null,
      endedAt: null,
      partial: false,
    })),
    armed: null,
    fullRollout: null,
    finishing: false,
    touched: [],
    flagsReverted: false,
    decided: 0,
    lastAt: at,
  };
}

/** A release that nothing changes any more. */
export function isTerminal(state: ReleaseState): boolean {
  return state.stage === 'completed' || state.stage === 'aborted';
}

/** The phase about to start or under way. */
export function currentPhase(state: ReleaseState): PhaseState {
  return phaseAt(state, state.current);
}

/** The phase with that index; a wrong index is a bug, not an outcome. */
export function phaseAt(state: ReleaseState, index: number): PhaseState {
  const phase = state.phases[index];
  if (!phase) {
    throw new RangeError(`There is no phase ${index}`);
  }
  return phase;
}

/** The plan of the phase with that index. */
export function planAt(plan: ReleasePlan, index: number): PhasePlan {
  const phase = plan.phases[index];
  if (!phase) {
    throw new RangeError(`There is no phase ${index}`);
  }
  return phase;
}

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
