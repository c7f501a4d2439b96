import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { abort, bringBack, deploy } from '../effects/effect-steps';
import { claim, decideAll, goOn, record, stepOf } from './release-steps';

const HOUR = 3_600_000;
const baking = [phase('all', { bakeMs: HOUR })];

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

const queue = (flags: string[], services: Record<string, string> = {}) =>
  world.trigger({ phases: baking, flags, services, whenBusy: 'queue' });

const putService = (slug: string) => world.putService(slug, { staging: `http://127.0.0.1:1/${slug}` });

async function end(release: string): Promise<void> {
  await claim(world, release);
  await world.accept(release, 'abort');
  await decideAll(world, release);
}

async function targets(release: string) {
  return world.store.read
    .selectFrom('releaseTargets')
    .select(['held', 'ticket', 'snapshot'])
    .where('releaseId', '=', release)
    .execute();
}

async function wakeOf(release: string): Promise<number> {
  const row = await world.store.read
    .selectFrom('releases')
    .select('wake')
    .where('id', '=', release)
    .executeTakeFirstOrThrow();
  return row.wake;
}

/** Whether it may start now; if so it does. */
async function starts(release: string): Promise<boolean> {
  await claim(world, release);
  return (await world.shown(release)) !== 'queued';
}

describe('the queues of targets', () => {
  it('REL-3: of triggers at the same time one gets the target, and the others are refused', async () => {
    await world.putFlag('a');

    const all = await Promise.all(
      Array.from({ length: 5 }, () => world.tryToTrigger({ phases: baking, flags: ['a'] })),
    );

    expect(all.filter(({ kind }) => kind === 'release')).toHaveLength(1);
    expect(all.filter(({ kind }) => kind === 'busy')).toHaveLength(4);
  });

  it('REL-3: of triggers at the same time that queue each gets a ticket of its own, and one the target', async () => {
    await world.putFlag('a');
    await world.putFlag('b');

    const releases = await Promise.all(
      Array.from({ length: 6 }, (_, index) => queue(index % 2 === 0 ? ['a', 'b'] : ['b', 'a'])),
    );

    const all = await Promise.all(releases.map(targets));
    const tickets = all.map(([first]) => first?.ticket ?? 0);
    expect(new Set(tickets).size).toBe(6);
    expect(all.every(([first, second]) => first?.ticket === second?.ticket)).toBe(true);
    const holders = all.filter((rows) => rows.every(({ held }) => held === 1));
    expect(holders).toHaveLength(1);
    expect(holders[0]?.[0]?.ticket).toBe(Math.min(...tickets));
  });

  it('REL-1: takes the pre-release state with the targets: at once, or when it leaves the queue', async () => {
    const first = await queue(['a']);
    const second = await queue(['a']);
    expect((await targets(first))[0]?.snapshot).not.toBeNull();
    expect((await targets(second))[0]).toMatchObject({ held: 0, snapshot: null });

    await end(first);
    expect(await starts(second)).toBe(true);

    expect((await targets(second))[0]).toMatchObject({ held: 1, snapshot: expect.any(String) });
  });

  it('REL-3: starts a release when it is first in all of its queues', async () => {
    const ofA = await queue(['a']);
    const ofB = await queue(['b']);
    const ofBoth = await queue(['a', 'b']);
    const behind = await queue(['b']);
    expect(await starts(ofBoth)).toBe(false);

    await end(ofA);
    expect(await starts(ofBoth)).toBe(false);
    expect(await starts(behind)).toBe(false);
    await end(ofB);
    expect(await starts(behind)).toBe(false);
    await record(world, await stepOf(world, ofBoth));

    expect(await world.shown(ofBoth)).not.toBe('queued');
    expect(await starts(behind)).toBe(false);
  });

  it('REL-32: the end of a release wakes those that wait for its targets, and nobody else', async () => {
    const first = await queue(['a', 'b']);
    const other = await queue(['c']);
    const [ofA, ofB, ofC] = [await queue(['a']), await queue(['b']), await queue(['c'])];

    await end(first);

    expect(await Promise.all([ofA, ofB, ofC, other].map(wakeOf))).toEqual([1, 1, 0, 0]);
  });

  it('REL-3: a release that leaves the queue lets the one behind it go on', async () => {
    const first = await queue(['a']);
    const second = await queue(['a']);
    const third = await queue(['a']);

    await end(second);
    expect(await starts(third)).toBe(false);
    await end(first);

    expect(await starts(third)).toBe(true);
  });
});

