import type { Instant } from './instant';
import type { ActionVerb } from './pipeline';
import type { Refusal } from './refusal';
import type { UserId } from './release';

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

/** What became of an action: told to everyone the same. */
export interface ActionOutcome {
  action: string;
  number: number;
  at: Instant;
  refusal: Refusal | null;
}
