import { nextSequence } from '../../../src/store/effects/next-sequence';
import { newParts, ReleaseStore } from '../../support/release-store';
import { NOON } from '../../support/store-fixtures';
import { versionOf } from './effect-steps';

let world: ReleaseStore;
let payments: string;
let stock: string;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  payments = await world.putService('payments', {});
  stock = await world.putService('stock', {});
});
afterEach(() => world.close());

const next = (now: number, { serviceId = payments, environment = 'staging' } = {}) =>
  world.store.write((unit) =>
    nextSequence(unit, { serviceId, environmentId: world.environments[environment] ?? '' }, now),
  );

describe('the sequence of a target', () => {
  it('WHK-4: rises strictly, also within one millisecond and when the clock goes back', async () => {
    const sequences = [await next(NOON), await next(NOON), await next(NOON - 60_000), await next(NOON + 5)];

    expect(sequences).toEqual([NOON, NOON + 1, NOON + 2, NOON + 5]);
  });

  it('WHK-4: is one for each service and environment', async () => {
    await next(NOON);

    expect(await next(NOON, { environment: 'production' })).toBe(NOON);
    expect(await next(NOON, { serviceId: stock })).toBe(NOON);
    expect(await next(NOON)).toBe(NOON + 1);
  });

  it('WHK-4: of many at once is another for each', async () => {
    const sequences = await Promise.all(Array.from({ length: 8 }, () => next(NOON)));

    expect([...sequences].sort((a, b) => a - b)).toEqual(Array.from({ length: 8 }, (_, index) => NOON + index));
  });

  it('WHK-4: is higher than all that a target has seen when the store comes back from a backup', async () => {
    const backedUp = await next(NOON);
    const seen = [await next(NOON + 1_000), await next(NOON + 1_000)];
    await world.store.write(({ sql }) => sql.updateTable('serviceVersions').set({ sequence: backedUp }).execute());

    expect(await next(NOON + 2_000)).toBeGreaterThan(Math.max(...seen));
  });

  it('WHK-4: says nothing about the version: what is there stays known', async () => {
    await next(NOON);
    await world.store.write(({ sql }) => sql.updateTable('serviceVersions').set({ version: '1.4.1' }).execute());

    await next(NOON);

    expect(await versionOf(world, payments)).toBe('1.4.1');
  });
});
