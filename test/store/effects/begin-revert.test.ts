import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { testServices } from '../../support/test-services';
import { startVersionTarget, type VersionTarget } from '../../support/version-target';
import { stopTargets } from '../../targets/webhooks/webhook-target';
import { goOn } from '../releases/release-steps';
import {
  abort,
  answer,
  bringBack,
  deploy,
  deployment,
  effectOf,
  enter,
  nextSend,
  REFUSED,
  revertSend,
  takeBack,
} from './effect-steps';

const HOUR = 3_600_000;
const both = [phase('all', { bakeMs: HOUR, rules: [{ environments: ['staging', 'production'], conditions: [] }] })];

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(async () => {
  await world.close();
  await stopTargets();
});

const putService = (slug: string, url = `http://127.0.0.1:1/${slug}`) =>
  world.putService(slug, { staging: url, production: url });

async function started(version: string, phases = both, services = ['payments']): Promise<string> {
  const release = await world.trigger({
    phases,
    flags: [],
    services: Object.fromEntries(services.map((service) => [service, version])),
  });
  await enter(world, release);
  return release;
}

async function deployed(version: string, phases = both, services = ['payments']): Promise<string> {
  const release = await started(version, phases, services);
  await deploy(world, release);
  await deploy(world, release, deployment({ environment: 'production' }));
  return release;
}

const touched = async (release: string) =>
  (await world.position(release)).touched.map(
    ({ service, environment, state }) => `${service} ${environment} ${state}`,
  );

describe('taking a service back', () => {
  it('WHK-1: sends the version before the release, expecting that of the release', async () => {
    await putService('payments');
    await deployed('1.4.1', [phase('all', { rules: both[0]?.rules ?? [] })]);
    const release = await deployed('1.4.2');
    await abort(world, release);

    const { key, body } = await revertSend(world, release, 'payments', { environment: 'production' });

    expect(key).toBe(`${release}/-/all/production/payments/revert/1`);
    expect(body).toMatchObject({
      type: 'service.revert',
      data: {
        ...{ service: 'payments', environment: 'production', release, phase: 'all', attempt: 1 },
        ...{ version: '1.4.1', previousVersion: '1.4.2', expectedVersion: '1.4.2' },
      },
    });
  });

  it('WHK-1: of a first deployment sends no version', async () => {
    await putService('payments');
    const release = await deployed('1.4.2');
    await abort(world, release);

    const { body } = await revertSend(world, release, 'payments', { environment: 'production' });

    expect(body.data).toMatchObject({ version: null, previousVersion: '1.4.2', expectedVersion: '1.4.2' });
  });

  it('WHK-3: keeps one key, sequence and timestamp for all of its tries', async () => {
    await putService('payments');
    const release = await deployed('1.4.2');
    await abort(world, release);
    const at = Date.now();
    const first = await revertSend(world, release, 'payments', { environment: 'production', now: at });
    await answer(world, first, REFUSED, at);

    const again = await revertSend(world, release, 'payments', { environment: 'production', now: at + 1_000 });

    expect([again.key, again.body]).toEqual([first.key, first.body]);
    expect(await effectOf(world, first.key)).toMatchObject({ tries: 2, startedAt: at });
  });

  it('WHK-3: has a key of its own whatever attempt had applied it, with a higher sequence than all of them', async () => {
    await putService('payments');
    const release = await started('1', [phase('all', { bakeMs: HOUR })]);
    await deploy(world, release, deployment(), { payments: REFUSED });
    await world.accept(release, 'retry');
    await goOn(world, release);
    const applied = await nextSend(world, release, { attempt: 2 });
    await answer(world, applied);
    await abort(world, release);

    const { key, body } = await revertSend(world, release, 'payments');

    expect(key).toBe(`${release}/-/all/staging/payments/revert/1`);
    expect(body.data.sequence).toBeGreaterThan(applied.body.data.sequence);
  });

  it('REL-19: goes from the last touched to the first, each when the one before it is back', async () => {
    await putService('payments');
    await putService('stock');
    const release = await deployed('1', both, ['payments', 'stock']);
    await abort(world, release);
    const order: string[] = [];
    for (const [service, environment] of [
      ['stock', 'production'],
      ['payments', 'production'],
      ['stock', 'staging'],
      ['payments', 'staging'],
    ] as const) {
      const state = await touched(release);
      order.push(...state.filter((each) => each.endsWith('reverting')));
      await bringBack(world, release, service, environment);
    }

    expect(order).toEqual([
      'stock production reverting',
      'payments production reverting',
      'stock staging reverting',
      'payments staging reverting',
    ]);
    expect(await world.shown(release)).toBe('aborted');
  });

  it('REL-19: waits for its turn: before that nothing is sent', async () => {
    await putService('payments');
    await putService('stock');
    const release = await deployed('1', both, ['payments', 'stock']);
    await abort(world, release);

    expect(await takeBack(world, release, 'payments')).toEqual({ kind: 'stopped' });

    expect(await takeBack(world, release, 'stock', { environment: 'production' })).toMatchObject({ kind: 'send' });
  });

  it('REL-19: begins when the one before it takes longer than its wait', async () => {
    await putService('payments');
    await putService('stock');
    const release = await deployed('1', both, ['payments', 'stock']);
    await abort(world, release);
    await revertSend(world, release, 'stock', { environment: 'production' });

    await goOn(world, release, { now: Date.now() + 10_000 });

    expect((await touched(release)).filter((each) => each.endsWith('reverting'))).toEqual([
      'payments production reverting',
      'stock production reverting',
    ]);
    expect(await takeBack(world, release, 'payments', { environment: 'production' })).toMatchObject({ kind: 'send' });
  });

  it('REL-19: touches only what was begun', async () => {
    await putService('payments');
    await putService('stock');
    const release = await started('1', both, ['payments', 'stock']);
    await answer(world, await nextSend(world, release));
    await abort(world, release);

    expect(await touched(release)).toEqual(['payments staging reverting']);
    expect(await takeBack(world, release, 'stock')).toEqual({ kind: 'stopped' });
  });

  it('INV-1: gives the end again that nobody was told', async () => {
    await putService('payments');
    const release = await deployed('1.4.2');
    await abort(world, release);
    const ended = await answer(world, await revertSend(world, release, 'payments', { environment: 'production' }));
    const events = await world.events(release);

    const asked = { environment: 'production', now: Date.now() + HOUR };
    const again = [
      await takeBack(world, release, 'payments', asked),
      await takeBack(world, release, 'payments', asked),
    ];

    expect(again).toEqual([ended, ended]);
    expect(await world.events(release)).toEqual(events);
  });

  it('REL-33: stops for a workflow of another epoch, for another service and for an unknown release', async () => {
    await putService('payments');
    const release = await deployed('1.4.2');
    await abort(world, release);
    const environment = 'production';

    for (const asked of [
      takeBack(world, release, 'payments', { environment, epoch: 2 }),
      takeBack(world, release, 'search', { environment }),
      takeBack(world, 'no-such-release', 'payments', { environment }),
    ]) {
      expect(await asked).toEqual({ kind: 'stopped' });
    }
    expect(await takeBack(world, release, 'payments', { environment })).toMatchObject({ kind: 'send' });
  });

  it('REL-19: stops while the release is not being aborted, and when it is back or given up', async () => {
    await putService('payments');
    const release = await deployed('1.4.2');
    expect(await takeBack(world, release, 'payments')).toEqual({ kind: 'stopped' });
    await abort(world, release);
    await bringBack(world, release, 'payments', 'production');
    expect(await takeBack(world, release, 'payments', { environment: 'production' })).toEqual({ kind: 'stopped' });

    await world.accept(release, 'accept-drift', { item: { service: 'payments', environment: 'staging' } });
    await goOn(world, release);

    expect(await takeBack(world, release, 'payments')).toEqual({ kind: 'stopped' });
    expect(await touched(release)).toEqual(['payments staging drifted', 'payments production reverted']);
    expect(await world.shown(release)).toBe('aborted');
  });
});

