import type { Phase } from '../../src/domain/pipeline';
import type { TemporalConnections } from '../support/release-world';
import { phase, review } from '../support/release-store';
import { connectTemporal, ReleaseWorld } from '../support/release-world';
import { temporalAddress } from '../support/temporal-server';

/**
 * Start 1, end 1, wake-up 3, activity 3, timer 2, signal 1: a release is started, claimed and completed, a phase is
 * applied and recorded in one activity. A first phase without a review comes with the claim and saves its 6.
 */
const COST = { release: 17, phase: 6, bake: 5, review: 10, pauseOrUnpause: 10, secondTimer: 2 } as const;
const MOST = 1.1;

let temporal: TemporalConnections;
let world: ReleaseWorld;

beforeAll(async () => {
  temporal = await connectTemporal(temporalAddress());
  world = await ReleaseWorld.open(temporal);
  world.startDispatcher();
  // As in the service: handing a workflow from worker to worker would be counted as well.
  await world.startWorker({ stickyTimeoutMs: 10_000 });
});
afterAll(async () => {
  await world.close();
  await temporal.close();
});

const threePhases = (more: Partial<Phase> = {}): Phase[] => [
  phase('staff', { bakeMs: 1_000 }),
  phase('beta', { bakeMs: 1_000, ...more }),
  phase('everyone', { bakeMs: 1_000 }),
];

/** Events of a release's history, once it has ended. */
async function spentOn(release: string): Promise<number> {
  await world.workflowEnds(release);
  const { events } = await world.workflow(release).fetchHistory();
  return events?.length ?? 0;
}

async function plain(): Promise<number> {
  return spentOn(await world.trigger({ phases: threePhases(), flags: ['a'] }));
}

async function reviewed(): Promise<number> {
  const release = await world.trigger({ phases: threePhases({ requiredReview: review() }), flags: ['b'] });
  await world.reaches(release, 'waiting-for-review', 1);
  await world.rests(release);
  expect(await world.act(release, 'approve')).toBe('applied');
  return spentOn(release);
}

async function paused(): Promise<number> {
  const release = await world.trigger({ phases: threePhases({ bakeMs: 4_000 }), flags: ['c'] });
  await world.bakes(release, 1);
  await world.rests(release);
  expect(await world.act(release, 'pause')).toBe('applied');
  await world.rests(release);
  expect(await world.act(release, 'unpause')).toBe('applied');
  return spentOn(release);
}

describe('the history of a release', () => {
  const minimum = COST.release + 3 * (COST.phase + COST.bake);

  it('takes 50 events for three phases that bake, 10 more for a review, 22 for a pause that is taken back', async () => {
    expect(minimum).toBe(50);

    // No lower bound: on a machine so busy that a bake ends before anyone waits for it, its timer is never set.
    const [ofPlain, ofReviewed, ofPaused] = await Promise.all([plain(), reviewed(), paused()]);

    expect(ofPlain).toBeLessThanOrEqual(minimum * MOST);
    expect(ofReviewed).toBeLessThanOrEqual((minimum + COST.review) * MOST);
    expect(ofPaused).toBeLessThanOrEqual((minimum + 2 * COST.pauseOrUnpause + COST.secondTimer) * MOST);
  });
});
