import { listDrift } from '../../../src/store/releases/list-drift';
import { newParts, phase, ReleaseStore, type ReleaseToTrigger } from '../../support/release-store';
import {
  abort,
  answer,
  bringBack,
  BROKEN,
  deploy,
  deployment,
  DONE,
  drifted,
  enter,
  nextSend,
  REFUSED,
  revertSend,
} from '../effects/effect-steps';
import { goOn } from './release-steps';

const HOUR = 3_600_000;
const both = phase('all', { bakeMs: HOUR, rules: [{ environments: ['staging', 'production'], conditions: [] }] });

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  const url = 'http://127.0.0.1:1/hook';
  await world.putService('payments', { staging: url, production: url });
  await world.putService('stock', { staging: url, production: url });
});
afterEach(() => world.close());

async function started(more: Partial<ReleaseToTrigger> = {}): Promise<string> {
  const release = await world.trigger({ phases: [both], services: { payments: '2', stock: '7' }, ...more });
  await enter(world, release);
  return release;
}

async function drift(release: string) {
  const row = await world.store.read
    .selectFrom('releases')
    .selectAll()
    .where('id', '=', release)
    .executeTakeFirstOrThrow();
  return listDrift(world.store.read, row);
}

const states = async (release: string) =>
  (await drift(release)).map(({ item, environment, state }) => `${item} ${environment} ${state}`);

describe('what became of the targets of a release', () => {
  it('REL-19: is nothing while it is not being aborted', async () => {
    const release = await started();
    await deploy(world, release);

    expect(await drift(release)).toEqual([]);
  });

  it('REL-19: names flags first, then services in the order in which they come back', async () => {
    const release = await started({ flags: ['a', 'b'] });
    await deploy(world, release);
    await deploy(world, release, deployment({ environment: 'production' }));

    await abort(world, release);

    expect(await states(release)).toEqual([
      ...['a staging reverted', 'a production reverted', 'b staging reverted', 'b production reverted'],
      ...['stock production reverting', 'payments production reverting'],
      ...['stock staging reverting', 'payments staging reverting'],
    ]);
    expect((await drift(release))[4]).toEqual({
      ...{ item: 'stock', target: 'service', environment: 'production', state: 'reverting' },
      ...{ detail: null, nextAttemptAt: null },
    });
  });

  it('REL-19: says when a service is asked again, and what it said', async () => {
    const release = await started({ services: { payments: '2' } });
    await deploy(world, release);
    await deploy(world, release, deployment({ environment: 'production' }));
    await abort(world, release);
    const at = Date.now();
    const sent = await revertSend(world, release, 'payments', { environment: 'production', now: at });

    await answer(world, sent, BROKEN, at);

    expect((await drift(release)).filter(({ target }) => target === 'service')).toEqual([
      {
        ...{ item: 'payments', target: 'service', environment: 'production', state: 'reverting' },
        ...{ detail: 'The target answered 503', nextAttemptAt: at + 1_000 },
      },
      {
        ...{ item: 'payments', target: 'service', environment: 'staging', state: 'reverting' },
        ...{ detail: null, nextAttemptAt: null },
      },
    ]);
  });

  it('REL-19: tells those that are back from those that were given up, with what they had said', async () => {
    const release = await started({ services: { payments: '2' } });
    await deploy(world, release);
    await deploy(world, release, deployment({ environment: 'production' }));
    await abort(world, release);
    await bringBack(world, release, 'payments', 'production');
    await answer(world, await revertSend(world, release, 'payments'), BROKEN);
    await world.accept(release, 'accept-drift', { item: { service: 'payments', environment: 'staging' } });

    await goOn(world, release);

    expect(await world.shown(release)).toBe('aborted');
    expect((await drift(release)).filter(({ target }) => target === 'service')).toMatchObject([
      { environment: 'production', state: 'reverted', detail: null, nextAttemptAt: null },
      {
        environment: 'staging',
        state: 'drifted',
        detail: 'Given up by olga: no reason given (The target answered 503)',
      },
    ]);
  });

  it('WHK-5: tells of a service that somebody else has changed', async () => {
    const release = await started({ services: { payments: '2' }, phases: [phase('all', { bakeMs: HOUR })] });
    await deploy(world, release);
    await abort(world, release);
    const recorded = await answer(world, await revertSend(world, release, 'payments'), drifted('9'));

    await goOn(world, release, {
      finished: [
        {
          job: { kind: 'revert', service: 'payments', environment: 'staging' },
          ...{ at: recorded.at, outcome: 'drifted', detail: 'The target has another version than expected' },
        },
      ],
    });

    expect(await world.shown(release)).toBe('aborted');
    expect((await drift(release)).at(-1)).toMatchObject({
      ...{ item: 'payments', state: 'drifted', detail: 'The target has another version than expected' },
    });
  });

  it('REL-19: leaves out flags that were not switched anywhere, and services that nothing was sent to', async () => {
    const release = await started({ beforeFlags: ['payments'] });
    await answer(world, await nextSend(world, release), DONE);

    await abort(world, release);

    expect(await states(release)).toEqual(['payments staging reverting']);
  });

  it('REL-19: names flags only where they were switched', async () => {
    const release = await started({ beforeFlags: ['payments'] });
    await deploy(world, release);
    await deploy(world, release, deployment({ environment: 'production' }), { payments: REFUSED });

    await abort(world, release);

    expect(await states(release)).toEqual([
      'new-checkout staging reverted',
      ...['payments production reverting', 'stock staging reverting', 'payments staging reverting'],
    ]);
  });

  it('REL-19: names flags although a service behind them has failed', async () => {
    const release = await started({ phases: [phase('all', { bakeMs: HOUR })], services: { payments: '2' } });
    await deploy(world, release, deployment(), { payments: REFUSED });

    await abort(world, release);

    expect(await states(release)).toEqual(['new-checkout staging reverted', 'payments staging reverting']);
  });

  it('REL-20: leaves out flags that a full roll-out was still to switch', async () => {
    const release = await started({
      phases: [
        phase('few', { bakeMs: HOUR, rules: [{ environments: ['development'], conditions: [] }] }),
        { ...both, name: 'all' },
      ],
      services: { payments: '2' },
    });
    await world.accept(release, 'full-rollout');
    await goOn(world, release);
    await deploy(world, release, deployment({ phase: 1 }));

    await abort(world, release);

    expect(await states(release)).toEqual(['payments staging reverting']);
  });
});
