import { StoreUnavailable } from '../../src/store/store-error';
import { phase } from '../support/release-store';
import type { TemporalConnections } from '../support/release-world';
import { connectTemporal, ReleaseWorld } from '../support/release-world';
import { temporalAddress } from '../support/temporal-server';

const BAKE_MS = 1_000;

let temporal: TemporalConnections;
let world: ReleaseWorld;

beforeAll(async () => {
  temporal = await connectTemporal(temporalAddress());
});
afterAll(() => temporal.close());
beforeEach(async () => {
  world = await ReleaseWorld.open(temporal);
});
afterEach(() => world.close());

describe('a store that fails when a phase is about to start', () => {
  it('INV-2: costs the phase none of its bake', async () => {
    let failUntil: number | null = null;
    const inEffectAt: number[] = [];
    world.startDispatcher();
    await world.startWorker({
      activities: (real) => ({
        ...real,
        recordStep: async (input) => {
          if (input.step.reach?.kind === 'phase') {
            failUntil ??= Date.now() + 4 * BAKE_MS;
            if (Date.now() < failUntil) {
              throw new StoreUnavailable(new Error('gone'));
            }
          }
          const recorded = await real.recordStep(input);
          const isInEffect = recorded.recorded && recorded.state.phases[inEffectAt.length]?.startedAt != null;
          if (isInEffect) {
            inEffectAt.push(Date.now());
          }
          return recorded;
        },
      }),
    });

    const release = await world.trigger({ phases: [phase('few', { bakeMs: BAKE_MS }), phase('all')] });
    await world.reaches(release, 'completed');

    const [few = 0, all = 0] = inEffectAt;
    // Two clocks: the one here and Temporal's.
    expect(all - few).toBeGreaterThanOrEqual(BAKE_MS - 50);
  }, 40_000);
});
