import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { isAny, makeCrowd, triggerAll, untilNone, type Crowd } from './crowd';
import { compareRuns, type Line } from './figures';
import { gate, released } from './project';
import type { Service } from './service';
import type { Floor } from './temporal-floor';

/** After a run: the last workflows end a little after their releases, and are not to fall into the other's time. */
const SETTLE_MS = 500;

/** Whole releases a second, of three phases that neither bake nor ask anybody, beside bare workflows of that shape. */
export async function measureReleases(
  service: Service,
  floor: Floor,
  { runs, warmUps, releases }: { runs: number; warmUps: number; releases: number },
): Promise<Line[]> {
  const crowd = await makeCrowd(service, 'crowd', releases);
  // Every release changes what the one before it has left.
  let definition: object = gate;
  const ours = async (flags = crowd.flags) => {
    definition = definition === gate ? released : gate;
    return releaseAll(service, { ...crowd, flags }, definition);
  };
  const floors = async (samples: number) => {
    const perSecond = await floor({ measure: 'releases', samples });
    await sleep(SETTLE_MS);
    return perSecond;
  };

  await ours(crowd.flags.slice(0, warmUps));
  await floors(warmUps);
  return [
    await compareRuns(
      { what: 'Releases of three phases', unit: '/s', goal: { is: 'least', ratio: 0.7 } },
      runs,
      () => ours(),
      () => floors(releases),
    ),
  ];
}

/** Releases every flag once, and says how many releases a second were completed. */
async function releaseAll(service: Service, crowd: Crowd, definition: object): Promise<number> {
  const startedAt = performance.now();
  const ids = await triggerAll(service, crowd, 'prompt', definition);
  await untilNone(service, crowd, 'live=true');
  const perSecond = (ids.length / (performance.now() - startedAt)) * 1_000;

  if (await isAny(service, crowd, 'state=aborted')) {
    throw new Error('A release was not completed');
  }
  await sleep(SETTLE_MS);
  return perSecond;
}
