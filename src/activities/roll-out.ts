import type { AcceptedAction } from '../domain/accepted-action';
import type { Instant } from '../domain/instant';
import type { FinishedJob } from '../domain/roll-out';
import { beginApply, type RollOut } from '../store/effects/begin-apply';
import type { Store } from '../store/store';
import type { ServiceTarget } from '../targets/service-target';
import { againAt, alive, sendEffect } from './send-effect';

/** How a job of a release ended; null: it is not to be gone on with, and these actions may say why. */
export interface JobEnd {
  finished: FinishedJob | null;
  actions: AcceptedAction[];
  /** A target is to call back by then: to be gone on with at that time, or as soon as something was decided (PRO-6). */
  awaitedUntil?: Instant;
}

/**
 * Runs one deployment to its end: its items in order, each to be seen in the store before it is sent, so that any
 * repetition goes on where the last one died (CHG-1, REL-30). Stops before the next item once an abort is accepted.
 */
export const rollOutActivity =
  (store: Store, target: ServiceTarget) =>
  (rollOut: RollOut): Promise<JobEnd> =>
    alive(async () => {
      const { job } = rollOut;
      for (;;) {
        let next = await store.write((unit) => beginApply(unit, rollOut, Date.now()));
        if (next.kind === 'send') {
          const recorded = await sendEffect(store, target, next.effect);
          if (recorded.kind === 'done' || recorded.kind === 'drifted' || recorded.kind === 'elsewhere') {
            continue;
          }
          next = recorded;
        }
        switch (next.kind) {
          case 'flags-applied':
            continue;
          case 'later':
            throw againAt(next.at);
          case 'awaited':
            return { finished: null, actions: [], awaitedUntil: next.until };
          case 'stopped':
            return { finished: null, actions: next.actions };
          case 'succeeded':
            return { finished: { job, at: next.at, outcome: 'succeeded' }, actions: [] };
          case 'failed': {
            const { at, detail, errored } = next;
            return { finished: { job, at, outcome: 'failed', detail, errored }, actions: [] };
          }
        }
      }
    });
