import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually';
import type { DeliveryLine } from '../support/receiver-process';
import { stopTargets } from '../targets/webhooks/webhook-target';
import { KilledService } from './killed-service';
import { ALLOW_LOOPBACK, expectOnceAndInOrder, ITEMS, startReceivingEnd, type ReceivingEnd } from './receiving-end';
import { startRoad, type Road } from './road';

jest.setTimeout(120_000);

/**
 * More than every limit that runs out meanwhile: 1 s of the service, 5 s after which a silent worker counts as dead, 10 s
 * of a workflow's step and of a recording.
 */
const LONGER_THAN_EVERY_LIMIT_MS = 12_000;
const HOUR_MS = 3_600_000;

/** What is out when everything stops: an apply that is aborted meanwhile, one that arrives meanwhile, a revert. */
const NAMES = ['aborted', 'arriving', 'reverting'] as const;
type Name = (typeof NAMES)[number];

let service: KilledService;
let end: ReceivingEnd;
const roads = new Map<string, Road>();
let round = 0;

beforeAll(async () => {
  service = await KilledService.start(ALLOW_LOOPBACK);
  end = await startReceivingEnd(service, NAMES, '1s', async (url, name) => {
    const road = await startRoad(url);
    roads.set(name, road);
    return road.url;
  });
});
afterAll(async () => {
  await service.end();
  await end.end();
  await stopTargets();
});

function roadTo(name: Name): Road {
  const road = roads.get(`payments-${name}`);
  if (!road) {
    throw new Error(`There is no road to ${name}`);
  }
  return road;
}

function released(name: Name, bakeMs: number): Promise<string> {
  const phases = [{ name: 'all', bakeMs, rules: [{ environments: ['staging'] }] }];
  return service.release(phases, end.services(name, `v${round}`));
}

/** The three of them, each with its request on the road to `payments`. */
async function onTheRoad(): Promise<Record<Name, string>> {
  const reverting = await released('reverting', HOUR_MS);
  await service.reaches(reverting, 'baking');
  NAMES.forEach((name) => roadTo(name).block());
  const [aborted, arriving] = await Promise.all([released('aborted', 0), released('arriving', 0)]);
  await service.applies(reverting, 'abort');
  await eventually('all are on the road', () => NAMES.every((name) => roadTo(name).kept() > 0));
  return { aborted, arriving, reverting };
}

const resultsOf = (log: readonly DeliveryLine[], release: string) =>
  log.filter((line) => line.release === release).map(({ type, result }) => `${type} ${result}`);

const STOPS: [string, () => void, () => void][] = [
  ['the service', () => service.freeze(), () => service.thaw()],
  ['its Temporal', () => service.freezeTemporal(), () => service.thawTemporal()],
];

describe.each(STOPS)('%s, stopped for longer than every limit in the middle of calls', (_, freeze, thaw) => {
  it('WHK-4: an apply that comes after the revert changes nothing, and nothing is done twice', async () => {
    round += 1;
    const { aborted, arriving, reverting } = await onTheRoad();

    freeze();
    const abort = service.act(aborted, 'abort');
    await roadTo('arriving').open();
    expect(await end.versionOf('payments', 'arriving')).toBe(`v${round}`);
    await sleep(LONGER_THAN_EVERY_LIMIT_MS);
    thaw();

    expect([200, 202]).toContain((await abort).status);
    await service.reaches(aborted, 'aborted');
    await service.reaches(reverting, 'aborted');
    await service.reaches(arriving, 'completed');
    await Promise.all([roadTo('aborted').open(), roadTo('reverting').open()]);

    // A second try may have got through before the abort: then the late one is known already.
    const results = resultsOf(await end.log('payments', 'aborted'), aborted);
    expect(['service.apply stale', 'service.apply repeated']).toContain(results.at(-1));
    expect(results.filter((result) => result.endsWith(' applied')).at(-1)).toBe('service.revert applied');
    expect(resultsOf(await end.log('payments', 'reverting'), reverting).at(-1)).toBe('service.revert repeated');
    for (const name of NAMES) {
      for (const item of ITEMS) {
        const wanted = name === 'arriving' ? `v${round}` : null;
        expect([item, name, await end.versionOf(item, name)]).toEqual([item, name, wanted]);
        expectOnceAndInOrder(await end.log(item, name));
      }
    }
    expect(await end.log('stock', 'aborted')).toEqual([]);
    for (const release of [aborted, arriving, reverting]) {
      await service.expectNothingTwiceNorEarly(release);
    }
  });
});
