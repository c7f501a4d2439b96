import type { ActionVerb } from '../../../src/domain/pipeline';
import { listDeployments, stepsOf } from '../../../src/store/deployments/list-deployments';
import { repairRelease } from '../../../src/store/releases/repair-release';
import { manual } from '../../domain/process-fixture';
import { newParts, phase, ReleaseStore, type ReleaseToTrigger } from '../../support/release-store';
import { claim, enterFirstPhase, goOn, record, stepOf, undecided } from '../releases/release-steps';
import { asking, hold, submit } from './interruption-steps';

/*
 * Deployments that are shown as queued, as they wait for an answer to another release (INT-9), and what becomes of them.
 */

const HOUR = 3_600_000;
const reaching = (...environments: string[]) => ({ rules: [{ environments, conditions: [] }] });
/** For some only: a full roll-out goes there in a later phase. */
const some = {
  rules: [
    {
      environments: ['staging'],
      conditions: [{ attribute: 'email', operator: 'ends_with' as const, values: ['@example.com'] }],
    },
  ],
};
const look = { process: [manual({ name: 'Look' })] };

let world: ReleaseStore;
/** Asks what others wait for in staging. */
let asks: { release: string; interruption: string };

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  asks = await asking(world, { blockConcurrent: true });
});
afterEach(() => world.close());

const rowsOf = async (release: string) =>
  (await listDeployments(world.store.read, release, {}, { limit: 100, after: null })).reverse();

/** Oldest first. */
async function deployments(release: string): Promise<string[]> {
  return (await rowsOf(release)).map((row) => `${row.phase} ${row.environment} ${row.attempt} ${row.state}`);
}

/** What a workflow that knows all that is undecided records next. */
async function step(release: string, now = Date.now()): Promise<boolean> {
  const recorded = await record(world, await stepOf(world, release, { mailbox: await undecided(world, release), now }));
  return recorded.recorded && recorded.held;
}

async function answer(): Promise<void> {
  await hold(world, { id: asks.interruption, verb: 'take', by: 'olga' });
  await submit(world, { id: asks.interruption, by: 'olga' });
  await goOn(world, asks.release);
}

/** A release whose first phase waits. */
async function waitsAtOnce(more: Partial<ReleaseToTrigger> = {}): Promise<string> {
  const phases = [phase('all', { bakeMs: HOUR }), phase('later', { bakeMs: HOUR, ...reaching('production') })];
  const release = await world.trigger({ phases, flags: ['waits'], ...more });
  await enterFirstPhase(world, release);
  expect(await deployments(release)).toEqual(['all staging 1 queued']);
  return release;
}

/** A release that has baked in production and waits with what comes next; when its bake was over. */
async function waitsAfterBake(
  more: Partial<ReleaseToTrigger> = {},
  next = [phase('next', { bakeMs: HOUR })],
): Promise<{ release: string; bakedAt: number }> {
  const first = phase('first', { bakeMs: HOUR, ...reaching('production') });
  const release = await world.trigger({ phases: [first, ...next], flags: ['waits'], ...more });
  await enterFirstPhase(world, release);
  const { progress } = (await world.position(release)).phases[0] ?? {};
  const bakedAt = progress?.status === 'baking' ? progress.endsAt : NaN;
  expect(await step(release, bakedAt + 1)).toBe(true);
  expect(await deployments(release)).toContain('next staging 1 queued');
  return { release, bakedAt };
}

