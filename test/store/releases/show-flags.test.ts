import type { Condition } from '../../../src/domain/pipeline';
import { newParts, phase, ReleaseStore, type ReleaseToTrigger } from '../../support/release-store';
import { abort, answer, deploy, deployment, enter, nextItem, nextSend, REFUSED } from '../effects/effect-steps';
import { goOn, record, stepOf, undecided } from './release-steps';

const HOUR = 3_600_000;
const staff: Condition = { attribute: 'email', operator: 'ends_with', values: ['@example.com'] };
const tenth: Condition = { attribute: null, operator: 'percentage', values: [10] };
const to = (environment: string, ...conditions: Condition[]) => ({ environments: [environment], conditions });

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  const url = 'http://127.0.0.1:1/payments';
  await world.putService('payments', { staging: url, production: url });
  await world.putService('stock', { staging: url, production: url });
});
afterEach(() => world.close());

async function started(more: ReleaseToTrigger): Promise<string> {
  const release = await world.trigger({ services: { payments: '2' }, ...more });
  await enter(world, release);
  return release;
}

async function skip(release: string): Promise<void> {
  await world.accept(release, 'skip');
  await goOn(world, release);
}

/** The rules under which clients get the new definition, by flag, of the flags of one environment. */
async function rulesIn(environment: string): Promise<Record<string, unknown>> {
  const rows = await world.store.read
    .selectFrom('overlays')
    .innerJoin('flags', 'flags.id', 'overlays.flagId')
    .select(['flags.slug', 'overlays.rules'])
    .where('overlays.environmentId', '=', world.environments[environment] ?? '')
    .execute();
  return Object.fromEntries(rows.map(({ slug, rules }) => [slug, JSON.parse(rules)]));
}

async function revisions(): Promise<Record<string, number>> {
  const rows = await world.store.read.selectFrom('environments').select(['slug', 'revision']).execute();
  return Object.fromEntries(rows.map(({ slug, revision }) => [slug, revision]));
}

/** By how much each environment's revision was raised by some work. */
async function raisedBy(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await revisions();
  await work();
  const after = await revisions();
  return Object.fromEntries(Object.entries(after).map(([slug, revision]) => [slug, revision - (before[slug] ?? 0)]));
}

