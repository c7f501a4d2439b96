import { markDelivered } from '../../../src/store/dispatch/mark-delivered';
import { releasesToDeliver, undeliveredOf, type Undelivered } from '../../../src/store/dispatch/undelivered';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { claim, decideAll } from '../releases/release-steps';

const baking = [phase('all', { bakeMs: 3_600_000 })];

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

const toDeliver = (limit = 10) => releasesToDeliver(world.store, limit);

async function undelivered(release: string): Promise<Undelivered> {
  const found = await undeliveredOf(world.store, release);
  if (!found) {
    throw new Error('Everything is delivered');
  }
  return found;
}

/** Temporal has acknowledged this. */
const deliver = ({ releaseId, epoch, start, actions, wake }: Undelivered) =>
  markDelivered(world.store, { releaseId, epoch, start, actions: actions.map(({ id }) => id), wake, at: Date.now() });

const setRelease = (release: string, columns: { wake: number } | { epoch: number; startDeliveredAt: null }) =>
  world.store.write(({ sql }) => sql.updateTable('releases').set(columns).where('id', '=', release).execute());

describe('what is to be delivered', () => {
  it('REL-2: is the start of a release, until it is acknowledged', async () => {
    const release = await world.trigger({ phases: baking });
    expect(await toDeliver()).toEqual([release]);
    const start = await undelivered(release);
    expect(start).toEqual({ releaseId: release, epoch: 1, start: true, actions: [], wake: 0 });

    await deliver(start);

    expect(await toDeliver()).toEqual([]);
    expect(await undeliveredOf(world.store, release)).toBeNull();
  });

  it('REL-28: is all undecided actions in order, as soon as one of them is undelivered', async () => {
    const release = await world.trigger({ phases: baking });
    await deliver(await undelivered(release));
    await world.accept(release, 'pause');
    await deliver(await undelivered(release));
    expect(await toDeliver()).toEqual([]);

    await world.accept(release, 'abort');

    expect((await undelivered(release)).actions.map(({ verb }) => verb)).toEqual(['pause', 'abort']);
    expect(await toDeliver()).toEqual([release]);
  });

  it('is an action that was accepted while another was on its way', async () => {
    const release = await world.trigger({ phases: baking });
    await world.accept(release, 'pause');
    const onItsWay = await undelivered(release);
    await world.accept(release, 'abort');

    await deliver(onItsWay);

    expect((await undelivered(release)).actions).toHaveLength(2);
  });

  it('is a wake-up that came while another was on its way', async () => {
    const release = await world.trigger({ phases: baking });
    await deliver(await undelivered(release));
    await setRelease(release, { wake: 1 });
    const onItsWay = await undelivered(release);
    await setRelease(release, { wake: 2 });

    await deliver(onItsWay);
    expect((await undelivered(release)).wake).toBe(2);
    await deliver(await undelivered(release));

    expect(await toDeliver()).toEqual([]);
  });

  it('REL-33: is the start of the next epoch, also when that of the last one is acknowledged late', async () => {
    const release = await world.trigger({ phases: baking });
    const late = await undelivered(release);
    await setRelease(release, { epoch: 2, startDeliveredAt: null });

    await deliver(late);

    expect(await undelivered(release)).toMatchObject({ epoch: 2, start: true });
  });

  it('is nothing of a release that has ended', async () => {
    const release = await world.trigger({ phases: baking });
    await world.accept(release, 'abort');
    await claim(world, release);
    await decideAll(world, release);

    expect(await toDeliver()).toEqual([]);
    expect(await undeliveredOf(world.store, release)).toBeNull();
  });

  it('comes oldest first, and no more than asked for', async () => {
    const releases = [
      await world.trigger({ phases: baking, flags: ['a'] }),
      await world.trigger({ phases: baking, flags: ['b'] }),
      await world.trigger({ phases: baking, flags: ['c'] }),
    ];

    expect(await toDeliver(2)).toEqual(releases.slice(0, 2));
  });
});
