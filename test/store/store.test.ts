import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { sql } from 'kysely';
import type { Notice } from '../../src/store/notices';
import { openStore, type Store } from '../../src/store/store';
import { StoreInUse, StoreUnavailable } from '../../src/store/store-error';
import { NOON, insertProject, someEvent } from '../support/store-fixtures';
import { onPostgres, openTestStore, type TestStore } from '../support/test-store';

let test: TestStore;
let broken: Error | null = null;
const listenerErrors: unknown[] = [];

beforeAll(async () => {
  test = await openTestStore({
    onListenerError: (error) => listenerErrors.push(error),
    beforeStatement: () => {
      if (broken !== null) throw broken;
    },
  });
});
afterAll(() => test.dispose());

function insertUser(store: Store, id: string) {
  return store.write(({ sql: transaction }) =>
    transaction
      .insertInto('users')
      .values({ id, slug: id, displayName: id, email: null, createdAt: NOON, deletedAt: null })
      .execute(),
  );
}

async function userIds(store: Store): Promise<string[]> {
  const users = await store.read.selectFrom('users').select('id').orderBy('id').execute();
  return users.map(({ id }) => id);
}

describe('opening', () => {
  it('gives an installation its id once', async () => {
    const { installationId } = test.store;

    const again = await test.reopen();

    expect(installationId).toMatch(/^[0-9A-Z]{26}$/);
    expect(again.installationId).toBe(installationId);
    expect(await again.read.selectFrom('installation').selectAll().execute()).toHaveLength(1);
  });

  it('lets two processes migrate one new database at the same time', async () => {
    const other = await openTestStore();
    await other.store.close();
    const opened = onPostgres
      ? await Promise.all([openStore(other.location), openStore(other.location), openStore(other.location)])
      : [await openStore(other.location)];

    expect(new Set(opened.map((store) => store.installationId)).size).toBe(1);

    await Promise.all(opened.map((store) => store.close()));
    await other.dispose();
  });

  if (onPostgres) {
    it('says that a database which is not there is unavailable', async () => {
      await expect(openStore({ databaseUrl: 'postgres://127.0.0.1:1/nowhere' })).rejects.toThrow(StoreUnavailable);
    });
  } else {
    it('refuses a file that is in use', async () => {
      await expect(openStore(test.location)).rejects.toThrow(StoreInUse);
    });

    it('keeps its file from other users', () => {
      const folder = test.store.dataDir ?? '';

      const modes = readdirSync(folder).map((name) => statSync(path.join(folder, name)).mode & 0o777);

      expect(modes).not.toHaveLength(0);
      expect(new Set(modes)).toEqual(new Set([0o600]));
    });

    it('says that a folder it cannot make is unavailable', async () => {
      await expect(openStore({ dataDir: path.join(test.store.dataDir ?? '', 'sluice.db') })).rejects.toThrow(
        StoreUnavailable,
      );
    });
  }
});