describe('queued deployments', () => {
  it.each<[ActionVerb, string[]]>([
    ['skip', ['all staging 1 succeeded', 'later production 1 succeeded']],
    ['pause', ['all staging 1 succeeded']],
    // Flags alone are switched everywhere at once, without further deployments.
    ['full-rollout', ['all staging 1 succeeded']],
  ])('INT-9: a %s is armed while they wait; they start once, and none is left', async (verb, after) => {
    const release = await waitsAtOnce();
    const [queued] = await rowsOf(release);

    const action = await world.accept(release, verb);
    expect(await step(release)).toBe(true);

    expect((await world.action(action)).status).toBe('applied');
    expect(await deployments(release)).toEqual(['all staging 1 queued']);
    await answer();
    await goOn(world, release);
    expect(await deployments(release)).toEqual(after);
    expect((await rowsOf(release))[0]?.id).toBe(queued?.id);
  });

  it('INT-9, REL-19: an abort ends them', async () => {
    const release = await waitsAtOnce(look);

    await world.accept(release, 'abort');
    await goOn(world, release);

    expect(await deployments(release)).toEqual(['all staging 1 aborted']);
    const [row] = await rowsOf(release);
    expect(row).toMatchObject({ startedAt: null, endedBy: 'olga' });
    expect((await stepsOf(world.store.read, [row?.id ?? ''])).map(({ state }) => state)).toEqual([
      'aborted',
      'aborted',
    ]);
  });

  it('INT-9, REL-33: a release that is started anew shows the same ones, once', async () => {
    const release = await waitsAtOnce(look);
    const before = await rowsOf(release);

    const repair = { releaseId: release, epoch: null, why: 'asked' as const, detail: null, by: 'olga', reason: null };
    await world.store.write((unit) => repairRelease(unit, { ...repair, at: Date.now() }));
    expect(await claim(world, release, { epoch: 2, claimant: 'second' })).toMatchObject({ claimed: true });
    expect(await step(release)).toBe(true);

    expect(await rowsOf(release)).toEqual(before);
    await answer();
    await goOn(world, release);
    expect(await deployments(release)).toEqual(['all staging 1 waiting']);
    expect((await rowsOf(release))[0]?.id).toBe(before[0]?.id);
  });

  it('INT-9, REL-29: a pause that came before the end of the bake takes them away until they are to come again', async () => {
    const { release, bakedAt } = await waitsAfterBake();

    await world.accept(release, 'pause', { at: bakedAt - 1_000 });
    await step(release, bakedAt + 2);

    expect(await world.shown(release)).toBe('paused');
    expect(await deployments(release)).toEqual(['first production 1 succeeded']);
    const row = world.store.read.selectFrom('releases').select('blockedBy').where('id', '=', release);
    expect(await row.executeTakeFirst()).toEqual({ blockedBy: null });
    await world.accept(release, 'unpause', { at: bakedAt + 3 });
    await step(release, bakedAt + 4);
    expect(await step(release, bakedAt + HOUR)).toBe(true);
    expect(await deployments(release)).toEqual(['first production 1 succeeded', 'next staging 1 queued']);
    await answer();
    await goOn(world, release, { now: bakedAt + HOUR });
    expect(await deployments(release)).toEqual(['first production 1 succeeded', 'next staging 1 succeeded']);
  });

  it('INT-9, REL-29: a full roll-out that came before the end of the bake leaves none of them queued', async () => {
    const { release, bakedAt } = await waitsAfterBake();

    await world.accept(release, 'full-rollout', { at: bakedAt - 1_000 });
    expect(await step(release, bakedAt + 2)).toBe(true);

    expect(await deployments(release)).toEqual(['first production 1 succeeded']);
    await answer();
    await goOn(world, release, { now: bakedAt + 3 });
    expect(await world.shown(release)).toBe('completed');
    expect(await deployments(release)).toEqual(['first production 1 succeeded']);
  });

  it('INT-9, REL-20: where others come instead, those are shown, and start', async () => {
    const next = [phase('next', { bakeMs: HOUR, ...some }), phase('everyone', { bakeMs: HOUR })];
    const { release, bakedAt } = await waitsAfterBake(
      { process: [manual({ name: 'Look', phases: ['everyone'] })] },
      next,
    );

    await world.accept(release, 'full-rollout', { at: bakedAt - 1_000 });
    expect(await step(release, bakedAt + 2)).toBe(true);

    expect(await deployments(release)).toEqual(['first production 1 succeeded', 'everyone staging 1 queued']);
    const { id: shown } = (await rowsOf(release))[1] ?? {};
    await answer();
    await goOn(world, release, { now: bakedAt + 3 });
    expect(await deployments(release)).toEqual(['first production 1 succeeded', 'everyone staging 1 running']);
    expect((await rowsOf(release))[1]?.id).toBe(shown);
  });
});
