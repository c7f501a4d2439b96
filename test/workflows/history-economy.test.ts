import type { Phase } from '../../src/domain/pipeline';
import type { TemporalConnections } from '../support/release-world';
import { phase, review } from '../support/release-store';
import { connectTemporal, ReleaseWorld } from '../support/release-world';
import { temporalAddress } from '../support/temporal-server';

/**
 * Events that cannot be saved. Start 1, end 1, wake-up 3, activity 3, timer 2, signal 1:
 * a release is started, claimed and completed, a phase is applied and recorded in one activity.
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
  phase('staff', { bakeMs: 200 }),
  phase('beta', { bakeMs: 200, ...more }),
  phase('everyone', { bakeMs: 200 }),
];

async function eventsOf(release: string): Promise<number> {
  await world.workflowEnds(release);
  const { events } = await world.workflow(release).fetchHistory();
  return events?.length ?? 0;
}

describe('the history of a release', () => {
  const minimum = COST.release + 3 * (COST.phase + COST.bake);

  it('takes 50 events for three phases that bake', async () => {
    expect(minimum).toBe(50);

    const events = await eventsOf(await world.trigger({ phases: threePhases(), flags: ['a'] }));

    expect(events).toBeGreaterThanOrEqual(minimum);
    expect(events).toBeLessThanOrEqual(minimum * MOST);
  });

  it('takes 10 more for a review', async () => {
    const release = await world.trigger({ phases: threePhases({ requiredReview: review() }), flags: ['b'] });
    await world.reaches(release, 'waiting-for-review', 1);
    await world.rests(release);
    await world.act(release, 'approve');

    const events = await eventsOf(release);

    expect(events).toBeGreaterThanOrEqual(minimum + COST.review);
    expect(events).toBeLessThanOrEqual((minimum + COST.review) * MOST);
  });

  it('takes 22 more for a pause that is taken back', async () => {
    const release = await world.trigger({ phases: threePhases({ bakeMs: 5_000 }), flags: ['c'] });
    await world.bakes(release, 1);
    await world.rests(release);
    await world.act(release, 'pause');
    await world.rests(release);
    await world.act(release, 'unpause');

    const events = await eventsOf(release);

    const withPause = minimum + 2 * COST.pauseOrUnpause + COST.secondTimer;
    expect(events).toBeGreaterThanOrEqual(withPause);
    expect(events).toBeLessThanOrEqual(withPause * MOST);
  });
});
