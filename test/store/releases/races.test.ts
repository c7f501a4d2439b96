import { isTerminal } from '../../../src/domain/release';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { onPostgres } from '../../support/test-store';
import { claim, decideAll, enterFirstPhase, record, stepOf, undecided } from './release-steps';

const HOUR = 3_600_000;
const baking = [phase('all', { bakeMs: HOUR })];

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function wakeOf(release: string): Promise<number> {
  const row = await world.store.read
    .selectFrom('releases')
    .select('wake')
    .where('id', '=', release)
    .executeTakeFirstOrThrow();
  return row.wake;
}

describe('releases at the same time', () => {
  it('REL-3: one that queues while another ends starts or is woken, whichever comes first', async () => {
    for (let round = 0; round < (onPostgres ? 40 : 3); round += 1) {
      const flag = `flag-${round}`;
      await world.putFlag(flag);
      const first = await world.trigger({ phases: baking, flags: [flag] });
      await enterFirstPhase(world, first);
      await world.accept(first, 'abort');
      const abort = await stepOf(world, first, { mailbox: await undecided(world, first) });

      const triggerAndClaim = async () => {
        const release = await world.trigger({ phases: baking, flags: [flag], whenBusy: 'queue' });
        await claim(world, release);
        return release;
      };
      const [second] = await Promise.all([
        triggerAndClaim(),
        pause(Math.random() * 12).then(() => record(world, abort)),
      ]);

      const isStarted = (await world.shown(second)) !== 'queued';
      expect({ round, goesOn: isStarted || (await wakeOf(second)) > 0 }).toEqual({ round, goesOn: true });
    }
  }, 60_000);

  // Deadlocks would be repeated, a second each: nobody fails for the first few, and the time is over.
  it('REL-3: whose sets overlap start and end without waiting for each other', async () => {
    const flags = ['a', 'b', 'c', 'd', 'e'];
    for (const flag of flags) {
      await world.putFlag(flag);
    }
    const sets = Array.from({ length: 36 }, (_, index) =>
      flags.filter((_flag, bit) => (((index * 7) % 31) + 1) & (1 << bit)).sort(() => (index % 2 === 0 ? 1 : -1)),
    );
    const next = sets.values();
    const runSome = async (): Promise<void> => {
      for (const set of next) {
        const release = await world.trigger({ phases: baking, flags: set, whenBusy: 'queue' });
        await claim(world, release);
        for (let turn = 0; turn < 4 && (await world.shown(release)) === 'queued'; turn += 1) {
          await pause(5);
          await claim(world, release);
        }
        await world.accept(release, set.length % 2 === 0 ? 'abort' : 'full-rollout');
        await world.accept(release, 'abort');
        await decideAll(world, release);
        expect(isTerminal(await world.position(release))).toBe(true);
      }
    };

    await Promise.all(Array.from({ length: 6 }, runSome));
  }, 30_000);
});
