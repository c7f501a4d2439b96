import type { ReleaseState } from '../../src/domain/release';
import { StoreUnavailable } from '../../src/store/store-error';
import { phase } from '../support/release-store';
import type { ReleaseWorld } from '../support/release-world';
import { worldPerTest } from '../support/world-per-test';

const BAKE_MS = 1_000;

let world: ReleaseWorld;

worldPerTest((opened) => {
  world = opened;
});

describe('a store that fails when a phase is about to start', () => {
  it('INV-2: costs the phase none of its bake', async () => {
    const failUntil = new Map<string, number>();
    const failAtFirst = (activity: string): void => {
      const until = failUntil.get(activity) ?? Date.now() + 4 * BAKE_MS;
      failUntil.set(activity, until);
      if (Date.now() < until) {
        throw new StoreUnavailable(new Error('gone'));
      }
    };
    const inEffectAt: number[] = [];
    const look = (state: ReleaseState): void => {
      if (state.phases[inEffectAt.length]?.startedAt != null) {
        inEffectAt.push(Date.now());
      }
    };
    world.startDispatcher();
    // The first phase takes effect with the claim, the others each with a step.
    await world.startWorker({
      activities: (real) => ({
        claimRelease: async (input) => {
          failAtFirst('claim');
          const claim = await real.claimRelease(input);
          if (claim.claimed) {
            look(claim.state);
          }
          return claim;
        },
        recordStep: async (input) => {
          if (input.step.reach?.kind === 'phase') {
            failAtFirst('step');
          }
          const recorded = await real.recordStep(input);
          if (recorded.recorded) {
            look(recorded.state);
          }
          return recorded;
        },
      }),
    });

    const bakeMs = BAKE_MS;
    const release = await world.trigger({
      phases: [phase('few', { bakeMs }), phase('more', { bakeMs }), phase('all')],
    });
    await world.reaches(release, 'completed');

    const [few = 0, more = 0, all = 0] = inEffectAt;
    // Two clocks: the one here and Temporal's.
    expect(more - few).toBeGreaterThanOrEqual(BAKE_MS - 50);
    expect(all - more).toBeGreaterThanOrEqual(BAKE_MS - 50);
  }, 40_000);
});
