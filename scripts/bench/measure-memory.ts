import path from 'node:path';

import type { Children } from './children';
import { makeCrowd } from './crowd';
import type { Line } from './figures';
import { growthOf, lineOfGrowth, startAlone, warmUp } from './growth';

/** Kilobytes by which the service grows for each release that is open, and Temporal's server for information. */
export async function measureMemory(
  children: Children,
  dataDir: string,
  { openReleases }: { openReleases: number },
): Promise<Line[]> {
  const service = await startAlone(children, path.join(dataDir, 'memory'));
  const crowd = await makeCrowd(service, 'crowd', openReleases);
  await warmUp(service, crowd, 'patient');

  const growth = await growthOf(service, crowd, 'patient');
  return [
    lineOfGrowth(`Memory per open release, at ${openReleases}`, growth.service, { is: 'most', ours: 300 }),
    lineOfGrowth('The same of Temporal’s server', growth.temporal, null),
  ];
}
