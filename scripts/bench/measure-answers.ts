import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { proceed, take } from './asking';
import { abortAll, openAll, untilNone, type Crowd } from './crowd';
import { median, REST_MS } from './figures';
import type { Service } from './service';

/**
 * Milliseconds from sending the answer to an interruption to its 200, with which the step and its deployment have
 * succeeded and the phase bakes. Each release asks once; all of them wait before the first is answered.
 */
export async function measureAnswers(service: Service, crowd: Crowd, token: string, samples: number): Promise<number> {
  const releases = await openAll(service, { ...crowd, flags: crowd.flags.slice(0, samples) }, 'asking');

  const times: number[] = [];
  for (const release of releases) {
    const interruption = await take(service, release, token);
    await sleep(REST_MS);
    const startedAt = performance.now();
    await proceed(service, interruption, token);
    times.push(performance.now() - startedAt);
  }
  await abortAll(service, releases);
  await untilNone(service, crowd, 'live=true');
  return median(times);
}
