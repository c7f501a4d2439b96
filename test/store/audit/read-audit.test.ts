import { eventsAfter, lastPosition, readAudit, type AuditFilter } from '../../../src/store/audit/read-audit';
import { NOON, someEvent } from '../../support/store-fixtures';
import { openTestStore, type TestStore } from '../../support/test-store';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
  expect(await lastPosition(test.store.read)).toBe(0);
  const entries = [
    someEvent({ projectId: 'shop', releaseId: 'r1', actorId: 'ada', at: NOON }),
    someEvent({ projectId: 'bank', releaseId: 'r2', actorId: 'ada', at: NOON + 1 }),
    someEvent({ projectId: null, actorId: 'bob', at: NOON + 2 }),
    someEvent({ projectId: 'shop', releaseId: 'r1', actorId: null, at: NOON + 3 }),
    someEvent({ projectId: 'shop', releaseId: 'r3', actorId: 'bob', at: NOON + 4 }),
  ];
  for (const entry of entries) await test.store.write(async (unit) => unit.record(entry));
});
afterAll(() => test.dispose());

async function positions(filter: AuditFilter): Promise<number[]> {
  const { entries } = await readAudit(test.store.read, filter, { order: 'ascending', limit: 100 });
  return entries.map(({ position }) => position);
}

it.each<[string, AuditFilter, number[]]>([
  ['nothing', {}, [1, 2, 3, 4, 5]],
  ['a project', { projectIds: ['shop'] }, [1, 4, 5]],
  ['projects and what belongs to none', { projectIds: ['bank', null] }, [2, 3]],
  ['what belongs to no project', { projectIds: [null] }, [3]],
  ['no project at all (INV-7)', { projectIds: [] }, []],
  ['a release', { releaseId: 'r1' }, [1, 4]],
  ['an actor', { actorId: 'bob' }, [3, 5]],
  ['an earliest time', { from: NOON + 3 }, [4, 5]],
  ['a latest time', { to: NOON + 3 }, [1, 2, 3]],
  ['all of them', { projectIds: ['shop'], actorId: 'ada', releaseId: 'r1', from: NOON, to: NOON + 1 }, [1]],
  ['nothing that is there', { releaseId: 'unknown' }, []],
])('narrows by %s', async (_, filter, expected) => {
  expect(await positions(filter)).toEqual(expected);
});

it.each(['ascending', 'newest-first'] as const)('goes through all pages, %s (HTTP-5)', async (order) => {
  const pages: number[][] = [];
  let after: number | undefined;
  do {
    const page = await readAudit(test.store.read, {}, { order, limit: 2, after });
    pages.push(page.entries.map(({ position }) => position));
    after = page.next ?? undefined;
  } while (after !== undefined);

  const expected = { ascending: [[1, 2], [3, 4], [5]], 'newest-first': [[5, 4], [3, 2], [1]] };
  expect(pages).toEqual(expected[order]);
});

it('ends with a page that is just full', async () => {
  const page = await readAudit(test.store.read, {}, { order: 'ascending', limit: 5 });

  expect(page.next).toBeNull();
});

it('continues a stream where its reader was', async () => {
  expect((await eventsAfter(test.store.read, 3, 10)).map(({ position }) => position)).toEqual([4, 5]);
  expect(await eventsAfter(test.store.read, 5, 10)).toEqual([]);
  expect(await lastPosition(test.store.read)).toBe(5);
});
