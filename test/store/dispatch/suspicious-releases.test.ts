import { oldestUndecided } from '../../../src/store/dispatch/oldest-undecided';
import { startedRelease, startedReleases } from '../../../src/store/dispatch/started-releases';
import { suspiciousReleases } from '../../../src/store/dispatch/suspicious-releases';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { claim, decideAll, enterFirstPhase } from '../releases/release-steps';

const HOUR = 3_600_000;

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

const baking = (flag: string) => world.trigger({ phases: [phase('all', { bakeMs: HOUR })], flags: [flag] });

const deliverStart = (release: string, at: number) =>
  world.store.write(({ sql }) =>
    sql.updateTable('releases').set({ startDeliveredAt: at }).where('id', '=', release).execute(),
  );

const suspicious = (since: number, limit = 10) => suspiciousReleases(world.store, since, limit);

describe('releases that should have moved', () => {
  it('REL-33: are those with an action undecided, a start not claimed, or something due, each since before then', async () => {
    const undecided = await baking('one');
    const unclaimed = await baking('two');
    const due = await baking('three');
    for (const release of [undecided, due]) {
      await enterFirstPhase(world, release);
    }
    const endsAt = (
      await world.store.read.selectFrom('releases').select('dueAt').where('id', '=', due).executeTakeFirst()
    )?.dueAt;
    await world.accept(undecided, 'pause', { at: 2_000 });
    await deliverStart(unclaimed, 1_000);

    expect(await suspicious(1_000)).toEqual([]);
    expect(await suspicious(1_001)).toEqual([unclaimed]);
    expect(await suspicious(2_001)).toEqual([unclaimed, undecided]);
    expect(await suspicious(Number(endsAt) + 1)).toEqual([unclaimed, undecided, due]);
    expect(await suspicious(Number(endsAt) + 1, 2)).toEqual([unclaimed, undecided]);
  });

  it('REL-33: are none that wait to be started, that have ended, or whose action is decided', async () => {
    const waiting = await baking('one');
    const ended = await baking('two');
    await deliverStart(ended, 1_000);
    await enterFirstPhase(world, ended);
    const action = await world.accept(ended, 'abort', { at: 2_000 });
    await decideAll(world, ended);

    expect(await world.action(action)).toMatchObject({ status: 'applied' });
    expect(await suspicious(Date.now() + 2 * HOUR)).toEqual([]);
    expect(await startedRelease(world.store, ended)).toBeUndefined();
    expect(await startedRelease(world.store, waiting)).toBeUndefined();
  });

  it('REL-33: are among all that were started, which are told in pages', async () => {
    const releases = [await baking('one'), await baking('two'), await baking('three')];
    for (const release of releases) {
      await claim(world, release, { runId: `run-of-${release}` });
    }

    const first = await startedReleases(world.store, '', 2);
    const rest = await startedReleases(world.store, first.at(-1) ?? '', 2);

    expect([...first, ...rest]).toEqual([...releases].sort());
    expect(await startedRelease(world.store, releases[0] ?? '')).toMatchObject({
      epoch: 1,
      claimedBy: 'first',
      runId: `run-of-${String(releases[0])}`,
    });
  });
});

describe('the oldest undecided action', () => {
  it('HTTP-8: is the one that was accepted first, of all releases, or none', async () => {
    expect(await oldestUndecided(world.store)).toBeNull();
    const release = await baking('one');
    await enterFirstPhase(world, release);

    await world.accept(release, 'pause', { at: 3_000 });
    await world.accept(release, 'unpause', { at: 4_000 });

    expect(await oldestUndecided(world.store)).toBe(3_000);
  });
});
