import { countOpenInterruptions } from '../../store/interruptions/count-open';
import type { Deps } from '../deps';
import { registerGauge, registerGaugeByState } from './store-gauge';

/** Says how many people are waited for, and how long: what grows where nobody is told, or nobody answers (INT-1). */
export function registerOpenInterruptions({ store, registry, now }: Pick<Deps, 'store' | 'now' | 'registry'>): void {
  registerGaugeByState(registry, {
    name: 'sluice_interruptions_open',
    help: 'Interruptions that wait for a person, nobody having taken them or somebody; NaN: the store does not say.',
    states: ['pending', 'taken'],
    read: async () => {
      const { pending, taken } = await countOpenInterruptions(store);
      return { pending, taken };
    },
  });
  registerGauge(registry, {
    name: 'sluice_oldest_open_interruption_seconds',
    help: 'How long the oldest interruption waits for its answer; 0: none waits, NaN: the store does not say.',
    read: async () => {
      const { oldestAt } = await countOpenInterruptions(store);
      return oldestAt === null ? 0 : Math.max(0, now() - oldestAt) / 1_000;
    },
  });
}
