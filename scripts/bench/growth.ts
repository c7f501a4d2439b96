import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Children } from './children';
import { abortAll, openAll, type Crowd, type CrowdPipeline } from './crowd';
import type { Line } from './figures';
import { residentBytes } from './resident-bytes';
import { Service } from './service';

/** Opened and aborted before: what the first releases cost once is not charged to each. */
export const WARM_UP = 100;

const SETTLE_EVERY_MS = 1_000;
/** Memory that has not settled by then is taken as it is. */
const SETTLE_ROUNDS = 20;
/** Settled: less than this was given back in a round. */
const SETTLED_BYTES = 500_000;

/** What both processes hold, in bytes. */
interface Held {
  service: number;
  temporal: number;
}

/** A service of its own, which collects its garbage when it is asked to: what other parts leave in memory would hide things. */
export function startAlone(children: Children, folder: string): Promise<Service> {
  mkdirSync(folder, { mode: 0o700 });
  return Service.start(children, folder, ['--expose-gc', '--require', require.resolve('./collect-garbage.cjs')]);
}

/** Opens some releases and aborts them. */
export async function warmUp(service: Service, crowd: Crowd, pipeline: CrowdPipeline): Promise<void> {
  await abortAll(service, await openAll(service, { ...crowd, flags: crowd.flags.slice(0, WARM_UP) }, pipeline));
}

/** Opens a release of every flag of the crowd in a warm service, and says what both processes grow by for each. */
export async function growthOf(service: Service, crowd: Crowd, pipeline: CrowdPipeline): Promise<Held> {
  const before = await settled(service);
  const { length } = await openAll(service, crowd, pipeline);
  const after = await settled(service);
  return { service: (after.service - before.service) / length, temporal: (after.temporal - before.temporal) / length };
}

/** A line that says how much one release holds. */
export function lineOfGrowth(what: string, bytes: number, goal: Line['goal']): Line {
  return { what, unit: 'KB', ours: bytes / 1_000, floor: null, ratio: null, goal };
}

/** What both processes hold once the service is idle and has collected its garbage. */
async function settled(service: Service): Promise<Held> {
  let bytes = residentBytes(service.pid);
  for (let round = 0; round < SETTLE_ROUNDS; round += 1) {
    process.kill(service.pid, 'SIGUSR2');
    await sleep(SETTLE_EVERY_MS);
    const held = residentBytes(service.pid);
    const isSettled = round > 3 && bytes - held < SETTLED_BYTES;
    bytes = held;
    if (isSettled) {
      break;
    }
  }
  return { service: bytes, temporal: residentBytes(service.temporalPid()) };
}
