import { newParts, phase, ReleaseStore, review } from '../../support/release-store';
import { claim, decideAll, enterFirstPhase } from './release-steps';

const HOUR = 3_600_000;
const baking = [phase('all', { bakeMs: HOUR })];

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

const epochOf = (release: string, epoch: number) =>
  world.store.write(({ sql }) =>
    sql.updateTable('releases').set({ epoch, claimedBy: null }).where('id', '=', release).execute(),
  );

describe('claiming a release', () => {
  it('REL-7: starts it; until then it is queued', async () => {
    const release = await world.trigger({ phases: [phase('all', { requiredReview: review() })] });
    expect(await world.shown(release)).toBe('queued');

    const claimed = await claim(world, release);

    expect(claimed).toMatchObject({ claimed: true, seq: 0, actions: [], held: false });
    expect(await world.shown(release)).toBe('waiting-for-review');
    expect(await world.eventTypes(release)).toEqual(['release-triggered', 'release-started', 'review-opened']);
  });

  it('REL-33: gives the same claimant the release as it is now, and starts it once', async () => {
    const release = await world.trigger({ phases: baking });
    await enterFirstPhase(world, release);
    const action = await world.accept(release, 'pause');

    const again = await claim(world, release);

    expect(again).toMatchObject({ claimed: true, seq: 1, actions: [{ id: action }] });
    expect(again.claimed && again.state).toEqual(await world.position(release));
    expect((await world.eventTypes(release)).filter((type) => type === 'release-started')).toHaveLength(1);
  });

  it('REL-33: gives one of several claimants the release, and the others nothing', async () => {
    const release = await world.trigger({ phases: baking });

    const claims = await Promise.all(['a', 'b', 'c', 'd'].map((claimant) => claim(world, release, { claimant })));

    expect(claims.filter(({ claimed }) => claimed)).toHaveLength(1);
    expect((await world.eventTypes(release)).filter((type) => type === 'release-started')).toHaveLength(1);
  });

  it('REL-33: gives an older epoch nothing, and the next one all of it', async () => {
    const release = await world.trigger({ phases: baking });
    await enterFirstPhase(world, release);
    await epochOf(release, 2);

    expect(await claim(world, release)).toMatchObject({ claimed: false });
    expect(await claim(world, release, { epoch: 2, claimant: 'second' })).toMatchObject({ claimed: true, seq: 1 });
    expect(await claim(world, release, { epoch: 2, claimant: 'third' })).toMatchObject({ claimed: false });
  });

  it('REL-33: gives nobody a release that has ended or that is unknown', async () => {
    const release = await world.trigger({ phases: baking });
    await enterFirstPhase(world, release);
    await world.accept(release, 'abort');
    await decideAll(world, release);

    expect(await claim(world, release)).toMatchObject({ claimed: false });
    expect(await claim(world, 'no-such-release')).toMatchObject({ claimed: false });
  });

  it('REL-30: does not start a release that was acted on before; that is decided first', async () => {
    const release = await world.trigger({ phases: baking });
    const action = await world.accept(release, 'abort');

    const claimed = await claim(world, release);

    expect(claimed).toMatchObject({ claimed: true, actions: [{ id: action }] });
    expect(await world.shown(release)).toBe('queued');
    await decideAll(world, release);
    expect(await world.eventTypes(release)).toEqual([
      'release-triggered',
      'action-applied',
      'release-aborting',
      'release-aborted',
    ]);
  });

  it('REL-3: does not start a release whose turn has not come', async () => {
    await claim(world, await world.trigger({ phases: baking }));
    const second = await world.trigger({ phases: baking, whenBusy: 'queue' });

    expect(await claim(world, second)).toMatchObject({ claimed: true, held: true });
    expect(await world.shown(second)).toBe('queued');
    expect(await world.eventTypes(second)).toEqual(['release-triggered']);
  });
});
