import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { newSecret } from '../store/secret-hash';
import type { Store } from '../store/store';
import { ensureAdmin } from '../store/users/ensure-admin';

/** The way in for the operator (SEC-6). */
export interface AdminAccess {
  /** Where the generated token is; `null` when it comes from the settings, or an earlier start removed the need. */
  tokenFile: string | null;
  /** The token itself; `null` when its file is gone. */
  adminToken: string | null;
}

const TOKEN_FILE = 'admin-token';

/**
 * Makes sure there is a user `admin` with a token: the setting's, or one generated at the first start and kept with mode
 * 0600 in the data folder. The file is written before the store learns of the token, so that dying between the two never
 * leaves an installation that nobody can enter.
 */
export async function openAdmin(store: Store, folder: string, adminToken: string | undefined): Promise<AdminAccess> {
  const file = path.join(folder, TOKEN_FILE);
  const isNew = (await store.read.selectFrom('users').select('id').limit(1).executeTakeFirst()) === undefined;
  if (adminToken !== undefined) {
    await ensureAdmin(store, { adminToken, now: Date.now() });
    return { tokenFile: null, adminToken };
  }
  if (isNew) {
    await ensureAdmin(store, { firstToken: keptToken(file), now: Date.now() });
  }
  const kept = readToken(file);
  return { tokenFile: kept === null ? null : file, adminToken: kept };
}

/** The token in the file, which is made when there is none. */
function keptToken(file: string): string {
  try {
    writeFileSync(file, `${newSecret('sluice')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  }
  return readFileSync(file, 'utf8').trim();
}

function readToken(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}
