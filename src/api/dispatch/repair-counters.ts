import { Counter, type Registry } from 'prom-client';

import type { RepairCause } from '../../store/releases/repair-release';

/** Counts what should not happen: that a release had to be started anew, and why (HTTP-8). */
export interface RepairCounters {
  repaired(why: RepairCause): void;
  diverged(): void;
}

const CAUSES: Record<RepairCause, true> = {
  missing: true,
  closed: true,
  'temporal-behind': true,
  'store-behind': true,
  diverged: true,
  asked: true,
};

const REPAIRS = 'sluice_release_repairs_total';
const DIVERGENCES = 'sluice_divergences_total';

/** The counters of that registry, the same for everyone who asks. */
export function repairCounters(registry: Registry): RepairCounters {
  const repairs =
    (registry.getSingleMetric(REPAIRS) as Counter<'why'> | undefined) ??
    new Counter({
      name: REPAIRS,
      help: 'Releases that were started anew from the store, by what was found.',
      labelNames: ['why'] as const,
      registers: [registry],
    });
  const divergences =
    (registry.getSingleMetric(DIVERGENCES) as Counter | undefined) ??
    new Counter({
      name: DIVERGENCES,
      help: 'Steps of workflows that disagreed with what the store had recorded.',
      registers: [registry],
    });
  for (const why of Object.keys(CAUSES)) {
    repairs.inc({ why }, 0);
  }
  return { repaired: (why) => repairs.inc({ why }), diverged: () => divergences.inc() };
}
