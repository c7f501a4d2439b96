import { flagEtag } from '../../src/store/flags/flag-etag';
import { eventually } from '../support/eventually';
import { phase } from '../support/release-store';
import type { ReleaseWorld } from '../support/release-world';
import { WITH_QUICK_RECHECK, workflowBundle } from '../support/workflow-bundle';
import { worldPerTest } from '../support/world-per-test';

const HOUR = 3_600_000;
const baking = [phase('all', { bakeMs: HOUR })];

let world: ReleaseWorld;

worldPerTest((opened) => {
  world = opened;
});
beforeEach(() => {
  world.startDispatcher();
});

const queued = (flags: string[]) => world.trigger({ phases: baking, flags, whenBusy: 'queue' });

/** A release that waits has been asked whether it can start, and said no. */
async function waitsInQueue(release: string): Promise<void> {
  await eventually(`${release} is claimed`, async () => (await claimant(release)) !== null);
  await world.rests(release);
  expect(await world.shown(release)).toBe('queued');
}

async function claimant(release: string): Promise<string | null> {
  const row = await world.store.read
    .selectFrom('releases')
    .select('claimedBy')
    .where('id', '=', release)
    .executeTakeFirstOrThrow();
  return row.claimedBy;
}

async function startsOf(...releases: string[]): Promise<number[]> {
  return Promise.all(
    releases.map(async (release) => {
      const started = (await world.events(release)).filter(({ type }) => type === 'release-started');
      expect(started).toHaveLength(1);
      return started[0]?.position ?? 0;
    }),
  );
}

describe('the queue', () => {
  it('REL-3: refuses a second trigger that does not ask to wait, and names who is there', async () => {
    await world.startWorker();
    const first = await world.trigger({ phases: baking, flags: ['a'] });
    const second = await queued(['a', 'b']);

    const third = await world.tryToTrigger({ phases: baking, flags: ['b'] });
    const fourth = await world.tryToTrigger({ phases: baking, flags: ['a'] });

    expect(third).toEqual({ kind: 'busy', active: [], queued: [second] });
    expect(fourth).toEqual({ kind: 'busy', active: [first], queued: [second] });
  });

  it('REL-3: starts releases in the order of their triggers, each when the one before it has ended', async () => {
    await world.startWorker();
    const first = await world.trigger({ phases: baking, flags: ['a'] });
    await world.bakes(first, 0);
    const second = await queued(['a']);
    const third = await queued(['a']);
    await waitsInQueue(second);
    await waitsInQueue(third);

    await world.act(first, 'abort');
    await world.bakes(second, 0);
    await world.rests(third);
    expect(await world.shown(third)).toBe('queued');
    await world.act(second, 'skip');
    await world.bakes(third, 0);

    const starts = await startsOf(first, second, third);
    expect([...starts].sort((a, b) => a - b)).toEqual(starts);
  });

  it('REL-3: never lets one overtake another on a flag that both change, also when that flag is free', async () => {
    await world.startWorker();
    const ofA = await world.trigger({ phases: baking, flags: ['a'] });
    await world.bakes(ofA, 0);
    const ofBoth = await queued(['a', 'b']);
    const ofB = await queued(['b']);
    const ofC = await queued(['c']);
    await waitsInQueue(ofBoth);
    await waitsInQueue(ofB);
    await world.bakes(ofC, 0);

    await world.act(ofA, 'abort');
    await world.bakes(ofBoth, 0);
    await world.rests(ofB);
    expect(await world.shown(ofB)).toBe('queued');
    await world.act(ofBoth, 'abort');
    await world.bakes(ofB, 0);

    const starts = await startsOf(ofA, ofBoth, ofB);
    expect([...starts].sort((a, b) => a - b)).toEqual(starts);
  });

  it('REL-3: lets an aborted release leave, and goes on with the one behind it', async () => {
    await world.startWorker();
    const first = await world.trigger({ phases: baking, flags: ['a'] });
    await world.bakes(first, 0);
    const second = await queued(['a']);
    const third = await queued(['a']);
    await waitsInQueue(second);
    await waitsInQueue(third);

    expect(await world.act(second, 'pause')).toBe('release.queued');
    expect(await world.act(second, 'abort')).toBe('applied');
    expect(await world.shown(second)).toBe('aborted');
    await world.rests(third);
    expect(await world.shown(third)).toBe('queued');
    await world.act(first, 'abort');

    await world.bakes(third, 0);
    expect(await world.eventTypes(second)).toEqual([
      'release-triggered',
      'action-refused',
      'action-applied',
      'release-aborting',
      'release-aborted',
    ]);
  });

  it('REL-3: two releases ahead that end at the same time start it once, and wake it for nothing', async () => {
    await world.startWorker();
    const ofA = await world.trigger({ phases: baking, flags: ['a'] });
    const ofB = await world.trigger({ phases: baking, flags: ['b'] });
    await Promise.all([world.bakes(ofA, 0), world.bakes(ofB, 0)]);
    const ofBoth = await queued(['a', 'b']);
    await waitsInQueue(ofBoth);

    await Promise.all([world.act(ofA, 'abort'), world.act(ofB, 'abort')]);

    await world.bakes(ofBoth, 0);
    await startsOf(ofBoth);
    expect(await world.act(ofBoth, 'pause')).toBe('applied');
  });

  it('REL-3: judges the change set again when its turn comes: a base that was overtaken ends the release', async () => {
    await world.startWorker();
    await world.putFlag('a');
    const flag = await world.findFlag('a');
    const base = flag ? flagEtag(flag) : '';
    const first = await world.trigger({ phases: [phase('all', { bakeMs: HOUR })], flags: ['a'], base });
    await world.bakes(first, 0);
    const second = await world.trigger({ phases: baking, flags: ['a'], base, whenBusy: 'queue' });
    await waitsInQueue(second);

    await world.act(first, 'skip');
    await world.reaches(first, 'completed');

    await world.reaches(second, 'aborted');
    const aborting = (await world.events(second)).find(({ type }) => type === 'release-aborting');
    expect(aborting?.data).toMatchObject({ cause: 'change-set-outdated' });
    expect(await world.eventTypes(second)).not.toContain('release-started');
  });

  it('REL-3: takes its pre-release state when it leaves the queue, not before (REL-1)', async () => {
    await world.startWorker();
    const first = await world.trigger({ phases: baking, flags: ['a'] });
    await world.bakes(first, 0);
    const second = await queued(['a']);
    await waitsInQueue(second);
    expect(await snapshotOf(second)).toBeNull();

    await world.act(first, 'skip');
    await world.bakes(second, 0);

    const snapshot = JSON.parse((await snapshotOf(second)) ?? '{}') as Record<string, { version: number }>;
    expect(snapshot[world.environments['staging'] ?? '']?.version).toBe(2);
  });

  it('heals a lost wake-up: a release that waits asks again by itself', async () => {
    await world.stopDispatchers();
    world.startDispatcher({ ...world.engine, tellHoldsChanged: () => Promise.resolve(true) });
    await world.startWorker({ bundle: await workflowBundle(WITH_QUICK_RECHECK) });
    const first = await world.trigger({ phases: baking, flags: ['a'] });
    await world.bakes(first, 0);
    const second = await queued(['a']);
    await waitsInQueue(second);

    await world.act(first, 'abort');

    await world.bakes(second, 0);
  });
});

async function snapshotOf(release: string): Promise<string | null> {
  const row = await world.store.read
    .selectFrom('releaseTargets')
    .select('snapshot')
    .where('releaseId', '=', release)
    .executeTakeFirstOrThrow();
  return row.snapshot;
}
