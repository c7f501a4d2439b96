import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import Database from 'libsql';
import { sql } from 'kysely';
import type { Instant } from '../domain/instant';
import { newId } from './new-id';
import type { Store } from './store';
import { StoreUnavailable } from './store-error';

/** This store cannot be copied from here; the message says what to do instead. */
export class BackupUnsupported extends Error {
  override readonly name = 'BackupUnsupported';
}

export interface Backup {
  /** Absolute path. */
  file: string;
  bytes: number;
}

/**
 * Writes a consistent copy of a running SQLite store into the data folder's `backups`, mode 0600, under a new name, and
 * checks its integrity. Restored by putting it in the place of `sluice.db` while Sluice is stopped. Reads and writes
 * wait while it is written. Throws `BackupUnsupported` on PostgreSQL, `StoreUnavailable` when the disk refuses.
 */
export async function backUp(store: Store, at: Instant): Promise<Backup> {
  if (store.dataDir === null) {
    throw new BackupUnsupported('This store is on PostgreSQL: back it up with pg_dump, which runs while Sluice does');
  }
  const file = newBackupFile(path.resolve(store.dataDir, 'backups'), at);
  try {
    // The file is ours and empty; SQLite refuses any other.
    await sql`vacuum into ${file}`.execute(store.read);
    checkIntegrity(file);
    syncToDisk(file);
    syncToDisk(path.dirname(file));
    return { file, bytes: statSync(file).size };
  } catch (error) {
    rmSync(file, { force: true });
    throw error instanceof StoreUnavailable ? error : new StoreUnavailable(error);
  }
}

function newBackupFile(folder: string, at: Instant): string {
  const time = new Date(at).toISOString().replaceAll(':', '-');
  const file = path.join(folder, `sluice-${time}-${newId()}.db`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    throw new StoreUnavailable(error);
  }
  return file;
}

function checkIntegrity(file: string): void {
  const copy = new Database(file);
  try {
    const found = copy.pragma('integrity_check') as { integrity_check: string }[];
    const dangling = copy.pragma('foreign_key_check') as unknown[];
    if (found.length !== 1 || found[0]?.integrity_check !== 'ok' || dangling.length > 0) {
      throw new Error(`the backup is damaged: ${found.map((each) => each.integrity_check).join(', ')}`);
    }
  } finally {
    copy.close();
  }
}

function syncToDisk(target: string): void {
  const handle = openSync(target, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
