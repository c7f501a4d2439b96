import type { ClaimedRelease, ReleaseClaim } from '../../../src/store/releases/claim-release';
import { claimRelease } from '../../../src/store/releases/claim-release';
import { enterFirstPhase } from '../../../src/store/releases/enter-first-phase';
import { newParts, phase, ReleaseStore, review } from '../../support/release-store';
import { asking } from '../interruptions/interruption-steps';
import { record, RUN, stepOf } from './release-steps';

const baking = [phase('all', { bakeMs: 3_600_000 })];

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

/** As the activity does: both in one transaction. */
function claimAndEnter(release: string, more: Partial<ReleaseClaim> = {}): Promise<ClaimedRelease> {
  const claim = { release, epoch: 1, claimant: 'first', ...RUN, now: Date.now(), ...more };
  return world.store.write(async (unit) => enterFirstPhase(unit, claim, await claimRelease(unit, claim)));
}

describe('entering the first phase with the claim', () => {
  it('REL-30: starts the release and its first phase at once, as the first step', async () => {
    const release = await world.trigger({ phases: baking });
    const now = Date.now();

    const claimed = await claimAndEnter(release, { now });

    expect(claimed).toMatchObject({ claimed: true, seq: 1, actions: [], held: false });
    expect(claimed.claimed && claimed.state).toEqual(await world.position(release));
    expect((await world.position(release)).phases[0]).toMatchObject({ startedAt: now });
    expect(await world.eventTypes(release)).toEqual([
      'release-triggered',
      'release-started',
      'phase-started',
      'deployment-succeeded',
      'bake-started',
    ]);
  });

  it('REL-33: does it once, however often the same claimant asks', async () => {
    const release = await world.trigger({ phases: baking });
    const first = await claimAndEnter(release);

    const again = await claimAndEnter(release, { now: Date.now() + 1_000 });

    expect(again).toEqual(first);
    expect((await world.eventTypes(release)).filter((type) => type === 'phase-started')).toHaveLength(1);
  });

  it('INT-9: leaves to the workflow what may have to wait for an answer to another release', async () => {
    await asking(world, { blockConcurrent: true });
    await world.putFlag('waits');
    const release = await world.trigger({ phases: baking, flags: ['waits'] });

    expect(await claimAndEnter(release)).toMatchObject({ claimed: true, seq: 0, held: false });
    expect(await world.eventTypes(release)).toEqual(['release-triggered', 'release-started']);
    const recorded = await record(world, await stepOf(world, release));

    expect(recorded).toMatchObject({ recorded: true, held: true });
  });

  it('REL-33: notes that the start has arrived', async () => {
    const release = await world.trigger({ phases: baking });

    await claimAndEnter(release, { now: 4_711 });

    const row = await world.store.read
      .selectFrom('releases')
      .select('startDeliveredAt')
      .where('id', '=', release)
      .executeTakeFirstOrThrow();
    expect(row.startDeliveredAt).toBe(4_711);
  });

  it('REL-30: leaves a release that was acted on before to its workflow', async () => {
    const release = await world.trigger({ phases: baking });
    const action = await world.accept(release, 'abort');

    const claimed = await claimAndEnter(release);

    expect(claimed).toMatchObject({ claimed: true, seq: 0, actions: [{ id: action }] });
    expect(await world.eventTypes(release)).toEqual(['release-triggered']);
  });

  it('REL-8: waits for the review that stands before the first phase', async () => {
    const release = await world.trigger({ phases: [phase('all', { requiredReview: review() })] });

    const claimed = await claimAndEnter(release);

    expect(claimed).toMatchObject({ claimed: true, seq: 0 });
    expect(await world.shown(release)).toBe('waiting-for-review');
  });

  it('REL-3: waits for its turn in the queue', async () => {
    await claimAndEnter(await world.trigger({ phases: baking }));
    const second = await world.trigger({ phases: baking, whenBusy: 'queue' });

    const claimed = await claimAndEnter(second);

    expect(claimed).toMatchObject({ claimed: true, seq: 0, held: true });
    expect(await world.shown(second)).toBe('queued');
  });

  it('REL-33: gives another claimant nothing, and starts nothing for it', async () => {
    const release = await world.trigger({ phases: baking });
    await claimAndEnter(release);

    expect(await claimAndEnter(release, { claimant: 'second' })).toMatchObject({ claimed: false });
  });
});