describe('a unit of work', () => {
  it('writes all or nothing, and tells nothing of what it did not write', async () => {
    const heard: Notice[] = [];
    const stop = test.store.notices.on((notice) => heard.push(notice));

    const failing = test.store.write(async (unit) => {
      await unit.sql
        .insertInto('users')
        .values({ id: 'eve', slug: 'eve', displayName: 'Eve', email: null, createdAt: NOON, deletedAt: null })
        .execute();
      unit.record(someEvent());
      unit.notify({ kind: 'action-decided', actionId: 'a' });
      throw new Error('no');
    });

    await expect(failing).rejects.toThrow('no');
    expect(await userIds(test.store)).not.toContain('eve');
    expect(await test.store.read.selectFrom('events').selectAll().execute()).toEqual([]);
    expect(heard).toEqual([]);
    stop();
  });

  it('tells what happened once it can be read', async () => {
    const heard: Notice[] = [];
    const stop = test.store.notices.on((notice) => heard.push(notice));

    await test.store.write(async (unit) => {
      unit.record(someEvent());
      unit.record(someEvent());
      unit.notify({ kind: 'flags-changed', environmentIds: ['e'] });
      await sql`select 1`.execute(unit.sql);
      expect(heard).toEqual([]);
    });

    const { position } = await test.store.read
      .selectFrom('events')
      .select((row) => row.fn.max('position').as('position'))
      .executeTakeFirstOrThrow();
    expect(heard).toEqual([
      { kind: 'flags-changed', environmentIds: ['e'] },
      { kind: 'events', upTo: position },
    ]);
    stop();
  });

  it('is not disturbed by a listener that throws', async () => {
    const heard: Notice[] = [];
    const stops = [
      test.store.notices.on(() => {
        throw new Error('deaf');
      }),
      test.store.notices.on((notice) => heard.push(notice)),
    ];

    await test.store.write(async (unit) => unit.notify({ kind: 'action-decided', actionId: 'a' }));

    expect(heard).toHaveLength(1);
    expect(listenerErrors).toEqual([new Error('deaf')]);
    for (const stop of stops) stop();
  });

  it('hands out tickets without gaps to many at once', async () => {
    const tickets = await Promise.all(
      Array.from({ length: 40 }, () => test.store.write((unit) => unit.counter('ticket'))),
    );

    expect(tickets.sort((a, b) => a - b)).toEqual(tickets.map((_, index) => (tickets[0] ?? 0) + index));
  });

  it('lets only one of many at once through a check that reads before it writes', async () => {
    const { projectId } = await insertProject(test.store);

    await Promise.all(
      Array.from({ length: 20 }, () =>
        test.store.write(async (unit) => {
          const project = unit.sql.selectFrom('projects').selectAll().where('id', '=', projectId);
          const { createdAt } = await unit.forUpdate(project).executeTakeFirstOrThrow();
          await unit.sql
            .updateTable('projects')
            .set({ createdAt: createdAt + 1 })
            .where('id', '=', projectId)
            .execute();
        }),
      ),
    );

    const found = test.store.read.selectFrom('projects').select('createdAt').where('id', '=', projectId);
    expect(await found.executeTakeFirstOrThrow()).toEqual({ createdAt: NOON + 20 });
  });

  it('looks again when another transaction has written the same unique row first', async () => {
    const findOrInsert = () =>
      test.store.write(async (unit) => {
        const found = await unit.sql.selectFrom('users').select('id').where('slug', '=', 'grace').executeTakeFirst();
        if (found !== undefined) return found.id;
        const id = `grace-${Math.random()}`;
        await unit.sql
          .insertInto('users')
          .values({ id, slug: 'grace', displayName: 'Grace', email: null, createdAt: NOON, deletedAt: null })
          .execute();
        return id;
      });

    const ids = await Promise.all([findOrInsert(), findOrInsert(), findOrInsert(), findOrInsert()]);

    expect(new Set(ids).size).toBe(1);
  });

  it('goes on after two transactions have locked rows in opposite order', async () => {
    const [first, second] = [await insertProject(test.store), await insertProject(test.store)];
    const lockBoth = (ids: string[]) =>
      test.store.write(async (unit) => {
        for (const id of ids) {
          await unit.forUpdate(unit.sql.selectFrom('projects').select('id').where('id', '=', id)).execute();
          if (onPostgres) await sql`select pg_sleep(0.05)`.execute(unit.sql);
        }
        return ids.length;
      });

    const locked = await Promise.all([
      lockBoth([first.projectId, second.projectId]),
      lockBoth([second.projectId, first.projectId]),
    ]);

    expect(locked).toEqual([2, 2]);
  });

  it('keeps names unique after deletion (HTTP-1)', async () => {
    await insertUser(test.store, 'mallory');
    await test.store.write(({ sql: transaction }) =>
      transaction.updateTable('users').set({ deletedAt: NOON }).where('id', '=', 'mallory').execute(),
    );

    await expect(
      test.store.write(({ sql: transaction }) =>
        transaction
          .insertInto('users')
          .values({ id: 'm2', slug: 'mallory', displayName: 'M', email: null, createdAt: NOON, deletedAt: null })
          .execute(),
      ),
    ).rejects.toThrow(/unique/i);
  });

  it('never refers to what is not there', async () => {
    await expect(
      test.store.write(({ sql: transaction }) =>
        transaction.insertInto('teamMembers').values({ teamId: 'none', userId: 'none' }).execute(),
      ),
    ).rejects.toThrow(/foreign key/i);
  });
});

