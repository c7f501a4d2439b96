import { recordStep, type StepToRecord } from '../../../src/store/releases/record-step';
import { newParts, phase, ReleaseStore, review } from '../../support/release-store';
import { claim, decideAll, enterFirstPhase, record, stepOf, undecided } from './release-steps';

const HOUR = 3_600_000;

let world: ReleaseStore;
let release: string;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  release = await world.trigger({ phases: [phase('few', { bakeMs: HOUR }), phase('all', { bakeMs: HOUR })] });
});
afterEach(() => world.close());

const overlays = () => world.store.read.selectFrom('overlays').selectAll().execute();
const deployments = () =>
  world.store.read.selectFrom('deployments').select(['phase', 'attempt', 'state']).orderBy('id').execute();

async function revision(): Promise<number> {
  const row = await world.store.read
    .selectFrom('environments')
    .select('revision')
    .where('id', '=', world.environments['staging'] ?? '')
    .executeTakeFirstOrThrow();
  return row.revision;
}

describe('recording a step', () => {
  it('INV-1: gives the stored answer to the same step, and does nothing a second time', async () => {
    await claim(world, release);
    const step = await stepOf(world, release);
    const first = await record(world, step);
    const [events, revised] = [await world.events(release), await revision()];

    const again = await Promise.all([record(world, step), record(world, step)]);

    expect(again).toEqual([first, first]);
    expect(await world.events(release)).toEqual(events);
    expect(await revision()).toBe(revised);
    expect(await deployments()).toHaveLength(1);
  });

  it('INV-1: gives that answer also when the release has gone on since', async () => {
    await claim(world, release);
    const step = await stepOf(world, release);
    const first = await record(world, step);
    await world.accept(release, 'pause');
    await decideAll(world, release);

    expect(await record(world, step)).toEqual(first);
    expect(await world.shown(release)).toBe('paused');
  });

  it('INV-1: takes one of two that record the same number at once, and it is loud about the other', async () => {
    await claim(world, release);
    const step = await stepOf(world, release);
    const other: StepToRecord = { ...step, step: { ...step.step, reach: null } };

    const settled = await Promise.allSettled([record(world, step), record(world, other)]);

    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('is loud about another step under the same number, and changes nothing', async () => {
    await claim(world, release);
    const step = await stepOf(world, release);
    await record(world, step);
    const events = await world.events(release);

    const other = record(world, { ...step, step: { ...step.step, reach: null } });

    await expect(other).rejects.toMatchObject({ name: 'Divergence' });
    expect(await world.events(release)).toEqual(events);
  });

  it('is loud about a step that comes before its turn', async () => {
    await claim(world, release);
    const step = await stepOf(world, release);

    await expect(record(world, { ...step, seq: step.seq + 1 })).rejects.toMatchObject({ name: 'Divergence' });
    expect(await overlays()).toEqual([]);
  });

  it('REL-33: refuses what an older epoch sends, whether it was recorded before or is something else', async () => {
    await claim(world, release);
    const step = await stepOf(world, release);
    await record(world, step);
    await world.store.write(({ sql }) =>
      sql.updateTable('releases').set({ epoch: 2, claimedBy: null }).where('id', '=', release).execute(),
    );
    const events = await world.events(release);

    const next = { ...step, seq: step.seq + 1 };
    const other = { ...step, step: { ...step.step, reach: null } };

    for (const stale of [step, next, other]) {
      expect(await record(world, stale)).toMatchObject({ recorded: false });
    }
    expect(await world.events(release)).toEqual(events);
  });

  it('refuses a release that nobody knows', async () => {
    await claim(world, release);
    const step = await stepOf(world, release);

    expect(await record(world, { ...step, release: 'no-such-release' })).toMatchObject({ recorded: false });
  });

  it('REL-30: does not enter a phase while an action is undecided, but returns that action', async () => {
    await claim(world, release);
    const step = await stepOf(world, release);
    const action = await world.accept(release, 'abort');

    const recorded = await record(world, step);

    expect(recorded).toMatchObject({ recorded: true, held: false, actions: [{ id: action }] });
    expect(await overlays()).toEqual([]);
    expect(await deployments()).toEqual([]);
    expect(await world.eventTypes(release)).not.toContain('phase-started');
    await decideAll(world, release);
    expect(await world.shown(release)).toBe('aborted');
  });

  it('REL-30: of an action and a step into the world at the same time, one sees the other', async () => {
    await claim(world, release);
    const step = await stepOf(world, release);

    const [action, recorded] = await Promise.all([world.accept(release, 'abort'), record(world, step)]);

    const entered = (await overlays()).length > 0;
    const found = recorded.recorded && recorded.actions.some(({ id }) => id === action);
    expect(entered).toBe(!found);
  });

  it('REL-30: does not record a timer while an action is undecided', async () => {
    await enterFirstPhase(world, release);
    const { progress } = (await world.position(release)).phases[0] ?? {};
    const endsAt = progress?.status === 'baking' ? progress.endsAt : 0;
    const step = await stepOf(world, release, { now: endsAt });
    await world.accept(release, 'pause', { at: endsAt - 1 });

    await record(world, step);
    await record(world, await stepOf(world, release, { mailbox: await undecided(world, release), now: endsAt }));

    expect((await world.position(release)).phases[0]?.progress).toMatchObject({ status: 'paused', remainingMs: 1 });
  });

  it('REL-19: nothing stands in the way of a revert; what was undecided is refused with it', async () => {
    await enterFirstPhase(world, release);
    expect(await overlays()).toHaveLength(1);
    await world.accept(release, 'abort');
    const step = await stepOf(world, release, { mailbox: await undecided(world, release) });
    expect(step.step.reach?.kind).toBe('revert');
    const late = await world.accept(release, 'pause');

    expect(await record(world, step)).toMatchObject({ recorded: true, actions: [] });

    expect(await overlays()).toEqual([]);
    expect(await world.shown(release)).toBe('aborted');
    expect(await world.action(late)).toMatchObject({ status: 'refused', refusal: { refused: 'release.ended' } });
  });

  it('INV-4: every event and outcome is in the audit once, with who did it', async () => {
    await enterFirstPhase(world, release);
    await world.accept(release, 'approve', { by: 'rita' });
    await world.accept(release, 'pause');
    await decideAll(world, release);

    const entries = await world.events(release);
    expect(entries.map(({ type, actorId }) => [type, actorId])).toEqual([
      ['release-triggered', 'ada'],
      ['release-started', null],
      ['phase-started', null],
      ['deployment-succeeded', null],
      ['bake-started', null],
      ['action-refused', 'rita'],
      ['action-applied', 'olga'],
      ['bake-paused', 'olga'],
    ]);
    const sequences = entries.map(({ sequence }) => sequence);
    expect([...sequences].sort((a, b) => a - b)).toEqual(sequences);
  });

  it('records a deployment for each environment that a phase enters', async () => {
    await enterFirstPhase(world, release);
    await world.accept(release, 'skip');
    await decideAll(world, release);

    expect(await deployments()).toEqual([
      { phase: 'few', attempt: 1, state: 'succeeded' },
      { phase: 'all', attempt: 1, state: 'succeeded' },
    ]);
  });

  it('writes nothing at all when it fails half-way', async () => {
    await claim(world, release);
    const step = await stepOf(world, release);
    const [events, revised] = [await world.events(release), await revision()];

    const failed = world.store.write(async (unit) => {
      await recordStep(unit, step);
      throw new Error('The power is gone');
    });

    await expect(failed).rejects.toThrow('The power is gone');
    expect(await world.events(release)).toEqual(events);
    expect(await revision()).toBe(revised);
    expect(await record(world, step)).toMatchObject({ recorded: true });
  });

  it('REL-10: keeps approvals with the release, and enters the phase with the last one', async () => {
    const reviewed = await world.trigger({
      phases: [phase('all', { bakeMs: HOUR, requiredReview: review({ approvals: 2 }) })],
      flags: ['reviewed'],
    });
    await claim(world, reviewed);
    await world.accept(reviewed, 'approve');
    await decideAll(world, reviewed);
    expect(await world.shown(reviewed)).toBe('waiting-for-review');

    await world.accept(reviewed, 'approve', { by: 'rita' });
    await decideAll(world, reviewed);

    const { phases } = await world.position(reviewed);
    expect(phases[0]?.approvals.map(({ by }) => by)).toEqual(['olga', 'rita']);
    expect(await world.shown(reviewed)).toBe('baking');
  });
});
