import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { atOnce } from './at-once';
import type { Children } from './children';
import { makeCrowd, triggerAll, untilNone, type Crowd } from './crowd';
import type { Line } from './figures';
import { act } from './project';
import { residentBytes } from './resident-bytes';
import { Service } from './service';

/** Opened and aborted before: what the first releases cost once is not charged to each. */
const WARM_UP = 100;

const SETTLE_EVERY_MS = 1_000;
/** Memory that has not settled by then is taken as it is. */
const SETTLE_ROUNDS = 20;
/** Settled: less than this was given back in a round. */
const SETTLED_BYTES = 500_000;

/**
 * Kilobytes by which the service grows for each release that is open, and Temporal's server for information. In a
 * service of its own: what other parts have left in memory would hide it.
 */
export async function measureMemory(
  children: Children,
  dataDir: string,
  { openReleases }: { openReleases: number },
): Promise<Line[]> {
  const folder = path.join(dataDir, 'memory');
  mkdirSync(folder, { mode: 0o700 });
  const service = await Service.start(children, folder, [
    '--expose-gc',
    '--require',
    require.resolve('./collect-garbage.cjs'),
  ]);
  const crowd = await makeCrowd(service, 'crowd', openReleases);
  const few = { ...crowd, flags: crowd.flags.slice(0, WARM_UP) };
  await atOnce(await open(service, few), (release) => act(service, release, 'abort'));

  const before = await settled(service);
  await open(service, crowd);
  const after = await settled(service);

  const perRelease = (what: string, part: 'service' | 'temporal', goal: Line['goal']): Line => ({
    what,
    unit: 'KB',
    ours: (after[part] - before[part]) / openReleases / 1_000,
    floor: null,
    ratio: null,
    goal,
  });
  return [
    perRelease(`Memory per open release, at ${openReleases}`, 'service', { is: 'most', ours: 300 }),
    perRelease('The same of Temporal’s server', 'temporal', null),
  ];
}

/** Opens a release of every flag, and resolves when all bake. */
async function open(service: Service, crowd: Crowd): Promise<string[]> {
  const ids = await triggerAll(service, crowd, 'patient');
  await untilNone(service, crowd, 'state=queued,rolling-out');
  return ids;
}

/** What both processes hold once the service is idle and has collected its garbage. */
async function settled(service: Service): Promise<{ service: number; temporal: number }> {
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
