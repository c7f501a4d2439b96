import type { Refusal } from './refusal';
import type { Hold, ReleaseState } from './release';
import type { ReleaseEvent } from './release-event';
import type { ReleasePlan } from './release-plan';

/** What a decision is made from: the position, the plan, and the holds on what comes next (REL-21, REL-31). */
export interface Situation {
  state: ReleaseState;
  plan: ReleasePlan;
  holds: readonly Hold[];
}

/** An action applied: what happened. An action refused: why. */
export type Decision = { events: ReleaseEvent[] } | Refusal;
