import { oldestUndecided } from '../../store/dispatch/oldest-undecided';
import type { Deps } from '../deps';
import { registerGauge } from './store-gauge';

/** Says how long the oldest undecided action waits: what grows when releases stand still. */
export function registerOldestUndecided({ store, registry, now }: Pick<Deps, 'store' | 'now' | 'registry'>): void {
  registerGauge(registry, {
    name: 'sluice_oldest_undecided_action_seconds',
    help: 'How long the oldest accepted action waits for its decision; 0: none waits, NaN: the store does not say.',
    read: async () => {
      const at = await oldestUndecided(store);
      return at === null ? 0 : Math.max(0, now() - at) / 1_000;
    },
  });
}
