import { beginRevert, type Revert } from '../store/effects/begin-revert';
import type { Store } from '../store/store';
import type { ServiceTarget } from '../targets/service-target';
import type { JobEnd } from './roll-out';
import { againAt, alive, sendEffect } from './send-effect';

/** Brings a service back to its pre-release version, however long that takes; only drift ends it otherwise (REL-19). */
export const revertServiceActivity =
  (store: Store, target: ServiceTarget) =>
  (revert: Revert): Promise<JobEnd> =>
    alive(async () => {
      const { job } = revert;
      const begun = await store.write((unit) => beginRevert(unit, revert, Date.now()));
      const recorded = begun.kind === 'send' ? await sendEffect(store, target, begun.effect) : begun;
      switch (recorded.kind) {
        case 'done':
          return { finished: { job, at: recorded.at, outcome: 'reverted' }, actions: [] };
        case 'drifted':
          return { finished: { job, at: recorded.at, outcome: 'drifted', detail: recorded.detail }, actions: [] };
        case 'later':
          throw againAt(recorded.at);
        case 'stopped':
          return { finished: null, actions: [] };
        case 'failed':
        case 'elsewhere':
          throw new Error(`A revert of ${job.service} cannot be ${recorded.kind}`);
      }
    });
