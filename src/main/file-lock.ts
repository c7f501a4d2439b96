import Database from 'libsql';

export interface FileLock {
  /** Gives the lock back; repeating it does nothing. */
  release(): void;
}

/** Keeps locked databases referenced: one that is collected as garbage would drop its lock unnoticed. */
const held = new Set<Database.Database>();

/**
 * Takes an exclusive lock on `file` (made if missing) for the life of this process; undefined while somebody else,
 * also in this process, has it.
 *
 * The lock is the operating system's, held through an open SQLite transaction: it ends with the process however that
 * dies. A pid file alone would outlive `kill -9`, and lie once the pid is used again.
 */
export function tryLockFile(file: string): FileLock | undefined {
  const db = new Database(file, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  held.add(db);
  return {
    release: () => {
      if (!held.delete(db)) return;
      db.exec('ROLLBACK');
      db.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}
