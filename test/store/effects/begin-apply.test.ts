import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { goOn } from '../releases/release-steps';
import {
  abort,
  answer,
  BROKEN,
  bringBack,
  deploy,
  deployment,
  DONE,
  effectOf,
  enter,
  failureOf,
  nextItem,
  nextSend,
  REFUSED,
} from './effect-steps';

const HOUR = 3_600_000;
const baking = [phase('all', { bakeMs: HOUR })];

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  await world.putService('payments', { staging: 'http://127.0.0.1:1/payments' });
  await world.putService('stock', { staging: 'http://127.0.0.1:1/stock' });
});
afterEach(() => world.close());

const overlays = () => world.store.read.selectFrom('overlays').selectAll().execute();
const effects = () => world.store.read.selectFrom('effects').selectAll().orderBy('key').execute();

async function started(more: Partial<Parameters<ReleaseStore['trigger']>[0]> = {}): Promise<string> {
  const release = await world.trigger({ phases: baking, services: { payments: '1.4.2', stock: '7' }, ...more });
  await enter(world, release);
  return release;
}

async function revision(environment = 'staging'): Promise<number> {
  const row = await world.store.read
    .selectFrom('environments')
    .select('revision')
    .where('id', '=', world.environments[environment] ?? '')
    .executeTakeFirstOrThrow();
  return row.revision;
}

async function touched(release: string) {
  const state = await world.position(release);
  return state.touched.map((each) => `${each.service} ${each.state}`);
}

describe('a deployment', () => {
  it('CHG-1: goes from item to item in the listed order, and ends when that is known (INV-2)', async () => {
    const release = await started();
    const at = Date.now() + 1_000;

    const payments = await nextSend(world, release, { now: at });
    await answer(world, payments, DONE, at + 10);
    const stock = await nextSend(world, release, { now: at + 20 });
    await answer(world, stock, DONE, at + 30);

    expect([payments, stock].map(({ body }) => body.data.service)).toEqual(['payments', 'stock']);
    expect(await nextItem(world, release, { now: at + 5_000 })).toEqual({ kind: 'succeeded', at: at + 5_000 });
    expect(await touched(release)).toEqual(['payments applied', 'stock applied']);
  });

  it('WHK-3: asked again before the answer, it sends the same again and tells of it once', async () => {
    const release = await started();
    const first = await nextSend(world, release);
    const again = await nextSend(world, release, { now: Date.now() + 5_000 });

    expect([again.key, again.body]).toEqual([first.key, first.body]);
    expect(await effectOf(world, first.key)).toMatchObject({ tries: 2, status: 'under-way' });
    expect((await world.eventTypes(release)).filter((type) => type === 'service-apply-started')).toHaveLength(1);
    expect(await touched(release)).toEqual(['payments applying']);
  });

  it('INV-1: asked again when it has ended, it gives the same answer and writes nothing', async () => {
    const release = await started();
    await answer(world, await nextSend(world, release));
    await answer(world, await nextSend(world, release));
    const ended = await nextItem(world, release);
    const [events, known] = [await world.events(release), await effects()];

    const again = await nextItem(world, release, { now: Date.now() + HOUR });

    expect([ended.kind, again.kind]).toEqual(['succeeded', 'succeeded']);
    expect(await world.events(release)).toEqual(events);
    expect(await effects()).toEqual(known);
  });

  it('REL-22: gives the failure again that nobody was told, and sends nothing more', async () => {
    const release = await started();
    const sent = await nextSend(world, release);
    const recorded = await answer(world, sent, REFUSED);
    expect(recorded).toMatchObject({ kind: 'failed', detail: 'The target answered 400', errored: false });

    const again = [await nextItem(world, release), await nextItem(world, release)];

    expect(again).toEqual([recorded, recorded]);
    expect((await effects()).map(({ key, tries }) => [key, tries])).toEqual([[sent.key, 1]]);
  });

  it('PRO-5: is not sent again before its wait is over, and writes nothing until then', async () => {
    const release = await started();
    const at = Date.now();
    const later = await answer(world, await nextSend(world, release, { now: at }), BROKEN, at);
    const known = await effects();
    expect(later).toEqual({ kind: 'later', at: at + 1_000 });

    expect(await nextItem(world, release, { now: at + 999 })).toEqual(later);

    expect(await effects()).toEqual(known);
    expect(await nextItem(world, release, { now: at + 1_000 })).toMatchObject({ kind: 'send' });
  });

  it('WHK-3: of another attempt has another key and a higher sequence', async () => {
    const release = await started({ services: { payments: '1.4.2' } });
    const first = await nextSend(world, release);
    await answer(world, first, REFUSED);
    const failed = await nextItem(world, release);
    await goOn(world, release, {
      finished: failed.kind === 'failed' ? [failureOf(deployment(), failed)] : [],
    });
    expect(await world.shown(release)).toBe('failed');
    await world.accept(release, 'retry');
    await goOn(world, release);

    const second = await nextSend(world, release, { attempt: 2 });

    expect([first.key, second.key]).toEqual([
      `${release}/-/all/staging/payments/apply/1`,
      `${release}/-/all/staging/payments/apply/2`,
    ]);
    expect(second.body.data.sequence).toBeGreaterThan(first.body.data.sequence);
    expect(second.body.data).toMatchObject({ attempt: 2, version: '1.4.2', expectedVersion: null });
  });
});

