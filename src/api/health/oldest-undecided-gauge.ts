import { Gauge, type Registry } from 'prom-client';

import { oldestUndecided } from '../../store/dispatch/oldest-undecided';
import type { Deps } from '../deps';

const NAME = 'sluice_oldest_undecided_action_seconds';

/** A scrape must not wait for a store that is away. */
const PATIENCE_MS = 2_000;

/** Says how long the oldest undecided action waits, read when it is asked for: what grows when releases stand still. */
export function registerOldestUndecided({ store, registry, now }: Pick<Deps, 'store' | 'now' | 'registry'>): void {
  if (isRegistered(registry)) {
    return;
  }
  new Gauge({
    name: NAME,
    help: 'How long the oldest accepted action waits for its decision; 0: none waits, NaN: the store does not say.',
    registers: [registry],
    async collect() {
      this.set(await inTime(oldestUndecided(store).then((at) => (at === null ? 0 : Math.max(0, now() - at) / 1_000))));
    },
  });
}

function isRegistered(registry: Registry): boolean {
  return registry.getSingleMetric(NAME) !== undefined;
}

async function inTime(seconds: Promise<number>): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<number>((resolve) => {
    timer = setTimeout(() => resolve(NaN), PATIENCE_MS);
  });
  try {
    return await Promise.race([seconds.catch(() => NaN), late]);
  } finally {
    clearTimeout(timer);
  }
}
