import type Database from 'libsql';
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import { StoreUnavailable } from './store-error';
import type { BeforeStatement } from './store';

/** How long a caller waits for the one connection before it is told that somebody keeps it. */
const LONGEST_WAIT_MS = 30_000;
/** How long statements may keep the event loop from turning: they run synchronously, so promises alone never yield. */
const LONGEST_TURN_MS = 5;
/** More texts than the product has; only bounds what generated SQL (long `in` lists) may keep. */
const MAX_CACHED_STATEMENTS = 1_000;

/** SQLite by libsql: one connection that all callers take in turn, statements prepared once. */
export class SqliteDialect implements Dialect {
  readonly #driver: SqliteDriver;

  constructor(db: Database.Database, beforeStatement: BeforeStatement | undefined) {
    this.#driver = new SqliteDriver(db, beforeStatement);
  }

  createDriver(): Driver {
    return this.#driver;
  }

  createQueryCompiler() {
    return new SqliteQueryCompiler();
  }

  createAdapter() {
    return new TransactionalDdlAdapter();
  }

  createIntrospector(db: Kysely<unknown>) {
    return new SqliteIntrospector(db);
  }

  /** Closes the file once whoever has the connection has given it back; later statements are `StoreUnavailable`. */
  close(): Promise<void> {
    return this.#driver.close();
  }
}

/** SQLite rolls back DDL like everything else, so that a process killed while migrating leaves no half a schema. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class SqliteDriver implements Driver {
  readonly #db: Database.Database;
  readonly #connection: SqliteConnection;
  readonly #waiting: Array<() => void> = [];
  #taken = false;
  #turnStartedAt: number | null = null;

  constructor(db: Database.Database, beforeStatement: BeforeStatement | undefined) {
    this.#db = db;
    this.#connection = new SqliteConnection(db, beforeStatement);
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#taken) await this.#waitForTurn();
    this.#taken = true;
    await this.#letOthersRun();
    return this.#connection;
  }

  releaseConnection(): Promise<void> {
    const next = this.#waiting.shift();
    // Handed over without being freed: nobody who asks later can come first.
    if (next === undefined) this.#taken = false;
    else next();
    return Promise.resolve();
  }

  beginTransaction(_connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    this.#connection.run(settings.accessMode === 'read only' ? 'begin' : 'begin immediate');
    return Promise.resolve();
  }

  commitTransaction(): Promise<void> {
    this.#connection.run('commit');
    return Promise.resolve();
  }

  rollbackTransaction(): Promise<void> {
    // A full disk or a failed write has rolled back already; asking again would hide that error behind another.
    if (this.#db.open && this.#db.inTransaction) this.#connection.run('rollback');
    return Promise.resolve();
  }

  destroy(): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    await this.acquireConnection();
    if (this.#db.open) this.#connection.close();
    await this.releaseConnection();
  }

  #waitForTurn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(new Error(`The store's connection was kept for ${LONGEST_WAIT_MS} ms: a read or write inside a write?`));
      }, LONGEST_WAIT_MS);
      this.#waiting.push(waiter);
    });
  }

  async #letOthersRun(): Promise<void> {
    const now = performance.now();
    if (this.#turnStartedAt === null) {
      this.#turnStartedAt = now;
      setImmediate(() => (this.#turnStartedAt = null));
    } else if (now - this.#turnStartedAt > LONGEST_TURN_MS) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** A statement with what the driver would be asked about it at each run. */
interface Prepared {
  statement: Database.Statement;
  returnsRows: boolean;
}

class SqliteConnection implements DatabaseConnection {
  readonly #db: Database.Database;
  readonly #beforeStatement: BeforeStatement | undefined;
  readonly #statements = new Map<string, Prepared>();

  constructor(db: Database.Database, beforeStatement: BeforeStatement | undefined) {
    this.#db = db;
    this.#beforeStatement = beforeStatement;
  }

  run(sql: string): void {
    this.#execute(CompiledQuery.raw(sql));
  }

  close(): void {
    try {
      // The driver keeps the file, and its lock, until the last statement is collected: the lock is given up by hand.
      // Only outside of WAL can that be done; it also leaves one complete file.
      for (const setting of ['journal_mode = DELETE', 'locking_mode = NORMAL', 'user_version'])
        this.#db.pragma(setting);
    } finally {
      this.#statements.clear();
      this.#db.close();
    }
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return new Promise((resolve) => resolve(this.#execute<R>(query)));
  }

  /** Rows come in one piece: an open cursor would keep the one connection from everybody else. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }

  #execute<R>({ sql, parameters }: CompiledQuery): QueryResult<R> {
    try {
      this.#beforeStatement?.(sql);
      const { statement, returnsRows } = this.#prepare(sql);
      if (returnsRows) return { rows: statement.all(parameters as unknown[]) as R[] };

      const { changes, lastInsertRowid } = statement.run(parameters as unknown[]);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    } catch (error) {
      throw isOutage(error, this.#db.open) ? new StoreUnavailable(error) : error;
    }
  }

  #prepare(sql: string): Prepared {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;

    if (this.#statements.size >= MAX_CACHED_STATEMENTS) this.#statements.clear();
    const statement = this.#db.prepare(sql);
    const prepared = { statement, returnsRows: statement.reader };
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

const OUTAGES = /^SQLITE_(IOERR|FULL|CANTOPEN|READONLY|BUSY|LOCKED|NOMEM|PROTOCOL|CORRUPT|NOTADB)/;

function isOutage(error: unknown, isOpen: boolean): boolean {
  return !isOpen || (error instanceof Error && 'code' in error && OUTAGES.test(String(error.code)));
}
