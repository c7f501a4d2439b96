import { listDeployments, stepsOf } from '../../../src/store/deployments/list-deployments';
import { recordStep, type StepToRecord } from '../../../src/store/releases/record-step';
import { manual } from '../../domain/process-fixture';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { onPostgres } from '../../support/test-store';
import { claim, enterFirstPhase, goOn, stepOf, undecided } from '../releases/release-steps';
import { asking, hold, interruptionsIn, submit } from './interruption-steps';

const HOUR = 3_600_000;
const baking = [phase('all', { bakeMs: HOUR })];

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

async function rowOf(release: string) {
  return world.store.read
    .selectFrom('releases')
    .select(['wake', 'blockedBy'])
    .where('id', '=', release)
    .executeTakeFirstOrThrow();
}

const deploymentsOf = (release: string) => listDeployments(world.store.read, release, {}, { limit: 10, after: null });

/** Records a step, and counts how often that had to be begun: what deadlocks is begun again. */
async function record(step: StepToRecord): Promise<{ held: boolean; tries: number }> {
  let tries = 0;
  const recorded = await world.store.write((unit) => {
    tries += 1;
    return recordStep(unit, step);
  });
  return { held: recorded.recorded && recorded.held, tries };
}

/** A release that waits for what another one asks, and that one's step that ends the waiting. */
async function waiting(round: number) {
  await world.putFlag(`asks-${round}`);
  await world.putFlag(`waits-${round}`);
  const { release: asks, interruption: id } = await asking(world, { blockConcurrent: true }, `asks-${round}`);
  await hold(world, { id, verb: 'take', by: 'olga' });
  const waits = await world.trigger({ phases: baking, flags: [`waits-${round}`] });
  await enterFirstPhase(world, waits);
  expect(await rowOf(waits)).toMatchObject({ blockedBy: asks });
  await submit(world, { id, by: 'olga' });
  const answer = await stepOf(world, asks, { mailbox: await undecided(world, asks) });
  return { asks, waits, id, answer };
}

describe('a release that waits for an answer to another one', () => {
  it('INT-9: goes on or is woken, whichever comes first, and neither waits for the other in vain', async () => {
    for (let round = 0; round < (onPostgres ? 10 : 3); round += 1) {
      const { asks, waits, answer } = await waiting(round);
      const again = await stepOf(world, waits);

      const [answered, tried] = await Promise.all([record(answer), record(again)]);

      expect([round, answered.tries, tried.tries]).toEqual([round, 1, 1]);
      const { wake, blockedBy } = await rowOf(waits);
      expect({ round, blockedBy, goesOn: !tried.held || wake > 0 }).toEqual({ round, blockedBy: null, goesOn: true });
      // Nothing of this round keeps the next one up.
      expect((await interruptionsIn(world, asks)).map(({ state }) => state)).toEqual(['submitted']);
    }
  }, 120_000);

  it('INT-9: is found by the answer also where it begins to wait at that moment', async () => {
    for (let round = 0; round < (onPostgres ? 10 : 3); round += 1) {
      await world.putFlag(`other-${round}`);
      const { waits, answer } = await waiting(round);
      const late = await world.trigger({ phases: baking, flags: [`other-${round}`] });
      await claim(world, late);
      const begins = await stepOf(world, late);

      const [answered, tried] = await Promise.all([record(answer), record(begins)]);

      expect([round, answered.tries, tried.tries]).toEqual([round, 1, 1]);
      expect((await rowOf(waits)).wake).toBeGreaterThan(0);
      const { wake, blockedBy } = await rowOf(late);
      expect({ round, blockedBy, goesOn: !tried.held || wake > 0 }).toEqual({ round, blockedBy: null, goesOn: true });
    }
  }, 120_000);

  it('INT-9: shows what it waits with once, however often it looks, and that is what starts', async () => {
    await world.putFlag('waits');
    const { release: asks, interruption: id } = await asking(world, { blockConcurrent: true });
    const waits = await world.trigger({
      phases: baking,
      process: [manual({ name: 'Look' })],
      flags: ['waits'],
    });
    await enterFirstPhase(world, waits);
    const queued = await deploymentsOf(waits);
    await record(await stepOf(world, waits));

    expect(queued).toMatchObject([{ state: 'queued', startedAt: null }]);
    expect(await deploymentsOf(waits)).toEqual(queued);
    await hold(world, { id, verb: 'take', by: 'olga' });
    await submit(world, { id, by: 'olga' });
    await goOn(world, asks);
    await goOn(world, waits);

    expect(await deploymentsOf(waits)).toMatchObject([{ id: queued[0]?.id, state: 'waiting' }]);
    expect(await stepsOf(world.store.read, [queued[0]?.id ?? ''])).toMatchObject([
      { name: 'Roll out', state: 'succeeded' },
      { name: 'Look', state: 'waiting' },
    ]);
  });
});
