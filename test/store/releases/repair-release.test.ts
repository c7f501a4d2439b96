import { repairRelease, type RepairRequest } from '../../../src/store/releases/repair-release';
import { undeliveredOf } from '../../../src/store/dispatch/undelivered';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { claim, decideAll, enterFirstPhase, record, RUN, stepOf, undecided } from './release-steps';

const HOUR = 3_600_000;

let world: ReleaseStore;
let release: string;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  release = await world.trigger({ phases: [phase('few', { bakeMs: HOUR }), phase('all')] });
});
afterEach(() => world.close());

const repair = (more: Partial<RepairRequest> = {}) =>
  world.store.write((unit) =>
    repairRelease(unit, {
      releaseId: release,
      epoch: 1,
      why: 'missing',
      detail: 'Temporal has no workflow for the release',
      by: null,
      reason: null,
      at: 1_000,
      ...more,
    }),
  );

const row = () =>
  world.store.read
    .selectFrom('releases')
    .select(['epoch', 'claimedBy', 'startDeliveredAt', 'runId', 'historyLength', 'dueAt', 'seq'])
    .where('id', '=', release)
    .executeTakeFirstOrThrow();

describe('what is heard of a workflow', () => {
  it('REL-33: is stored with its claim and with every step: the run, and how long its history was', async () => {
    await claim(world, release);
    expect(await row()).toMatchObject({ ...RUN, dueAt: null });

    await record(world, { ...(await stepOf(world, release)), historyLength: 12 });

    expect(await row()).toMatchObject({ runId: RUN.runId, historyLength: 12 });
  });

  it('REL-33: comes with when something happens next by itself, which a pause takes away', async () => {
    await enterFirstPhase(world, release);
    const { phases } = await world.position(release);
    expect(phases[0]?.progress).toMatchObject({ status: 'baking', endsAt: (await row()).dueAt });

    await world.accept(release, 'pause');
    await decideAll(world, release);

    expect((await row()).dueAt).toBeNull();
  });
});

describe('a repair', () => {
  it('REL-33: raises the epoch, forgets the workflow, and leaves the start to be delivered', async () => {
    await enterFirstPhase(world, release);
    const { seq } = await row();
    const position = await world.position(release);
    const told: unknown[] = [];
    world.store.notices.on((notice) => told.push(notice));

    expect(await repair()).toBe('repaired');

    expect(await row()).toMatchObject({
      epoch: 2,
      claimedBy: null,
      startDeliveredAt: null,
      runId: null,
      historyLength: 0,
      seq,
    });
    expect(await world.position(release)).toEqual(position);
    expect(told).toContainEqual({ kind: 'work', releaseId: release });
    expect(await undeliveredOf(world.store, release)).toMatchObject({ epoch: 2, start: true });
  });

  it('REL-33: is in the audit with what was found, who asked and why', async () => {
    await enterFirstPhase(world, release);

    await repair({ epoch: null, why: 'asked', detail: null, by: 'olga', reason: 'It does not move' });

    expect((await world.events(release)).at(-1)).toMatchObject({
      type: 'release-repaired',
      at: 1_000,
      actorId: 'olga',
      data: { epoch: 2, why: 'asked', detail: null, reason: 'It does not move' },
    });
  });

  it('REL-33: ends what ran before: it can record nothing more, and the next one goes on from the store', async () => {
    await enterFirstPhase(world, release);
    await world.accept(release, 'pause');
    const late = await stepOf(world, release, { mailbox: await undecided(world, release) });

    await repair();

    expect(await record(world, late)).toMatchObject({ recorded: false });
    expect(await claim(world, release)).toMatchObject({ claimed: false });
    const next = await claim(world, release, { epoch: 2, claimant: 'second', runId: 'run-2' });
    expect(next).toMatchObject({ claimed: true, seq: 1, actions: [{ verb: 'pause' }] });
    expect(await record(world, { ...late, epoch: 2 })).toMatchObject({ recorded: true });
    expect(await world.shown(release)).toBe('paused');
  });

  it('REL-33: found by several at the same time is made once', async () => {
    await enterFirstPhase(world, release);

    const made = await Promise.all([repair(), repair(), repair({ why: 'closed' })]);

    expect(made.sort()).toEqual(['repaired', 'superseded', 'superseded']);
    expect((await row()).epoch).toBe(2);
    expect((await world.eventTypes(release)).filter((type) => type === 'release-repaired')).toHaveLength(1);
  });

  it('REL-33: goes beyond every epoch that is known, also when the store is older than the workflow', async () => {
    await enterFirstPhase(world, release);

    expect(await repair({ epoch: 4, why: 'store-behind' })).toBe('repaired');

    expect((await row()).epoch).toBe(5);
  });

  it('REL-33: of a release that has ended, or that nobody knows, changes nothing', async () => {
    await enterFirstPhase(world, release);
    await world.accept(release, 'abort');
    await decideAll(world, release);
    const events = await world.events(release);

    expect(await repair()).toBe('ended');
    expect(await repair({ releaseId: 'no-such-release' })).toBeUndefined();

    expect(await world.events(release)).toEqual(events);
    expect((await row()).epoch).toBe(1);
  });
});

describe('a step of an epoch that the store does not know', () => {
  it('REL-33: is a divergence: the store is older than the workflow', async () => {
    await enterFirstPhase(world, release);
    await world.accept(release, 'pause');
    const step = await stepOf(world, release, { mailbox: await undecided(world, release) });

    await expect(record(world, { ...step, epoch: 2 })).rejects.toMatchObject({ name: 'Divergence' });

    expect(await world.shown(release)).toBe('baking');
  });
});
