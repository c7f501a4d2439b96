import type { AcceptedAction } from '../../../src/domain/accepted-action';
import { acceptAction } from '../../../src/store/releases/accept-action';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { decideAll, enterFirstPhase, undecided } from './release-steps';

const HOUR = 3_600_000;

let world: ReleaseStore;
let release: string;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  release = await world.trigger({ phases: [phase('few', { bakeMs: HOUR }), phase('all', { bakeMs: HOUR })] });
});
afterEach(() => world.close());

describe('accepting an action', () => {
  it('REL-28: numbers actions one after the other, however many are accepted at the same time', async () => {
    await enterFirstPhase(world, release);

    const ids = await Promise.all(Array.from({ length: 50 }, () => world.accept(release, 'pause')));

    const numbers = await Promise.all(ids.map(async (id) => (await world.action(id)).number));
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect((await undecided(world, release)).map(({ number }) => number)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
  });

  it('REL-14: stamps the phase and attempt that are current, or the ones that the caller saw', async () => {
    await enterFirstPhase(world, release);

    await world.accept(release, 'pause');
    await world.accept(release, 'pause', { phase: 'all' });
    await world.accept(release, 'pause', { phase: 'all', attempt: 3 });
    await world.accept(release, 'abort');

    expect((await undecided(world, release)).map(({ phase: seen, attempt }) => [seen, attempt])).toEqual([
      ['few', 1],
      ['all', 1],
      ['all', 3],
      [null, null],
    ]);
  });

  it('REL-25: refuses what comes after the end at once, and the audit says so', async () => {
    await enterFirstPhase(world, release);
    await world.accept(release, 'abort');
    await decideAll(world, release);
    expect(await world.shown(release)).toBe('aborted');

    const late = await world.accept(release, 'pause');

    expect(await world.action(late)).toMatchObject({
      status: 'refused',
      number: 2,
      refusal: { refused: 'release.ended', allowed: [] },
    });
    expect((await world.events(release)).at(-1)).toMatchObject({
      type: 'action-refused',
      actorId: 'olga',
      data: { action: late, number: 2, verb: 'pause', code: 'release.ended' },
    });
  });

  it('REL-10: keeps what the caller was allowed, and writes nothing when it is refused', async () => {
    await world.accept(release, 'abort', { rights: { mayApprove: [], tokenMaker: 'rita' } });
    const refused = world.store.write((unit) =>
      acceptAction(unit, {
        releaseId: release,
        verb: 'pause',
        by: 'olga',
        phase: null,
        attempt: null,
        reason: null,
        expiresAfterMs: null,
        now: Date.now(),
        judge: () => {
          throw new Error('not allowed');
        },
      }),
    );
    await expect(refused).rejects.toThrow('not allowed');

    const actions: AcceptedAction[] = await undecided(world, release);
    expect(actions).toHaveLength(1);
    expect(actions[0]?.rights).toMatchObject({ mayApprove: [], tokenMaker: 'rita' });
    await world.accept(release, 'pause');
    expect((await undecided(world, release)).map(({ number }) => number)).toEqual([1, 2]);
  });

  it('knows no release of another id', async () => {
    await expect(world.accept('no-such-release', 'abort')).rejects.toThrow('There is no release');
  });
});
