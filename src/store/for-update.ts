import type { SelectQueryBuilder } from 'kysely';
import type { Tables } from './tables';

/** Makes a query keep its rows locked until the transaction ends, where the engine needs that. */
export type ForUpdate = <TB extends keyof Tables, O>(
  query: SelectQueryBuilder<Tables, TB, O>,
) => SelectQueryBuilder<Tables, TB, O>;

/** SQLite: a write transaction has the whole file to itself. */
export const alreadyExclusive: ForUpdate = (query) => query;

/** PostgreSQL: `NO KEY` leaves room for foreign keys that point at the row, which would wait or deadlock otherwise. */
export const lockRows: ForUpdate = (query) => query.forNoKeyUpdate();
