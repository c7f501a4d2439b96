import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import Database from 'libsql';
import { SqliteDialect } from './sqlite-dialect';
import { StoreInUse, StoreUnavailable } from './store-error';
import type { BeforeStatement } from './store';

/**
 * Opens `sluice.db` in the data folder, made with mode 0600 if it is not there, for this process alone. A commit is on
 * disk when it returns (`synchronous = FULL`).
 */
export function openSqlite(dataDir: string, beforeStatement: BeforeStatement | undefined) {
  const file = path.join(dataDir, 'sluice.db');
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    closeSync(openSync(file, 'a', 0o600));
  } catch (error) {
    throw new StoreUnavailable(error);
  }

  const db = new Database(file, { timeout: 0 });
  try {
    // EXCLUSIVE comes before WAL: the index of the log is then kept in memory, and no second process gets in.
    for (const setting of [
      'locking_mode = EXCLUSIVE',
      'journal_mode = WAL',
      'synchronous = FULL',
      'foreign_keys = ON',
    ]) {
      db.pragma(setting);
    }
    db.exec('begin immediate; commit');
  } catch (error) {
    db.close();
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') throw new StoreInUse(file);
    throw new StoreUnavailable(error);
  }

  const dialect = new SqliteDialect(db, beforeStatement);
  return { dialect, close: () => dialect.close() };
}
