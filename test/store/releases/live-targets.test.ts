import { sql, type Kysely } from 'kysely';
import { liveTargets } from '../../../src/store/migrations/0005-live-targets';
import { queuesOf } from '../../../src/store/releases/queue';
import { flagTarget } from '../../../src/store/releases/stored-release';
import { insertProject, insertRelease } from '../../support/store-fixtures';
import { openTestStore, type TestStore } from '../../support/test-store';

let test: TestStore;

beforeEach(async () => {
  test = await openTestStore();
});
afterEach(() => test.dispose());

it('REL-3: a store of before learns which releases have left their queues', async () => {
  const { projectId } = await insertProject(test.store, 'shop');
  const [ended, running] = await test.store.write(async (unit) => [
    await insertRelease(unit, projectId, ['a-flag'], { live: false }),
    await insertRelease(unit, projectId, ['a-flag']),
  ]);
  const db = test.store.read;
  await sql`drop index "releaseTargets_queue"`.execute(db);
  await sql`alter table "releaseTargets" drop column "live"`.execute(db);
  await sql`create index "releaseTargets_queue" on "releaseTargets" ("target", "ticket")`.execute(db);

  await liveTargets(db as unknown as Kysely<unknown>, test.store.engine);

  const rows = await db.selectFrom('releaseTargets').select(['releaseId', 'live']).orderBy('ticket').execute();
  expect(rows).toEqual([
    { releaseId: ended, live: 0 },
    { releaseId: running, live: 1 },
  ]);
  expect((await queuesOf(db, [flagTarget('a-flag')])).map(({ releaseId }) => releaseId)).toEqual([running]);
});