describe('reading', () => {
  it('sees one state in `readTogether`, whatever is written meanwhile', async () => {
    const { projectId } = await insertProject(test.store);
    const nameOf = (reader: Store['read']) =>
      reader.selectFrom('projects').select('displayName').where('id', '=', projectId).executeTakeFirstOrThrow();

    let writing: Promise<unknown> = Promise.resolve();
    const [before, after] = await test.store.readTogether(async (transaction) => {
      const first = await nameOf(transaction);
      writing = test.store.write((unit) =>
        unit.sql.updateTable('projects').set({ displayName: 'New' }).where('id', '=', projectId).execute(),
      );
      // On SQLite the writer waits for this very read.
      if (onPostgres) await writing;
      return [first, await nameOf(transaction)];
    });
    await writing;

    expect(after).toEqual(before);
    expect(await nameOf(test.store.read)).toEqual({ displayName: 'New' });
  });

  it('gives numbers for counts, sums and instants on both engines', async () => {
    await insertProject(test.store);

    const found = await test.store.read
      .selectFrom('projects')
      .select((row) => [
        row.fn.countAll<number>().as('count'),
        row.fn.max('createdAt').as('latest'),
        row.fn.sum<number>('createdAt').as('sum'),
      ])
      .executeTakeFirstOrThrow();

    const number = expect.any(Number) as number;
    expect(found).toEqual({ count: number, latest: number, sum: number });
  });

  it('lets timers run while a writer is busy', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    const end = Date.now() + 200;

    while (Date.now() < end) await test.store.write((unit) => unit.counter('ticket'));
    clearInterval(timer);

    expect(turns).toBeGreaterThan(5);
  });
});

describe('INV-9: the store cannot be reached', () => {
  afterEach(() => {
    broken = null;
  });

  it('says so for reads and writes, and works again by itself', async () => {
    const before = await userIds(test.store);
    broken = Object.assign(new Error('disk I/O error'), { code: onPostgres ? '58030' : 'SQLITE_IOERR_WRITE' });

    await expect(userIds(test.store)).rejects.toThrow(StoreUnavailable);
    await expect(insertUser(test.store, 'heidi')).rejects.toThrow(StoreUnavailable);
    await expect(test.store.readTogether(async () => 1)).rejects.toMatchObject({ part: 'store' });
    broken = null;

    expect(await userIds(test.store)).toEqual(before);
    await insertUser(test.store, 'heidi');
    expect(await userIds(test.store)).toEqual([...before, 'heidi'].sort());
  });

  it('is not what a wrong statement is', async () => {
    const failing = sql`select missing from nowhere`.execute(test.store.read);

    await expect(failing).rejects.toThrow(/nowhere/);
    await expect(failing).rejects.not.toThrow(StoreUnavailable);
  });

  it('says so after it was closed', async () => {
    const other = await openTestStore();
    await other.store.close();

    await expect(userIds(other.store)).rejects.toThrow(StoreUnavailable);
    await expect(insertUser(other.store, 'ivan')).rejects.toThrow(StoreUnavailable);

    await other.dispose();
  });

  if (onPostgres) {
    it('survives connections that the server ends', async () => {
      await test.store.read.selectFrom('users').selectAll().execute();
      const running = test.store.read
        .selectNoFrom(() => sql`pg_sleep(5)`.as('slept'))
        .execute()
        .catch((error: unknown) => error);
      await new Promise((resolve) => setTimeout(resolve, 100));

      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where pid <> pg_backend_pid() and query like '%pg_sleep(5)%'`.execute(test.store.read);

      expect(await running).toBeInstanceOf(StoreUnavailable);
      expect(await userIds(test.store)).toBeInstanceOf(Array);
    });
  }
});
