import { SECOND } from './instant';
import type { ManualDeadline, ReleaseAction, Review, StepKind } from './pipeline';
import type { UserId } from './release';

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

/** The plan of the phase with that index. */
export function planAt(plan: ReleasePlan, index: number): PhasePlan {
  const phase = plan.phases[index];
  if (!phase) {
    throw new RangeError(`There is no phase ${index}`);
  }
  return phase;
}
