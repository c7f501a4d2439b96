import type { ReviewOutcome } from './pipeline';
import type { AbortCause } from './release-event';

/** What every notification is about. Names of things and people, as readers know them; instants in ISO 8601. */
interface OfRelease {
  project: string;
  pipeline: string;
  /** The release's id. */
  release: string;
}

interface OfPhase extends OfRelease {
  phase: string;
}

interface OfEnvironment extends OfPhase {
  environment: string;
}

/** Why a deployment ended `failed`; `endedBy`: who aborted it, at which step, whatever else has failed (INT-5). */
export interface Failure {
  environment: string;
  /** The first step that failed, by its name; null: the pipeline has no process. */
  step: string | null;
  detail: string | null;
  errored: boolean;
  endedBy: { user: string; notes: string | null; step: string | null } | null;
}

/** Something that people or other systems are told, as webhooks carry it (NOT-1, NOT-2). Never a secret. */
export type Notification =
  | {
      type: 'review-due';
      data: OfPhase & {
        environments: string[];
        /** What it changes, a line for each flag and service. */
        changes: string[];
        triggeredBy: string;
        reason: string | null;
        /** Whose members may approve; empty: whoever holds `ReleaseApprove`. */
        teams: string[];
        /** How many different people have to. */
        approvals: number;
        deadline: string | null;
        deadlineOutcome: ReviewOutcome | null;
      };
    }
  | {
      type: 'interruption-raised';
      data: OfEnvironment & {
        /** Its id. */
        interruption: string;
        title: string;
        /** A manual step asks, or a step that has failed (INT-10). */
        kind: 'manual' | 'failure';
        /** Name of the step. */
        step: string;
        /** Id of the deployment. */
        deployment: string;
        /** Markdown; cut where it is very long. */
        instructions: string;
        /** Whose members may take it; empty: whoever holds `DeploymentCreate`. */
        teams: string[];
        /** What may be answered. */
        results: string[];
        deadline: string | null;
      };
    }
  | {
      type: 'interruption-aborted';
      data: OfEnvironment & {
        interruption: string;
        title: string;
        step: string;
        /** null: nobody, its deadline passed. */
        by: string | null;
        notes: string | null;
      };
    }
  | { type: 'deployment-failed'; data: OfPhase & Failure }
  | {
      type: 'phase-failed';
      data: OfPhase & {
        failures: Failure[];
        /** The pipeline aborts the release by itself: there is nothing to decide. */
        aborts: boolean;
        /** Skipping it is possible: a phase follows, and no full roll-out takes both. */
        maySkip: boolean;
      };
    }
  /** The abort is decided; targets are being brought back. */
  | {
      type: 'release-aborted';
      data: OfRelease & { by: string | null; reason: string | null; cause: AbortCause; detail: string | null };
    }
  | { type: 'release-completed'; data: OfRelease }
  | {
      type: 'defect-raised' | 'defect-resolved';
      data: OfRelease & { defect: string; by: string | null; reason: string | null };
    };
