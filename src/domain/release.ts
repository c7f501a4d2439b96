import type { Instant } from './instant';
import type { StepKind } from './pipeline';
import type { ReleasePlan } from './release-plan';

/** A user's opaque id. */
export type UserId = string;

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

/** What a step failed with; `by`: a person said no, then and in that answer, which is no error (INT-5). */
export interface StepFailure {
  detail: string;
  errored: boolean;
  by?: UserId;
  action?: string;
  at?: Instant;
}

/** What keeps the next step from being taken; the queue is judged before the start (REL-3). */
export interface Hold {
  kind: 'defect' | 'freeze';
  /** The defect's or freeze's id. */
  id: string;
  detail: string;
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

/** Whether a phase that has failed can be skipped: another one follows, and no full roll-out takes both (REL-18, REL-20). */
export function mayLeaveOut({ current, phases, fullRollout }: ReleaseState): boolean {
  return current < phases.length - 1 && fullRollout === null;
}

/** The phase with that index; a wrong index is a bug, not an outcome. */
export function phaseAt(state: ReleaseState, index: number): PhaseState {
  const phase = state.phases[index];
  if (!phase) {
    throw new RangeError(`There is no phase ${index}`);
  }
  return phase;
}
