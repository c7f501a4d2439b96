import { countPendingDeliveries } from '../../store/notifications/due-deliveries';
import type { Deps } from '../deps';
import { registerGauge } from './store-gauge';

/** Says how many deliveries are still to be made: what grows when mail server or receivers do not answer. */
export function registerPendingDeliveries({ store, registry }: Pick<Deps, 'store' | 'registry'>): void {
  registerGauge(registry, {
    name: 'sluice_deliveries_pending',
    help: 'Deliveries of notifications that are still to be made, or made again; NaN: the store does not say.',
    read: () => countPendingDeliveries(store),
  });
}