describe('a target that is asked to go back', () => {
  let target: VersionTarget;

  beforeEach(async () => {
    target = await startVersionTarget();
    await world.putService('payments', { staging: target.urlOf('payments', 'staging') });
  });

  /** Sends what is begun for real, and records what the target said. */
  async function send(effect: Awaited<ReturnType<typeof nextSend>>) {
    return answer(world, effect, await testServices().send(effect));
  }

  const starting = () => started('2', [phase('all', { bakeMs: HOUR })]);

  it('REL-19: and never took the version, says that it is back already', async () => {
    const release = await starting();
    target.meet((_delivery, response) => {
      response.writeHead(400).end();
      return true;
    });
    expect(await send(await nextSend(world, release))).toMatchObject({ kind: 'failed' });
    target.meet((_delivery, response) => {
      response.writeHead(412, { 'content-type': 'application/json' }).end('{"currentVersion":null}');
      return true;
    });
    await abort(world, release);

    expect(await send(await revertSend(world, release, 'payments'))).toMatchObject({ kind: 'done' });
  });

  it('WHK-5: and was brought elsewhere by somebody, has drifted', async () => {
    const release = await starting();
    expect(await send(await nextSend(world, release))).toMatchObject({ kind: 'done' });
    target.setVersion('payments', 'staging', '3');
    await abort(world, release);

    expect(await send(await revertSend(world, release, 'payments'))).toMatchObject({ kind: 'drifted' });

    expect(target.versionOf('payments', 'staging')).toBe('3');
  });

  it('WHK-5: and answers 412 without its version has drifted too: nobody knows what is there', async () => {
    const release = await starting();
    await send(await nextSend(world, release));
    target.meet((_delivery, response) => {
      response.writeHead(412).end();
      return true;
    });
    await abort(world, release);

    expect(await send(await revertSend(world, release, 'payments'))).toMatchObject({ kind: 'drifted' });
  });

  it('WHK-3: of which the answer was lost has gone back once', async () => {
    const release = await starting();
    await send(await nextSend(world, release));
    await abort(world, release);
    const first = await revertSend(world, release, 'payments');
    await testServices().send(first);

    expect(await send(await revertSend(world, release, 'payments'))).toMatchObject({ kind: 'done' });

    expect(target.effects.map(({ type }) => type)).toEqual(['service.apply', 'service.revert']);
    expect(target.deliveries).toHaveLength(3);
  });
});
