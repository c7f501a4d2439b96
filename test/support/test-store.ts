import { Client } from 'pg';
import { newId } from '../../src/store/new-id';
import { openStore, type Store, type StoreLocation, type StoreOptions } from '../../src/store/store';
import { removeDir, tempDir } from './temp-dir';

/** Set: store tests run on this PostgreSQL database; else on SQLite. */
const DATABASE_URL = process.env['SLUICE_TEST_DATABASE_URL'];

export const onPostgres = DATABASE_URL !== undefined;

/** A store of its own, on the engine under test; it can be closed and opened again. */
export interface TestStore {
  readonly location: StoreLocation;
  /** The schema it has to itself; undefined on SQLite, which knows none. */
  readonly schema: string | undefined;
  /** The one that was opened last. */
  readonly store: Store;
  /** Closes the store and opens it again, as a restart does. */
  reopen(options?: StoreOptions): Promise<Store>;
  /** Closes the store and removes its data. */
  dispose(): Promise<void>;
}

export async function openTestStore(options: StoreOptions = {}): Promise<TestStore> {
  const { location, schema, remove } = DATABASE_URL === undefined ? newFolder() : await newSchema(DATABASE_URL);
  let store = await openStore(location, options);
  return {
    location,
    schema,
    get store() {
      return store;
    },
    reopen: async (changed = options) => {
      await store.close();
      store = await openStore(location, changed);
      return store;
    },
    dispose: async () => {
      await store.close();
      await remove();
    },
  };
}

function newFolder() {
  const dataDir = tempDir();
  return {
    location: { dataDir },
    schema: undefined,
    remove: () => {
      removeDir(dataDir);
      return Promise.resolve();
    },
  };
}

/**
 * A schema is made in milliseconds. Each of Jest's workers has a database to itself: reading the catalogue, as a
 * migration does, fails when another worker drops a schema of the same database at that moment.
 */
async function newSchema(anyDatabaseUrl: string) {
  const databaseUrl = await databaseOfWorker(anyDatabaseUrl);
  const schema = `test_${newId().toLowerCase()}`;
  await runSql(databaseUrl, `create schema ${schema}`);
  const url = new URL(databaseUrl);
  url.searchParams.set('options', `-c search_path=${schema}`);
  return {
    location: { databaseUrl: url.href },
    schema,
    remove: () => runSql(databaseUrl, `drop schema ${schema} cascade`),
  };
}

/** PostgreSQL's code for a database that is there already. */
const DUPLICATE_DATABASE = '42P04';

async function databaseOfWorker(anyDatabaseUrl: string): Promise<string> {
  const name = `sluice_worker_${process.env['JEST_WORKER_ID'] ?? '1'}`;
  try {
    await runSql(anyDatabaseUrl, `create database ${name}`);
  } catch (error) {
    if ((error as { code?: unknown }).code !== DUPLICATE_DATABASE) {
      throw error;
    }
  }
  const url = new URL(anyDatabaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function runSql(databaseUrl: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
