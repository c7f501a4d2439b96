import type { Json } from './json';
import type { ReleaseAction } from './pipeline';

/** Every reason for which a rule says no. The API gives each its HTTP status; a code without one does not compile. */
export type RuleCode =
  | 'release.queued'
  | 'release.aborting'
  | 'release.ended'
  | 'release.blocked'
  | 'release.failed'
  | 'release.stale-phase'
  | 'release.last-phase'
  | 'release.not-failed'
  | 'release.rolling-out'
  | 'release.intent-armed'
  | 'release.busy'
  | 'review.not-open'
  | 'review.already-approved'
  | 'review.author'
  | 'review.token-maker'
  | 'review.not-allowed'
  | 'review.approvals-missing'
  | 'bake.not-running'
  | 'bake.already-paused'
  | 'bake.not-paused'
  | 'drift.not-reverting'
  | 'interruption.not-taken'
  | 'interruption.taken-by-other'
  | 'interruption.submitted'
  | 'interruption.closed'
  | 'interruption.not-allowed'
  | 'interruption.not-assignable'
  | 'interruption.author'
  | 'interruption.token-maker'
  | 'interruption.already-proceeded'
  | 'interruption.notes-required'
  | 'interruption.result-unknown'
  | 'callback.settled'
  | 'action.expired'
  | 'action.reason-required';

/** A rule's no: a value, never an exception. */
export interface Refusal {
  refused: RuleCode;
  /** One sentence for the person who asked. */
  detail: string;
  /** What the state allows instead. */
  allowed?: ReleaseAction[];
  /** Facts a program can use, e.g. the names of those who hold a target. */
  facts?: Record<string, Json>;
}

/** Makes a refusal. */
export function refuse(refused: RuleCode, detail: string, facts?: Record<string, Json>): Refusal {
  return facts ? { refused, detail, facts } : { refused, detail };
}

/** Tells a refusal from anything else a rule answers. */
export function isRefusal(value: object): value is Refusal {
  return 'refused' in value;
}
