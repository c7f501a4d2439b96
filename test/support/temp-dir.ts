import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A new empty folder, without symbolic links in its path; the caller removes it (`removeDir`). */
export function tempDir(): string {
  return realpathSync(mkdtempSync(path.join(os.tmpdir(), 'sluice-test-')));
}

/** Removes a folder, also while a process that was just ended lets go of its last file. */
export function removeDir(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
