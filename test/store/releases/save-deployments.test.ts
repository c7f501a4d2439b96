import { listDeployments } from '../../../src/store/deployments/list-deployments';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import {
  abort,
  BROKEN,
  deploy,
  deployment,
  enter,
  failureOf,
  nextItem,
  nextSend,
  answer,
  REFUSED,
} from '../effects/effect-steps';
import { goOn, record, stepOf, undecided } from './release-steps';

const HOUR = 3_600_000;
const everywhere = [{ environments: ['staging', 'production'], conditions: [] }];
const both = phase('all', { bakeMs: HOUR, rules: everywhere });
const production = { environment: 'production' };

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  const url = 'http://127.0.0.1:1/payments';
  await world.putService('payments', { staging: url, production: url });
});
afterEach(() => world.close());

async function started(more: Partial<Parameters<ReleaseStore['trigger']>[0]> = {}): Promise<string> {
  const release = await world.trigger({ phases: [both], services: { payments: '2' }, ...more });
  await enter(world, release);
  return release;
}

/** Oldest first. */
async function deployments(release: string) {
  const rows = await listDeployments(world.store.read, release, {}, { limit: 100, after: null });
  return rows
    .reverse()
    .map((row) => `${row.phase} ${row.environment} ${row.attempt} ${row.state}${row.errored === 1 ? ' errored' : ''}`);
}

/** What ended them, by environment. */
async function ends(release: string) {
  const rows = await listDeployments(world.store.read, release, {}, { limit: 100, after: null });
  return rows.reverse().map(({ environment, error, endedBy, endedByName, endedAt }) => ({
    ...{ environment, error, endedBy, endedByName },
    hasEnded: endedAt !== null,
  }));
}

