import type { AcceptedAction, ActionOutcome } from './accepted-action';
import { decide } from './decide';
import { evolveAll } from './evolve';
import type { Instant } from './instant';
import { nextReach, type Reach } from './next-reach';
import { isRefusal } from './refusal';
import type { ReleaseState } from './release';
import type { ReleaseEvent } from './release-event';
import { asksFor, type FinishedJob } from './roll-out';
import type { Situation } from './situation';
import { whatBecameOf } from './what-became-of';
import { dueAt, withWhatFollows } from './what-follows';

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
  const happen = (added: readonly ReleaseEvent[], until: Instant, isPresent = false): ReleaseEvent[] => {
    const all = withWhatFollows({ state, plan, holds }, added, until, isPresent);
    state = evolveAll(state, all);
    return all;
  };
  const nextAction = () => mailbox.find((candidate) => candidate.number === state.decided + 1);
  /** What ended, and what ran out, up to an instant, each at its own time; in the present people are asked. */
  const elapse = (until: Instant, isPresent = false): ReleaseEvent[] => {
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
    return [...all, ...happen([], until, isPresent)];
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
  const elapsed = elapse(now, true);
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

function clamp(value: Instant, from: Instant, to: Instant): Instant {
  return Math.max(from, Math.min(value, to));
}
