import { Kysely, type Transaction } from 'kysely';
import { appendEntries } from './audit/append-entries';
import type { NewEvent } from './audit/entry';
import { raiseCounter } from './counter';
import { alreadyExclusive, lockRows, type ForUpdate } from './for-update';
import { ensureInstallation } from './installation';
import { migrate } from './migrations';
import { Notices, type Notice } from './notices';
import { openPostgres } from './postgres-dialect';
import { openSqlite } from './sqlite-file';
import type { Tables } from './tables';

/** Where the data is: a folder with a SQLite file, or a PostgreSQL database. */
export type StoreLocation = { dataDir: string } | { databaseUrl: string };

/** Called with each statement's text before it runs; what it throws counts as a failure of the driver. */
export type BeforeStatement = (sql: string) => void;

export interface StoreOptions {
  /** Told what a listener of `notices` threw; by default a warning of the process. */
  onListenerError?: (error: unknown) => void;
  beforeStatement?: BeforeStatement;
}

/** One transaction that is being written. Nothing but SQL is awaited inside it. */
export interface Unit {
  readonly sql: Transaction<Tables>;
  /** Makes a query lock its rows until commit, where the engine needs that. Lock in sorted order. */
  readonly forUpdate: ForUpdate;
  /** Adds an audit entry; all of a transaction are chained last, in this order (INV-4). */
  record(entry: NewEvent): void;
  /** Adds a notice, told in this process after commit. `events` is added by itself. */
  notify(notice: Notice): void;
  /** The next value of a counter; its row stays locked until commit. */
  counter(name: 'ticket'): Promise<number>;
}

/** Everything that must outlive the process. */
export interface Store {
  readonly engine: 'sqlite' | 'postgres';
  /** The data folder; null on PostgreSQL. */
  readonly dataDir: string | null;
  /** Which installation this store belongs to: part of the task queue's and workflows' names. */
  readonly installationId: string;
  readonly notices: Notices;
  /** Single reads, each on its own. Never inside `write`: on SQLite they would wait for each other. */
  readonly read: Kysely<Tables>;
  /** Several reads of one and the same state. Never inside `write`. */
  readTogether<T>(work: (sql: Transaction<Tables>) => Promise<T>): Promise<T>;
  /**
   * Runs one transaction. When it resolves, everything is on disk and has been told; when it throws, nothing was
   * written (but after `StoreUnavailable` the commit itself may have got through, and is told). On PostgreSQL `work` runs again
   * after a conflict with another transaction, so it must do nothing but SQL.
   */
  write<T>(work: (unit: Unit) => Promise<T>): Promise<T>;
  /** Waits for what is being written and lets go of the file or the connections. */
  close(): Promise<void>;
}

/**
 * Opens the store, brings its schema up to date and gives a new one its installation id.
 * Throws `StoreInUse` when another process has the SQLite file, `StoreUnavailable` when there is no getting at it.
 */
export async function openStore(location: StoreLocation, options: StoreOptions = {}): Promise<Store> {
  const dataDir = 'dataDir' in location ? location.dataDir : null;
  const engine = 'dataDir' in location ? 'sqlite' : 'postgres';
  const { dialect, close } =
    'dataDir' in location
      ? openSqlite(location.dataDir, options.beforeStatement)
      : openPostgres(location.databaseUrl, options.beforeStatement);
  const db = new Kysely<Tables>({ dialect });
  const notices = new Notices(options.onListenerError ?? warn);
  const forUpdate = engine === 'sqlite' ? alreadyExclusive : lockRows;

  try {
    await migrate(db, engine);
    return {
      engine,
      dataDir,
      installationId: await ensureInstallation(db),
      notices,
      read: db,
      readTogether: (work) =>
        db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(work),
      write: (work) => retryConflicts(() => writeOnce(db, forUpdate, notices, work)),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function writeOnce<T>(
  db: Kysely<Tables>,
  forUpdate: ForUpdate,
  notices: Notices,
  work: (unit: Unit) => Promise<T>,
): Promise<T> {
  const entries: NewEvent[] = [];
  const told: Notice[] = [];
  // Row locks do the rest; a database that defaults to more would only have more to repeat.
  const transaction = db.transaction().setIsolationLevel('read committed');
  let isCommitting = false;
  const committed = transaction.execute(async (sql) => {
    const returned = await work({
      sql,
      forUpdate,
      record: (entry) => void entries.push(entry),
      notify: (notice) => void told.push(notice),
      counter: (name) => raiseCounter(sql, name, 1),
    });
    if (entries.length > 0) told.push({ kind: 'events', upTo: await appendEntries(sql, forUpdate, entries) });
    isCommitting = true;
    return returned;
  });

  try {
    return await committed;
  } finally {
    // Also when the commit's answer was lost, since it may have got through; who listens looks for themselves.
    if (isCommitting) for (const notice of told) notices.emit(notice);
  }
}

const MAX_ATTEMPTS = 8;
/** Serialization failure, deadlock, and a unique row that another transaction wrote first: looking again finds it. */
const CONFLICTS: readonly unknown[] = ['40001', '40P01', '23505'];

async function retryConflicts<T>(attempt: () => Promise<T>): Promise<T> {
  for (let failed = 1; ; failed += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (failed === MAX_ATTEMPTS || !isConflict(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 2 ** failed));
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CONFLICTS.includes(error.code);
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
