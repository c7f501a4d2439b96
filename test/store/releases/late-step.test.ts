import { recordStep } from '../../../src/store/releases/record-step';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { claim, enterFirstPhase, record, stepOf, undecided } from './release-steps';

const HOUR = 3_600_000;

let world: ReleaseStore;
let release: string;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  release = await world.trigger({ phases: [phase('few', { bakeMs: HOUR }), phase('all', { bakeMs: HOUR })] });
});
afterEach(() => world.close());

const recordLate = (step: Awaited<ReturnType<typeof stepOf>>) =>
  world.store.write((unit) => recordStep(unit, step, { isLate: true }));

describe('recording a step long after it was decided', () => {
  it('INV-2: does not enter the phase, and what is decided anew does, with the whole bake before it', async () => {
    await claim(world, release);
    const then = Date.now();
    const decided = await stepOf(world, release, { now: then });

    expect(await recordLate(decided)).toMatchObject({ recorded: true, held: false, actions: [] });
    expect(await world.eventTypes(release)).not.toContain('phase-started');

    const now = then + 2 * HOUR;
    await record(world, await stepOf(world, release, { now }));
    const { phases } = await world.position(release);
    expect(phases[0]?.progress).toEqual({ status: 'baking', endsAt: now + HOUR });
  });

  it('INV-1: keeps what was decided of actions, and reverts all the same', async () => {
    await enterFirstPhase(world, release);
    const abort = await world.accept(release, 'abort');

    await recordLate(await stepOf(world, release, { mailbox: await undecided(world, release) }));

    expect(await world.action(abort)).toMatchObject({ status: 'applied' });
    expect(await world.shown(release)).toBe('aborted');
    expect(await world.store.read.selectFrom('overlays').selectAll().execute()).toEqual([]);
  });
});
