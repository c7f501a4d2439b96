import { Dispatcher } from '../../../src/api/dispatch/dispatcher';
import type { Engine } from '../../../src/api/dispatch/engine';
import { createLog } from '../../../src/api/log';
import { undeliveredOf } from '../../../src/store/dispatch/undelivered';
import { claimRelease } from '../../../src/store/releases/claim-release';
import { eventually } from '../../support/eventually';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { RUN } from '../../store/releases/release-steps';

const baking = [phase('all', { bakeMs: 3_600_000 })];

let world: ReleaseStore;
let told: string[];
let missing: string[];
let isRunning: boolean;
let dispatcher: Dispatcher;

const engine: Engine = {
  start: ({ release }) => {
    told.push(`start ${release}`);
    return Promise.resolve();
  },
  tellActions: (release, actions) => {
    told.push(`${actions.map(({ verb }) => verb).join()} ${release}`);
    return Promise.resolve(isRunning);
  },
  tellHoldsChanged: (release) => {
    told.push(`wake ${release}`);
    return Promise.resolve(true);
  },
};

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  told = [];
  missing = [];
  isRunning = true;
  const onMissing = (releaseId: string) => void missing.push(releaseId);
  dispatcher = new Dispatcher({ store: world.store, engine, log: createLog('silent'), now: Date.now, onMissing });
});
afterEach(async () => {
  await dispatcher.stop();
  await world.close();
});

const isDelivered = async (release: string) => (await undeliveredOf(world.store, release)) === null;

describe('what Temporal was told', () => {
  it('INV-1: is noted after a while also when no workflow answers', async () => {
    const release = await world.trigger({ phases: baking });
    await eventually('the start is told', () => Promise.resolve(told.length > 0));
    await eventually('the start is noted', () => isDelivered(release));

    const action = await world.accept(release, 'pause');
    await eventually('the action is noted', () => isDelivered(release));

    expect(told).toEqual([`start ${release}`, `pause ${release}`]);
    expect((await world.action(action)).status).toBe('undecided');
  });

  it('is noted with the answer where there is one, so that it need not be written once more', async () => {
    const release = await world.trigger({ phases: baking });
    await eventually('the start is told', () => Promise.resolve(told.length > 0));
    expect(await isDelivered(release)).toBe(false);
    world.store.notices.emit({ kind: 'work', releaseId: release });

    await world.store.write((unit) =>
      claimRelease(unit, { release, epoch: 1, claimant: 'first', ...RUN, now: Date.now() }),
    );

    expect(await isDelivered(release)).toBe(true);
    expect(told).toEqual([`start ${release}`]);
  });

  it('is not told again while it is not noted, however much else happens to the release', async () => {
    const release = await world.trigger({ phases: baking });
    await eventually('the start is told', () => Promise.resolve(told.length > 0));
    await world.accept(release, 'pause');
    await eventually('the pause is told', () => Promise.resolve(told.length > 1));

    world.store.notices.emit({ kind: 'work', releaseId: release });
    await world.accept(release, 'abort');
    await eventually('the abort is told', () => Promise.resolve(told.length > 2));

    expect(told).toEqual([`start ${release}`, `pause ${release}`, `pause,abort ${release}`]);
  });

  it('REL-33: is no action that no workflow runs for: the release is looked into, and the action sent again', async () => {
    const release = await world.trigger({ phases: baking });
    await eventually('the start is noted', () => isDelivered(release));
    isRunning = false;
    await world.accept(release, 'pause');
    await eventually('it is looked into', () => Promise.resolve(missing.includes(release)));
    await dispatcher.stop();

    expect((await undeliveredOf(world.store, release))?.actions).toHaveLength(1);
  });

  it('INV-1: is noted before the dispatcher stops', async () => {
    const release = await world.trigger({ phases: baking });
    await eventually('the start is told', () => Promise.resolve(told.length > 0));

    await dispatcher.stop();

    expect(await isDelivered(release)).toBe(true);
  });
});
