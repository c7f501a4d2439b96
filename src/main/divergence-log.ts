import type { Logger } from 'pino';

import type { OnDivergence } from '../activities/record-step';
import type { RepairCounters } from '../api/dispatch/repair-counters';

/** Makes every divergence heard: it is a fault of this program or of its data, though the release goes on. */
export function divergenceLog(log: Logger, counters: RepairCounters): OnDivergence {
  return (divergence, { release, epoch, seq }, repaired) => {
    log.error({ err: divergence, release, epoch, seq, repaired }, 'A workflow and the store disagree about a step');
    counters.diverged();
    if (repaired === 'repaired') {
      counters.repaired('diverged');
    }
  };
}
