import type { ShownState } from '../../src/domain/shown-state';
import { eventually } from '../support/eventually';
import type { Behaviour, DeliveryLine } from '../support/receiver-process';
import type { DriftBody, ReleaseBody } from '../support/release-api';
import { KilledService } from './killed-service';
import { KILLS } from './kills';
import {
  ALLOW_LOOPBACK,
  expectOnceAndInOrder,
  ITEMS,
  startReceivingEnd,
  type Item,
  type ReceivingEnd,
} from './receiving-end';

// As in kill-service.test.ts one service is killed again and again, and goes on with whatever the round before left.
jest.setTimeout(120_000);

/** Long enough for every moment of a round to be there at the kill. */
const TIMEOUT_S = 10;
const HOUR_MS = 3_600_000;

/** The target got the request and did nothing; the next call is seconds away. */
const BEFORE_A_CALL: Behaviour = { status: 503, retryAfter: TIMEOUT_S, times: 1 };
/** The target has done it, and its answer never comes. */
const BEFORE_ITS_RECORD: Behaviour = { hang: true, afterApplying: true, times: 1 };

/** A release at which something is killed. */
interface Moment {
  /** Of its services. */
  name: string;
  when: string;
  at: Item;
  meets: Behaviour;
  /** What the behaviour is met by. */
  by: 'apply' | 'revert';
  /** Aborted while the call is out. */
  abortMeanwhile?: true;
}

const MOMENTS: Moment[] = [
  { name: 'a', when: 'before a call', at: 'payments', meets: BEFORE_A_CALL, by: 'apply' },
  { name: 'b', when: 'between a call and its record', at: 'payments', meets: BEFORE_ITS_RECORD, by: 'apply' },
  { name: 'c', when: 'between two items', at: 'stock', meets: { hang: true, times: 1 }, by: 'apply' },
  { name: 'd', when: 'before the first revert', at: 'stock', meets: BEFORE_A_CALL, by: 'revert' },
  { name: 'e', when: 'between the first revert and its record', at: 'stock', meets: BEFORE_ITS_RECORD, by: 'revert' },
  { name: 'f', when: 'between two reverts', at: 'payments', meets: BEFORE_A_CALL, by: 'revert' },
  { name: 'g', when: 'between the last revert and its record', at: 'payments', meets: BEFORE_ITS_RECORD, by: 'revert' },
  {
    name: 'h',
    when: 'with an abort, between a call and its record',
    at: 'payments',
    meets: BEFORE_ITS_RECORD,
    by: 'apply',
    abortMeanwhile: true,
  },
];

let service: KilledService;
let end: ReceivingEnd;
let round = 0;

beforeAll(async () => {
  service = await KilledService.start(ALLOW_LOOPBACK);
  end = await startReceivingEnd(
    service,
    MOMENTS.map(({ name }) => name),
    `${TIMEOUT_S}s`,
  );
});
afterAll(async () => {
  await service.end();
  await end.end();
});

const isAborted = ({ by, abortMeanwhile }: Moment) => by === 'revert' || abortMeanwhile === true;
const endOf = (moment: Moment): ShownState => (isAborted(moment) ? 'aborted' : 'completed');

function released({ name, by }: Moment): Promise<string> {
  const bakeMs = by === 'revert' ? HOUR_MS : 0;
  const phases = [{ name: 'all', bakeMs, rules: [{ environments: ['staging'] }] }];
  return service.release(phases, end.services(name, `v${round}`));
}

/** Brings each release to its moment, one after another: what a receiver is told is met by the next delivery of any. */
async function bringAbout(): Promise<Map<Moment, string>> {
  const releases = new Map<Moment, string>();
  for (const moment of MOMENTS.filter(({ by }) => by === 'revert')) {
    releases.set(moment, await released(moment));
  }
  await Promise.all([...releases.values()].map((release) => service.reaches(release, 'baking')));

  for (const moment of MOMENTS) {
    const { when, at, by, name } = moment;
    await end.receivers[at].behave(moment.meets);
    const release = releases.get(moment) ?? (await released(moment));
    releases.set(moment, release);
    if (by === 'revert') {
      await service.applies(release, 'abort');
    }
    await eventually(`${when}: the call has been made`, async () =>
      (await end.log(at, name)).some((line) => line.release === release && line.type === `service.${by}`),
    );
    if (moment.abortMeanwhile) {
      await service.applies(release, 'abort');
    }
  }
  return releases;
}

describe.each(KILLS)('after %s', (_, kill) => {
  it('INV-5: releases of services go on, and each target sees one effect for each key', async () => {
    round += 1;
    const before = await versions();
    const releases = await bringAbout();
    for (const [moment, release] of releases) {
      const { state } = await service.get<ReleaseBody>(`/v1/releases/${release}`);
      expect([moment.when, state]).toEqual([moment.when, isAborted(moment) ? 'aborting' : 'rolling-out']);
    }

    await kill(service);

    await Promise.all([...releases].map(([moment, release]) => service.reaches(release, endOf(moment))));
    const after = await versions();
    for (const [moment, release] of releases) {
      const { name, when } = moment;
      const wanted = isAborted(moment) ? before.get(name) : [`v${round}`, `v${round}`];
      expect([when, after.get(name)]).toEqual([when, wanted]);
      for (const item of ITEMS) {
        const log = await end.log(item, name);
        expectOnceAndInOrder(log);
        expect([when, item, effectsOf(release, log)]).toEqual([when, item, effectsWanted(moment, item)]);
      }
      const { items } = await service.get<{ items: DriftBody[] }>(`/v1/releases/${release}/drift`);
      expect(items.filter(({ state }) => state !== 'reverted')).toEqual([]);
      await service.expectNothingTwiceNorEarly(release);
    }
  });
});

/** What is there, by the name of the pair. */
async function versions(): Promise<Map<string, (string | null)[]>> {
  const pairs = MOMENTS.map(async ({ name }): Promise<[string, (string | null)[]]> => {
    return [name, await Promise.all(ITEMS.map((item) => end.versionOf(item, name)))];
  });
  return new Map(await Promise.all(pairs));
}

const effectsOf = (release: string, log: readonly DeliveryLine[]) =>
  log.filter((line) => line.release === release && line.result === 'applied').map(({ type }) => type);

/** Of a release that is aborted while its first item is out the second is never touched (REL-19). */
function effectsWanted(moment: Moment, item: Item): string[] {
  if (moment.abortMeanwhile && item === 'stock') {
    return [];
  }
  return isAborted(moment) ? ['service.apply', 'service.revert'] : ['service.apply'];
}