describe('the deployments of a release', () => {
  it('CHG-1: run until their last item has arrived', async () => {
    const release = await started();
    expect(await deployments(release)).toEqual(['all staging 1 running', 'all production 1 running']);

    await deploy(world, release);

    expect(await deployments(release)).toEqual(['all staging 1 succeeded', 'all production 1 running']);
    expect(await ends(release)).toEqual([
      { environment: 'staging', error: null, endedBy: null, endedByName: null, hasEnded: true },
      { environment: 'production', error: null, endedBy: null, endedByName: null, hasEnded: false },
    ]);
  });

  it('REL-22: that the process said no to have failed, with what it said', async () => {
    const release = await started();
    await deploy(world, release);

    await deploy(world, release, deployment(production), { payments: REFUSED });

    expect(await deployments(release)).toEqual(['all staging 1 succeeded', 'all production 1 failed']);
    expect(await ends(release)).toMatchObject([
      { environment: 'staging', error: null },
      { environment: 'production', error: 'The target answered 400', endedBy: null, hasEnded: true },
    ]);
    expect(await world.shown(release)).toBe('failed');
  });

  it('REL-22: whose machinery broke are errored beside failed', async () => {
    const release = await started({ phases: [phase('all', { bakeMs: HOUR })] });
    let now = Date.now();
    for (let tries = 1; tries <= 5; tries += 1) {
      ({ at: now } = await answer(world, await nextSend(world, release, { now }), BROKEN, now));
    }

    await deploy(world, release);

    expect(await deployments(release)).toEqual(['all staging 1 failed errored']);
    expect(await ends(release)).toMatchObject([{ error: 'The target answered 503' }]);
  });

  it('REL-22: of a retry are made where none succeeded, and leave the earlier ones as they ended', async () => {
    const release = await started();
    await deploy(world, release);
    await deploy(world, release, deployment(production), { payments: REFUSED });
    await world.accept(release, 'retry');
    await goOn(world, release);
    expect((await deployments(release)).at(-1)).toBe('all production 2 running');

    await deploy(world, release, deployment({ ...production, attempt: 2 }));

    expect(await deployments(release)).toEqual([
      'all staging 1 succeeded',
      'all production 1 failed',
      'all production 2 succeeded',
    ]);
    expect(await world.shown(release)).toBe('baking');
  });

  it('REL-28: of a retry that is decided together with the failure before it are told apart', async () => {
    const release = await started({ phases: [phase('all', { bakeMs: HOUR })] });
    await answer(world, await nextSend(world, release), REFUSED);
    const failed = await nextItem(world, release);
    await world.accept(release, 'retry');
    const finished = failed.kind === 'failed' ? [failureOf(deployment(), failed)] : [];
    const step = await stepOf(world, release, { finished, mailbox: await undecided(world, release) });

    await record(world, step);
    await goOn(world, release);

    expect(await deployments(release)).toEqual(['all staging 1 failed', 'all staging 2 running']);
    expect(await ends(release)).toMatchObject([
      { error: 'The target answered 400', hasEnded: true },
      { error: null, hasEnded: false },
    ]);
    await deploy(world, release, deployment({ attempt: 2 }));
    expect(await deployments(release)).toEqual(['all staging 1 failed', 'all staging 2 succeeded']);
  });

  it('REL-32: that an abort stops are aborted by the person; those that have ended stay so', async () => {
    const release = await started();
    await deploy(world, release);

    await abort(world, release);

    expect(await deployments(release)).toEqual(['all staging 1 succeeded', 'all production 1 aborted']);
    expect(await ends(release)).toMatchObject([
      { environment: 'staging', endedBy: null, endedByName: null },
      { environment: 'production', endedBy: 'olga', endedByName: 'olga', error: null, hasEnded: true },
    ]);
  });

  it('REL-22: that the failure of another one stops are aborted by nobody', async () => {
    const release = await started({ onFailure: 'abort' });

    await deploy(world, release, deployment(), { payments: REFUSED });

    expect(await world.shown(release)).toBe('aborting');
    expect(await deployments(release)).toEqual(['all staging 1 failed', 'all production 1 aborted']);
    expect(await ends(release)).toMatchObject([
      { environment: 'staging', error: 'The target answered 400', endedBy: null },
      { environment: 'production', error: null, endedBy: null, endedByName: null },
    ]);
  });

  it('REL-32: that have ended are not ended again by what comes late', async () => {
    const release = await started();
    const sent = await nextSend(world, release, production);
    await abort(world, release);

    await answer(world, sent);
    await goOn(world, release, {
      finished: [{ job: deployment(production), at: Date.now(), outcome: 'succeeded' }],
    });

    expect(await deployments(release)).toEqual(['all staging 1 aborted', 'all production 1 aborted']);
  });

  it('REL-20: of a full roll-out are made by the phase that would have brought the service there', async () => {
    const release = await started({
      phases: [phase('few', { bakeMs: HOUR }), phase('all', { bakeMs: HOUR, rules: everywhere })],
    });
    await deploy(world, release);
    await world.accept(release, 'full-rollout');
    await goOn(world, release);
    expect(await deployments(release)).toEqual(['few staging 1 succeeded', 'all production 1 running']);

    await deploy(world, release, deployment({ ...production, phase: 1 }));

    expect(await deployments(release)).toEqual(['few staging 1 succeeded', 'all production 1 succeeded']);
    expect(await world.shown(release)).toBe('completed');
  });

  it('REL-20: of a full roll-out ask anew for what a skipped phase had failed to bring', async () => {
    const release = await started({
      phases: [
        phase('few', { bakeMs: HOUR }),
        phase('all', { bakeMs: HOUR, rules: [{ environments: ['production'], conditions: [] }] }),
      ],
    });
    await deploy(world, release, deployment(), { payments: REFUSED });
    await world.accept(release, 'skip');
    await goOn(world, release);
    await deploy(world, release, deployment({ ...production, phase: 1 }));
    expect(await world.shown(release)).toBe('baking');

    await world.accept(release, 'full-rollout');
    await goOn(world, release);

    expect(await deployments(release)).toEqual([
      'few staging 1 failed',
      'all production 1 succeeded',
      'few staging 2 running',
    ]);
    await deploy(world, release, deployment({ attempt: 2 }));
    expect(await world.shown(release)).toBe('completed');
    expect(await deployments(release)).toContain('few staging 2 succeeded');
  });
});
