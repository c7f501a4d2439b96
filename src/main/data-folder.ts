import { randomBytes } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { tryLockFile } from './file-lock';

export interface DataFolder {
  /** Absolute, without symbolic links. */
  readonly path: string;
  release(): void;
}

/** Another service has the data folder. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';
}

const LOCK_FILE = 'service.lock';
/** Who has the folder, for people; what decides is the lock. */
const PID_FILE = 'service.pid';
const SECRET_KEY_FILE = 'secret-key';

/**
 * Makes the data folder (readable by its owner only) and takes it for this process. The lock ends with the process,
 * `kill -9` included. Two services on one folder would end each other's Temporal server and write one store twice.
 *
 * @throws DataFolderInUseError in one line naming the other process
 * @throws Error as `makeFolder`
 */
export function openDataFolder(folder: string): DataFolder {
  const root = makeFolder(folder);
  const pidFile = path.join(root, PID_FILE);

  const lock = tryLockFile(path.join(root, LOCK_FILE));
  if (lock === undefined) {
    throw new DataFolderInUseError(`Another sluice${pidIn(pidFile)} uses the data folder ${root}`);
  }
  writeFileSync(pidFile, `${process.pid}\n`);

  return {
    path: root,
    release: () => {
      rmSync(pidFile, { force: true });
      lock.release();
    },
  };
}

/**
 * Makes a folder for its owner only, unless it is there, and says where it really is.
 *
 * @throws Error in one line naming the setting, where no folder can be made or written
 */
export function makeFolder(folder: string): string {
  try {
    makeMissing(folder);
    const root = realpathSync(folder);
    if (!statSync(root).isDirectory()) throw new Error('it is not a folder');
    accessSync(root, constants.W_OK);
    return root;
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`SLUICE_DATA_DIR ${folder} cannot be used: ${message}`, { cause: error });
  }
}

/** One folder after the other: Node's own `recursive` never comes back where the system makes no folders, in /proc say. */
function makeMissing(folder: string): void {
  if (existsSync(folder)) return;
  makeMissing(path.dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function pidIn(pidFile: string): string {
  try {
    return ` (pid ${readFileSync(pidFile, 'utf8').trim()})`;
  } catch {
    return ''; // taken a moment ago, its pid not written yet
  }
}

/**
 * The key for stored secrets when none is set: made once, with mode 0600, and kept in the data folder. Losing the file
 * loses the secrets, so it belongs into every backup of the folder.
 */
export function secretKeyIn(folder: DataFolder): string {
  const file = path.join(folder.path, SECRET_KEY_FILE);
  try {
    // 'wx': a key that exists is never replaced, whatever else goes wrong.
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const key = readFileSync(file, 'utf8').trim();
  if (key.length < 32) throw new Error(`${file} holds no usable key (32 characters or more); restore it from a backup`);
  return key;
}