describe('the flags of a deployment', () => {
  it('FLG-3: are switched in the place of the last of them, all at once, with one revision', async () => {
    const release = await started({ flags: ['a', 'b'], beforeFlags: ['payments'] });
    const before = await revision();
    await answer(world, await nextSend(world, release));
    expect(await overlays()).toEqual([]);

    expect(await nextItem(world, release)).toEqual({ kind: 'flags-applied' });

    expect(await overlays()).toHaveLength(2);
    expect(await revision()).toBe(before + 1);
    expect((await nextSend(world, release)).body.data.service).toBe('stock');
  });

  it('FLG-3: are switched once, however often it is asked', async () => {
    const release = await started({ beforeFlags: ['payments', 'stock'] });
    await answer(world, await nextSend(world, release));
    await answer(world, await nextSend(world, release));
    const before = await revision();

    const answers = await Promise.all([nextItem(world, release), nextItem(world, release)]);

    expect(answers.map(({ kind }) => kind).sort()).toEqual(['flags-applied', 'succeeded']);
    expect(await revision()).toBe(before + 1);
    expect((await world.eventTypes(release)).filter((type) => type === 'flags-applied')).toHaveLength(1);
  });

  it('FLG-3: that come first are switched in the transaction that enters the phase', async () => {
    const release = await started();

    expect(await overlays()).toHaveLength(1);
    expect(await nextItem(world, release)).toMatchObject({ kind: 'send' });
  });

  it('FLG-3: are not switched when a service before them has failed', async () => {
    const release = await started({ beforeFlags: ['payments'] });
    await deploy(world, release, deployment(), { payments: REFUSED });

    expect(await overlays()).toEqual([]);
    expect(await world.shown(release)).toBe('failed');
  });

  it('REL-20: are left out of a full roll-out, which switches them at its end', async () => {
    await world.putService('billing', { production: 'http://127.0.0.1:1/billing' });
    const release = await started({
      phases: [
        phase('few', { bakeMs: HOUR }),
        phase('all', { bakeMs: HOUR, rules: [{ environments: ['production'], conditions: [] }] }),
      ],
      services: { billing: '2' },
      beforeFlags: ['billing'],
    });
    expect(await world.shown(release)).toBe('baking');
    await world.accept(release, 'full-rollout');
    await goOn(world, release);
    const asked = { phase: 1, environment: 'production' };
    await answer(world, await nextSend(world, release, asked));

    expect(await nextItem(world, release, asked)).toMatchObject({ kind: 'succeeded' });

    expect(await world.eventTypes(release)).not.toContain('flags-applied');
  });
});

describe('a deployment stops', () => {
  it('REL-30: at an accepted abort, which it returns, before anything is begun', async () => {
    const release = await started();
    const action = await world.accept(release, 'abort');

    expect(await nextItem(world, release)).toMatchObject({ kind: 'stopped', actions: [{ id: action }] });

    expect(await effects()).toEqual([]);
    expect(await touched(release)).toEqual([]);
  });

  it('REL-30: at an accepted abort between two items; what was sent is still recorded', async () => {
    const release = await started();
    const sent = await nextSend(world, release);
    await world.accept(release, 'abort');
    await answer(world, sent);

    expect(await nextItem(world, release)).toMatchObject({ kind: 'stopped' });

    expect(await touched(release)).toEqual(['payments applied']);
    expect(await effects()).toHaveLength(1);
  });

  it('REL-30: at an accepted abort before its flags', async () => {
    const release = await started({ beforeFlags: ['payments'], services: { payments: '1.4.2' } });
    await answer(world, await nextSend(world, release));
    await world.accept(release, 'abort');

    expect(await nextItem(world, release)).toMatchObject({ kind: 'stopped' });

    expect(await overlays()).toEqual([]);
  });

  it('REL-13: at no other action: what is under way goes on', async () => {
    const release = await started();
    await world.accept(release, 'pause');
    await world.accept(release, 'skip');

    expect(await nextItem(world, release)).toMatchObject({ kind: 'send' });
  });

  it('REL-33: for a workflow of another epoch, and for a release that nobody knows', async () => {
    const release = await started();

    for (const asked of [
      nextItem(world, release, { epoch: 2 }),
      nextItem(world, release, { epoch: 0 }),
      nextItem(world, 'no-such-release'),
    ]) {
      expect(await asked).toEqual({ kind: 'stopped', actions: [] });
    }
    expect(await effects()).toEqual([]);
  });

  it('REL-32: when the abort is decided, and when the release has ended', async () => {
    const release = await started();
    await answer(world, await nextSend(world, release));
    await abort(world, release);
    expect(await world.shown(release)).toBe('aborting');
    expect(await nextItem(world, release)).toEqual({ kind: 'stopped', actions: [] });

    await bringBack(world, release, 'payments');

    expect(await world.shown(release)).toBe('aborted');
    expect(await nextItem(world, release)).toEqual({ kind: 'stopped', actions: [] });
    expect((await effects()).map(({ direction }) => direction)).toEqual(['apply', 'revert']);
  });

  it('INV-1: when it has been told its end, and where there is no such deployment', async () => {
    const release = await started();
    await deploy(world, release);
    expect(await world.shown(release)).toBe('baking');

    for (const asked of [{}, { attempt: 2 }, { environment: 'production' }]) {
      expect(await nextItem(world, release, asked)).toEqual({ kind: 'stopped', actions: [] });
    }
  });
});