describe('the queues of services', () => {
  it('REL-3: refuse a second release of a service, naming who holds it and who waits', async () => {
    await putService('payments');
    const first = await queue([], { payments: '1' });
    const second = await queue([], { payments: '2' });

    const third = await world.tryToTrigger({ phases: baking, flags: ['a'], services: { payments: '3' } });

    expect(third).toEqual({ kind: 'busy', active: [first], queued: [second] });
  });

  it('REL-3: of triggers at the same time let one have the service', async () => {
    await putService('payments');

    const all = await Promise.all(
      [1, 2, 3, 4, 5].map((version) =>
        world.tryToTrigger({ phases: baking, flags: [], services: { payments: String(version) } }),
      ),
    );

    expect(all.map(({ kind }) => kind).sort()).toEqual(['busy', 'busy', 'busy', 'busy', 'release']);
  });

  it('REL-3: start a release of a flag and a service when it is first in both', async () => {
    await putService('payments');
    const ofFlag = await queue(['a']);
    const ofService = await queue([], { payments: '1' });
    const ofBoth = await queue(['a'], { payments: '2' });
    expect(await starts(ofBoth)).toBe(false);

    await end(ofFlag);
    expect(await starts(ofBoth)).toBe(false);
    await end(ofService);

    await record(world, await stepOf(world, ofBoth));
    expect(await world.shown(ofBoth)).not.toBe('queued');
  });

  it('REL-32: keep a service locked through failed and aborting, until its release has ended', async () => {
    await putService('payments');
    const first = await queue([], { payments: '1' });
    const second = await queue([], { payments: '2' });
    await claim(world, first);
    await goOn(world, first);
    await deploy(world, first, undefined, { payments: { kind: 'refused', detail: 'The target answered 400' } });
    expect([await world.shown(first), await starts(second)]).toEqual(['failed', false]);
    await abort(world, first);
    expect([await world.shown(first), await starts(second), await wakeOf(second)]).toEqual(['aborting', false, 0]);

    await bringBack(world, first, 'payments');

    expect([await world.shown(first), await wakeOf(second)]).toEqual(['aborted', 1]);
  });

  it('REL-1: take what the service has when the release gets it: at once, or when it leaves the queue', async () => {
    await putService('payments');
    const [staging] = [world.environments['staging'] ?? ''];
    const first = await queue([], { payments: '1' });
    const second = await queue([], { payments: '2' });
    expect((await targets(first))[0]?.snapshot).toBe(JSON.stringify({ [staging]: null }));
    expect((await targets(second))[0]).toMatchObject({ held: 0, snapshot: null });
    await claim(world, first);
    await goOn(world, first);
    await deploy(world, first);
    await world.accept(first, 'skip');
    await goOn(world, first);
    expect(await world.shown(first)).toBe('completed');

    await record(world, await stepOf(world, second));

    expect((await targets(second))[0]).toMatchObject({ held: 1, snapshot: JSON.stringify({ [staging]: '1' }) });
  });

  it('REL-1: take what the service has in the environments of its change alone', async () => {
    const [staging, production] = [world.environments['staging'] ?? '', world.environments['production'] ?? ''];
    const id = await world.putService('payments', {
      staging: 'http://127.0.0.1:1/',
      production: 'http://127.0.0.1:1/',
    });
    await world.store.write(({ sql }) =>
      sql
        .insertInto('serviceVersions')
        .values([
          { serviceId: id, environmentId: staging, version: '1.4.1', sequence: 1 },
          { serviceId: id, environmentId: production, version: '1.4.0', sequence: 1 },
        ])
        .execute(),
    );

    const release = await queue([], { payments: '1.4.2' });

    expect((await targets(release))[0]?.snapshot).toBe(JSON.stringify({ [staging]: '1.4.1' }));
  });
});
