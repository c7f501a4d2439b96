import type { InterruptionResult } from './accepted-action';
import type { Instant } from './instant';
import type { ManualDeadline, StepKind } from './pipeline';
import type { ArmedIntent, OpenInterruption, UserId } from './release';

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
