import type { AcceptedAction } from './accepted-action';
import type { Instant } from './instant';
import type { Refusal } from './refusal';
import { refuse } from './refusal';
import type { ReleaseState, UserId } from './release';
import type { ReleaseEvent } from './release-event';
import type { ReleasePlan } from './release-plan';
import { asksFor } from './roll-out';

/** What is told of one that failed where the target's own words have no place. */
export const FAILED_BY_CALLBACK = 'The target called back that it failed';

const ACTOR_PREFIX = 'service:';

/** Who did it when a target did: in place of a user's id, and no user's id or name has a colon. */
export function targetActor(service: string): UserId {
  return `${ACTOR_PREFIX}${service}`;
}

/** Whether a target did it, not a person. */
export function isTargetActor(actor: string): boolean {
  return actor.startsWith(ACTOR_PREFIX);
}

/**
 * Settles the apply that a target has called back about (PRO-6). It was found under way when the callback was accepted,
 * and nothing but an abort settles it from then on: so that is all that is asked here. What the release has touched
 * would be the wrong question, as the workflow hears of that later than the store does.
 */
export function decideCallback(
  { state, plan }: { state: ReleaseState; plan: ReleasePlan },
  { phase: name, attempt, item, callback, by, id }: AcceptedAction,
  at: Instant,
): { events: ReleaseEvent[] } | Refusal {
  const phase = plan.phases.findIndex((each) => each.name === name);
  const { service, environment, try: tried = 1 } = item ?? {};
  if (!callback || service === undefined || environment == null || attempt === null) {
    return refuseSettled();
  }
  if (!asksFor(state, { kind: 'roll-out', phase, environment, attempt, try: tried })) {
    return refuseSettled();
  }
  const settled = { at, phase, environment, service, by, action: id };
  return {
    events: [
      callback.state === 'succeeded'
        ? { type: 'service-applied', ...settled }
        : { type: 'service-apply-failed', ...settled, detail: FAILED_BY_CALLBACK },
    ],
  };
}

/** The answer to a callback that comes too late, whatever came before it. */
export function refuseSettled(): Refusal {
  return refuse('callback.settled', 'Nothing waits for this callback: what it is about has come to its end');
}
