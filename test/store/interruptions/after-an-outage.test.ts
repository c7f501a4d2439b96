import { HOUR, SECOND } from '../../../src/domain/instant';
import { manual } from '../../domain/process-fixture';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { claim, goOn, record, stepOf, undecided } from '../releases/release-steps';
import { interruptionsIn } from './interruption-steps';

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

/** A release that waits at the first of two sign-offs, each with a deadline. */
async function waiting() {
  const [first, second] = (['proceed', 'abort'] as const).map((outcome, index) =>
    manual({ name: `Check ${index}`, deadline: { afterMs: (8 - 2 * index) * SECOND, outcome } }),
  );
  const release = await world.trigger({ phases: [phase('all')], process: [first!, second!] });
  await claim(world, release);
  await goOn(world, release);
  const [asked] = await interruptionsIn(world, release);
  return { release, deadlineAt: asked?.deadlineAt ?? 0 };
}

it('INT-6, REL-29: what nobody was asked before an outage is asked after it, with all the time that it has', async () => {
  const { release, deadlineAt } = await waiting();
  const now = deadlineAt + HOUR;

  await goOn(world, release, { now });

  expect(await interruptionsIn(world, release)).toMatchObject([
    { state: 'submitted', result: 'proceed', endedAt: deadlineAt },
    { state: 'pending', raisedAt: now, deadlineAt: now + 6 * SECOND },
  ]);
  const told = await world.store.read
    .selectFrom('notifications')
    .select('createdAt')
    .where('type', '=', 'interruption-raised')
    .orderBy('id')
    .execute();
  expect(told.at(-1)?.createdAt).toBe(now);
});

it('INT-6, REL-33: what is recorded twice is asked once, and its deadline is that of the first recording', async () => {
  const { release, deadlineAt } = await waiting();
  const step = await stepOf(world, release, { mailbox: await undecided(world, release), now: deadlineAt + HOUR });

  await record(world, step);
  await record(world, step);

  const [, second, third] = await interruptionsIn(world, release);
  expect(second).toMatchObject({ deadlineAt: deadlineAt + HOUR + 6 * SECOND });
  expect(third).toBeUndefined();
});
