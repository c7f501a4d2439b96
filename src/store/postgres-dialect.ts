import { Pool, types, type PoolClient } from 'pg';
import {
  PostgresDialect,
  type PostgresCursor,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import { StoreUnavailable } from './store-error';
import type { BeforeStatement } from './store';

/** Connections per process. Transactions are a few milliseconds long; more would only queue inside PostgreSQL. */
const POOL_SIZE = 10;
/** How long to wait for a connection before the store counts as unavailable. */
const CONNECT_MS = 5_000;
/** A transaction that a dead peer left open must not keep its row locks. */
const IDLE_IN_TRANSACTION_MS = 30_000;

/** Type ids of int8 (instants, counts) and numeric (sums of them): text to pg, as they could exceed a number. */
const NUMBERS: readonly number[] = [20, 1700];

/** PostgreSQL by pg; whole numbers come as numbers, all of ours being below 2^53. */
export function openPostgres(databaseUrl: string, beforeStatement: BeforeStatement | undefined) {
  const pool = new Pool({
    connectionString: databaseUrl,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        NUMBERS.includes(oid) ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
    },
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);

  const dialect = new PostgresDialect({ pool: new TranslatingPool(pool, beforeStatement) });
  return { dialect, close: () => (pool.ending ? Promise.resolve() : pool.end()) };
}

/** The pool, with failures of the connection told apart from failures of a statement. */
class TranslatingPool implements PostgresPool {
  readonly #pool: Pool;
  readonly #beforeStatement: BeforeStatement | undefined;
  readonly #clients = new WeakMap<PoolClient, TranslatingClient>();

  constructor(pool: Pool, beforeStatement: BeforeStatement | undefined) {
    this.#pool = pool;
    this.#beforeStatement = beforeStatement;
  }

  async connect(): Promise<PostgresPoolClient> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw new StoreUnavailable(error);
    });
    let translating = this.#clients.get(client);
    if (translating === undefined) {
      translating = new TranslatingClient(client, this.#beforeStatement);
      this.#clients.set(client, translating);
    }
    return translating;
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

class TranslatingClient implements PostgresPoolClient {
  readonly #client: PoolClient;
  readonly #beforeStatement: BeforeStatement | undefined;
  #isBroken = false;

  constructor(client: PoolClient, beforeStatement: BeforeStatement | undefined) {
    this.#client = client;
    this.#beforeStatement = beforeStatement;
    // A connection that breaks reports it here as well as at its statement; unheard it would end the process.
    client.on('error', () => undefined);
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(statement: string | PostgresCursor<R>, parameters: readonly unknown[] = []): unknown {
    if (typeof statement !== 'string') throw new Error('This store reads pages, not cursors');
    return this.#run(statement, parameters);
  }

  release(): void {
    // The server's last words come before the socket's end: the next one to use this connection would meet that.
    this.#client.release(this.#isBroken);
  }

  async #run(sql: string, parameters: readonly unknown[]) {
    try {
      this.#beforeStatement?.(sql);
      return await this.#client.query(sql, [...parameters]);
    } catch (error) {
      if (!isOutage(error)) throw error;
      this.#isBroken = true;
      throw new StoreUnavailable(error);
    }
  }
}

/** Connection lost or refused (08, 57P0x), out of resources (53), disk failing (58); a driver's own error has no code. */
const OUTAGES = /^(08|53|58|57P0)/;
const REFUSED_BY_SYSTEM = /^E[A-Z]+$/;

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && error.code !== undefined) {
    return OUTAGES.test(String(error.code)) || REFUSED_BY_SYSTEM.test(String(error.code));
  }
  return /connection|timeout|not queryable/i.test(error.message);
}