describe('what clients of flags see of a release with services', () => {
  it('FLG-3: is in each environment what the rules of the phases shown there say', async () => {
    const release = await started({
      phases: [
        phase('few', { rules: [to('staging'), to('production', staff)], bakeMs: HOUR }),
        phase('more', { rules: [to('production', tenth), to('production', staff)], bakeMs: HOUR }),
      ],
    });
    await deploy(world, release);
    await skip(release);

    expect(await rulesIn('staging')).toEqual({ 'new-checkout': [[]] });
    expect(await rulesIn('production')).toEqual({ 'new-checkout': [[staff], [tenth], [staff]] });
    expect(await rulesIn('development')).toEqual({});
  });

  it('FLG-3: follows in one environment while the other is still being deployed to', async () => {
    const release = await started({
      phases: [phase('all', { rules: [to('staging'), to('production')], bakeMs: HOUR })],
      flags: ['a', 'b'],
      beforeFlags: ['payments'],
    });

    const raised = await raisedBy(() => deploy(world, release));

    expect(await rulesIn('staging')).toEqual({ a: [[]], b: [[]] });
    expect(await rulesIn('production')).toEqual({});
    expect(raised).toEqual({ development: 0, staging: 1, production: 0 });
  });

  it('FLG-3: stays when a service behind the flags has failed', async () => {
    const release = await started({ phases: [phase('all', { bakeMs: HOUR })] });

    await deploy(world, release, deployment(), { payments: REFUSED });

    expect(await world.shown(release)).toBe('failed');
    expect(await rulesIn('staging')).toEqual({ 'new-checkout': [[]] });
  });

  it('REL-16: is switched back by the skip of a failed phase where its deployment failed, and stays elsewhere', async () => {
    const release = await started({
      phases: [
        phase('all', { rules: [to('staging'), to('production')], bakeMs: HOUR }),
        phase('more', { rules: [to('production', staff)], bakeMs: HOUR }),
      ],
    });
    await deploy(world, release);
    await deploy(world, release, deployment({ environment: 'production' }), { payments: REFUSED });
    expect(await rulesIn('production')).toEqual({ 'new-checkout': [[]] });

    const raised = await raisedBy(() => skip(release));

    expect(await rulesIn('staging')).toEqual({ 'new-checkout': [[]] });
    // The next phase takes effect with it.
    expect(await rulesIn('production')).toEqual({ 'new-checkout': [[staff]] });
    expect(raised).toMatchObject({ staging: 0 });
    expect((await world.position(release)).phases[0]).toMatchObject({
      progress: { status: 'skipped' },
      partial: true,
    });
  });

  it('REL-16: is switched back in the very transaction that records the skip, with one revision', async () => {
    const review = { teams: [], approvals: 1, authorMayApprove: false, deadline: null };
    const release = await started({
      phases: [phase('all', { bakeMs: HOUR }), phase('more', { requiredReview: review, bakeMs: HOUR })],
      flags: ['a', 'b'],
    });
    await deploy(world, release, deployment(), { payments: REFUSED });
    await world.accept(release, 'skip');
    const step = await stepOf(world, release, { mailbox: await undecided(world, release) });

    const raised = await raisedBy(() => record(world, step));

    expect(await world.shown(release)).toBe('waiting-for-review');
    expect(await rulesIn('staging')).toEqual({});
    expect(raised).toEqual({ development: 0, staging: 1, production: 0 });
  });

  it('REL-16: goes back to the phases before the one that is skipped, not further', async () => {
    const release = await started({
      phases: [
        phase('few', { rules: [to('production', staff)], bakeMs: HOUR }),
        phase('all', { rules: [to('production')], bakeMs: HOUR }),
        phase('rest', { bakeMs: HOUR }),
      ],
    });
    await skip(release);
    await deploy(world, release, deployment({ phase: 1, environment: 'production' }), { payments: REFUSED });
    expect(await rulesIn('production')).toEqual({ 'new-checkout': [[staff], []] });

    await skip(release);

    expect(await rulesIn('production')).toEqual({ 'new-checkout': [[staff]] });
  });

  it('REL-16: leaves what the failed deployment did to a service, which an abort takes back', async () => {
    const release = await started({
      phases: [phase('all', { bakeMs: HOUR }), phase('rest', { rules: [to('production')], bakeMs: HOUR })],
      services: { payments: '2', stock: '7' },
    });
    await deploy(world, release, deployment(), { stock: REFUSED });
    await skip(release);

    expect((await world.position(release)).touched).toMatchObject([
      { service: 'payments', state: 'applied' },
      { service: 'stock', state: 'failed' },
    ]);
    await abort(world, release);
    expect((await world.position(release)).touched).toMatchObject([
      { service: 'payments', state: 'applied' },
      { service: 'stock', state: 'reverting' },
    ]);
  });

  it('REL-19: goes back at once with an abort, everywhere, while services are still on their way', async () => {
    const release = await started({
      phases: [phase('all', { rules: [to('staging'), to('production')], bakeMs: HOUR })],
      flags: ['a', 'b'],
    });
    await deploy(world, release);
    await nextSend(world, release, { environment: 'production' });

    const raised = await raisedBy(() => abort(world, release));

    expect([await rulesIn('staging'), await rulesIn('production')]).toEqual([{}, {}]);
    expect(raised).toEqual({ development: 0, staging: 1, production: 1 });
    expect(await world.shown(release)).toBe('aborting');
  });

  it('REL-30: is not switched by a deployment that goes on after the abort was decided', async () => {
    const release = await started({ phases: [phase('all', { bakeMs: HOUR })], beforeFlags: ['payments'] });
    const sent = await nextSend(world, release);
    await abort(world, release);
    await answer(world, sent);

    expect(await nextItem(world, release)).toEqual({ kind: 'stopped', actions: [] });

    expect(await rulesIn('staging')).toEqual({});
  });

  it('REL-20: loses its filter everywhere at once when all services of a full roll-out have arrived', async () => {
    const release = await started({
      phases: [
        phase('few', { rules: [to('production', staff)], bakeMs: HOUR }),
        phase('all', { rules: [to('staging'), to('production')], bakeMs: HOUR }),
      ],
    });
    await world.accept(release, 'full-rollout');
    await goOn(world, release);
    await deploy(world, release, deployment({ phase: 1 }));
    expect([await rulesIn('staging'), await rulesIn('production')]).toEqual([{}, { 'new-checkout': [[staff]] }]);

    const raised = await raisedBy(() => deploy(world, release, deployment({ phase: 1, environment: 'production' })));

    expect(await world.shown(release)).toBe('completed');
    expect([await rulesIn('staging'), await rulesIn('production')]).toEqual([{}, {}]);
    expect(raised).toEqual({ development: 1, staging: 1, production: 1 });
  });

  it('REL-20: keeps its filter as it was while a deployment of a full roll-out has failed', async () => {
    const release = await started({
      phases: [
        phase('few', { rules: [to('production', staff)], bakeMs: HOUR }),
        phase('all', { rules: [to('staging'), to('production')], bakeMs: HOUR }),
      ],
    });
    await world.accept(release, 'full-rollout');
    await goOn(world, release);
    await deploy(world, release, deployment({ phase: 1 }));
    await deploy(world, release, deployment({ phase: 1, environment: 'production' }), { payments: REFUSED });

    expect(await world.shown(release)).toBe('failed');
    expect([await rulesIn('staging'), await rulesIn('production')]).toEqual([{}, { 'new-checkout': [[staff]] }]);
  });

  it('REL-20: that a skip has switched back stays so until a full roll-out has brought what had failed', async () => {
    const release = await started({
      phases: [phase('all', { bakeMs: HOUR }), phase('rest', { rules: [to('production', staff)], bakeMs: HOUR })],
    });
    await deploy(world, release, deployment(), { payments: REFUSED });
    await skip(release);
    await world.accept(release, 'full-rollout');

    await goOn(world, release);
    expect(await world.shown(release)).toBe('rolling-out');
    expect(await rulesIn('staging')).toEqual({});

    await deploy(world, release, deployment({ attempt: 2 }));
    expect(await world.shown(release)).toBe('completed');
  });

  it('CHG-3: waits in environments that were opted out when the release got its targets', async () => {
    const release = await started({
      phases: [phase('all', { rules: [to('development'), to('staging')], bakeMs: HOUR })],
    });

    await deploy(world, release);

    expect(await world.shown(release)).toBe('baking');
    expect(await rulesIn('development')).toEqual({});
    expect(await rulesIn('staging')).toEqual({ 'new-checkout': [[]] });
  });
});
