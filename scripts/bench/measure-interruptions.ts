import path from 'node:path';
import { performance } from 'node:perf_hooks';

import { addAskingPipeline } from './asking';
import type { Children } from './children';
import { makeCrowd, openAll, type Crowd } from './crowd';
import { lineOf, quantile, type Line } from './figures';
import { growthOf, lineOfGrowth, startAlone, warmUp, WARM_UP } from './growth';
import { heldInTemporal } from './held-in-temporal';
import type { Service } from './service';
import { tokenOf } from './token-of';

/** What waits on the quiet side. */
const FEW = 10;

/** The same page on both sides: what is answered has the same size. */
const PAGE = '/v1/interruptions?state=pending,taken&mine=true&limit=10';

/**
 * What many releases cost that wait for a person: what each holds, and what somebody of the team waits for that asks what
 * needs their decision, beside a service of its own that went through the same and where few wait.
 */
export async function measureInterruptions(
  children: Children,
  dataDir: string,
  { runs, pages, openReleases }: { runs: number; pages: number; openReleases: number },
): Promise<Line[]> {
  const many = await startAsking(children, path.join(dataDir, 'many-asked'), openReleases);
  const growth = await growthOf(many.service, many.crowd, 'asking');
  const held = await heldInTemporal(many.service, openReleases);

  const few = await startAsking(children, path.join(dataDir, 'few-asked'), WARM_UP);
  await openAll(few.service, { ...few.crowd, flags: few.crowd.flags.slice(0, FEW) }, 'asking');

  await expectWaiting(many.service, openReleases);
  await expectWaiting(few.service, FEW);
  await readInTurn(many.service, few.service, pages);
  const rounds: Awaited<ReturnType<typeof readInTurn>>[] = [];
  for (let round = 0; round < runs; round += 1) {
    rounds.push(await readInTurn(many.service, few.service, pages));
  }
  const compared = (share: number, goal: Line['goal']): Line =>
    lineOf(
      { what: `Pending interruptions, ${openReleases} beside ${FEW}: p${share * 100}`, unit: 'ms', goal },
      rounds.map(({ ours, floor }) => ({ ours: quantile(ours, share), floor: quantile(floor, share) })),
    );
  const nothing = (what: string, unit: string, ours: number): Line => ({
    what: `${what} of ${openReleases} waiting releases`,
    unit,
    ours,
    floor: null,
    ratio: null,
    goal: { is: 'most', ours: 0 },
  });
  return [
    compared(0.5, null),
    compared(0.99, { is: 'most', ratio: 1.3 }),
    nothing('Pending activities', 'activities', held.activities),
    nothing('Timers', 'timers', held.timers),
    lineOfGrowth(`Memory per release that waits for a person, at ${openReleases}`, growth.service, {
      is: 'most',
      ours: 300,
    }),
    lineOfGrowth('The same of Temporal’s server', growth.temporal, null),
  ];
}

/** A warm service whose releases ask a team. */
async function startAsking(
  children: Children,
  folder: string,
  size: number,
): Promise<{ service: Service; crowd: Crowd }> {
  const service = await startAlone(children, folder);
  const crowd = await makeCrowd(service, 'crowd', size);
  await addAskingPipeline(service, crowd);
  await warmUp(service, crowd, 'asking');
  return { service, crowd };
}

/** Throws unless that many need a decision of the team. */
async function expectWaiting(service: Service, expected: number): Promise<void> {
  const token = await tokenOf(service, 'grace');
  let waiting = 0;
  let next: string | null = null;
  do {
    const target: string = next === null ? PAGE : `${PAGE}&cursor=${next}`;
    const page: Page = await service.expect<Page>(200, 'GET', target, undefined, token);
    waiting += page.items.length;
    ({ next } = page);
  } while (next !== null);
  if (waiting !== expected) {
    throw new Error(`${waiting} interruptions wait, not ${expected}`);
  }
}

interface Page {
  items: unknown[];
  next: string | null;
}

/** Milliseconds to each answer; the two are asked one by one in turn, so that whatever else is going on hits both. */
async function readInTurn(ours: Service, floor: Service, pages: number): Promise<{ ours: number[]; floor: number[] }> {
  const asOurs = await tokenOf(ours, 'grace');
  const asFloor = await tokenOf(floor, 'grace');
  const times: { ours: number[]; floor: number[] } = { ours: [], floor: [] };
  for (let page = 0; page < pages; page += 1) {
    times.ours.push(await read(ours, asOurs));
    times.floor.push(await read(floor, asFloor));
  }
  return times;
}

async function read(service: Service, token: string): Promise<number> {
  const startedAt = performance.now();
  const { items } = await service.expect<Page>(200, 'GET', PAGE, undefined, token);
  const ms = performance.now() - startedAt;
  if (items.length !== FEW) {
    throw new Error(`A page of ${items.length} interruptions`);
  }
  return ms;
}
