import { sql, type Kysely } from 'kysely';
import { listInterruptions } from '../../../src/store/interruptions/find-interruption';
import { interruptions } from '../../../src/store/migrations/0006-interruptions';
import { proceedsByInterruption } from '../../../src/store/interruptions/proceeds-by-interruption';
import { newParts, ReleaseStore } from '../../support/release-store';
import { goOn } from '../releases/release-steps';
import { asking, hold, interruptionsIn, submit } from './interruption-steps';

const SECOND = 1_000;

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

/** Takes and answers it for somebody, decided. */
async function answer(release: string, id: string, by: string, notes: string, now: number): Promise<void> {
  await hold(world, { id, verb: 'take', by, now });
  expect(await submit(world, { id, by, notes, now })).toHaveProperty('action');
  await goOn(world, release, { now });
}

/** Names of those for whom `mine` has it. */
async function concerned(id: string): Promise<string[]> {
  const people = ['rita', 'olga'];
  const lists = await Promise.all(
    people.map((userId) =>
      listInterruptions(
        world.store.read,
        { userId, teams: [], visibleIn: null, submitIn: null, deployIn: null, ownIn: null },
        { mine: true },
        { limit: 10, after: null },
      ),
    ),
  );
  return people.filter((_, index) => lists[index]?.some((row) => row.id === id));
}

async function told(release: string) {
  const rows = await interruptionsIn(world, release);
  return [...(await proceedsByInterruption(world.store.read, rows)).values()];
}

describe('an interruption that wants several people', () => {
  it('INT-6: is for the others once one has proceeded, who see who it was and what they wrote', async () => {
    const now = Date.now();
    const { release, interruption: id } = await asking(world, { approvals: 2 });
    expect(await concerned(id)).toEqual(['rita', 'olga']);

    await answer(release, id, 'rita', 'I looked', now);

    expect(await concerned(id)).toEqual(['olga']);
    expect(await told(release)).toEqual([[{ user: 'rita', notes: 'I looked', at: now }]]);
    expect(await hold(world, { id, verb: 'take', by: 'rita' })).toMatchObject({
      refused: 'interruption.already-proceeded',
    });
    expect(await hold(world, { id, verb: 'reassign', by: 'olga', to: 'rita' })).toMatchObject({
      refused: 'interruption.already-proceeded',
    });
    await answer(release, id, 'olga', '', now + 1);

    expect(await concerned(id)).toEqual([]);
    expect(await told(release)).toEqual([
      [
        { user: 'rita', notes: 'I looked', at: now },
        { user: 'olga', notes: '', at: now + 1 },
      ],
    ]);
  });

  it('INT-6: what a deadline does is nobody’s consent', async () => {
    const deadline = { afterMs: 10 * SECOND, outcome: 'proceed' as const };
    const { release, interruption: id } = await asking(world, { approvals: 2, deadline });
    const due = (await interruptionsIn(world, release))[0]?.deadlineAt ?? 0;
    await answer(release, id, 'rita', '', due - 1);

    await goOn(world, release, { now: due });

    expect(await interruptionsIn(world, release)).toMatchObject([{ state: 'submitted', result: 'proceed' }]);
    expect(await told(release)).toEqual([[{ user: 'rita', notes: '', at: due - 1 }]]);
  });

  it('INT-6: is for the others as well where an older version has kept who proceeded', async () => {
    const { release, interruption: id } = await asking(world, { approvals: 2 });
    await answer(release, id, 'rita', 'I looked', Date.now());
    const db = world.store.read as unknown as Kysely<unknown>;
    const kept = (await interruptionsIn(world, release))[0]?.proceeds ?? '';
    const actions = JSON.stringify((JSON.parse(kept) as { action: string }[]).map(({ action }) => action));
    await sql`update "interruptions" set "proceeds" = ${actions}`.execute(db);
    await sql`alter table "interruptions" drop column "escalatedAt"`.execute(db);

    await interruptions(db, world.store.engine);

    expect((await interruptionsIn(world, release))[0]?.proceeds).toBe(kept);
    expect(await concerned(id)).toEqual(['olga']);
  });
});
