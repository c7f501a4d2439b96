import { sql, type RawBuilder, type SqlBool } from 'kysely';

/** Where a page begins: behind the thing with this age and id. */
export interface After {
  createdAt: number;
  id: string;
}

/** What a list reads: at most `limit` things behind `after`, newest first by (created, id). */
export interface PageRequest {
  limit: number;
  after: After | null;
}

/**
 * The condition that a row of the table lies behind `after`, newest first; true for the first page.
 *
 * @param instant the column that says how old it is
 */
export function liesBehind(table: string, after: After | null, instant = 'createdAt'): RawBuilder<SqlBool> {
  return after === null
    ? sql<SqlBool>`1 = 1`
    : sql<SqlBool>`(${sql.ref(`${table}.${instant}`)}, ${sql.ref(`${table}.id`)}) < (${after.createdAt}, ${after.id})`;
}
