import { sql, type SqlBool } from 'kysely';

/**
 * That an interruption is not answered. Written out where rows are looked for across releases: a list of bound values
 * does not prove to SQLite that an index of the open ones has them all, and every answered one would be read.
 */
export const isOpenInterruption = sql<SqlBool>`${sql.ref('interruptions.state')} in ('pending', 'taken')`;
