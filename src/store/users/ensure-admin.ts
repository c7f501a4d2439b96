import type { Grant } from '../../domain/permission';
import { newId } from '../new-id';
import { hashSecret, newSecret } from '../secret-hash';
import type { Store, Unit } from '../store';
import { lockUser } from './find-user';
import { grantsAsData } from './grants-as-data';
import { replaceGrants } from './grants';

const ADMIN = 'admin';

export interface AdminSetup {
  adminId: string;
  /** A token that was made now, at the first start without a setting: to be kept where only the operator reads it. */
  generatedToken: string | null;
}

/**
 * Makes sure that there is a way in (SEC-6): the user `admin`, administrator everywhere, with the token of the setting,
 * which replaces an earlier one set that way. Without a setting the first start takes `firstToken`, which the caller has
 * put where it outlives a crash, or makes one up.
 *
 * A user `admin` who exists keeps what was granted since; one who was deleted comes back by the setting alone.
 */
export async function ensureAdmin(
  store: Store,
  options: { adminToken?: string | undefined; firstToken?: string | undefined; now: number },
): Promise<AdminSetup> {
  const { adminToken, firstToken, now } = options;
  return store.write(async (unit) => {
    const known = await lockUser(unit, ADMIN);
    if (adminToken !== undefined) {
      const adminId = known?.deletedAt === null ? known.id : await createAdmin(unit, known?.id ?? null, now);
      await setToken(unit, adminId, hashSecret(adminToken), now);
      return { adminId, generatedToken: null };
    }
    if (known) {
      return { adminId: known.id, generatedToken: null };
    }
    const adminId = await createAdmin(unit, null, now);
    const token = firstToken ?? newSecret('sluice');
    await addToken(unit, { adminId, name: 'first start', hash: hashSecret(token), fromSetting: false, at: now });
    return { adminId, generatedToken: options.firstToken === undefined ? token : null };
  });
}

/** Creates the user, or brings a deleted one back; returns the id. */
async function createAdmin(unit: Unit, deletedId: string | null, at: number): Promise<string> {
  const id = deletedId ?? newId();
  const roles: Grant[] = [{ role: 'administrator', project: null }];
  if (deletedId === null) {
    await unit.sql
      .insertInto('users')
      .values({ id, slug: ADMIN, displayName: 'Administrator', email: null, createdAt: at, deletedAt: null })
      .execute();
  } else {
    await unit.sql.updateTable('users').set({ deletedAt: null }).where('id', '=', id).execute();
  }
  await replaceGrants(unit.sql, { kind: 'user', id }, roles);
  unit.record({
    type: 'user-created',
    at,
    actorId: null,
    projectId: null,
    releaseId: null,
    data: { user: ADMIN, displayName: 'Administrator', roles: grantsAsData(roles) },
  });
  return id;
}

async function setToken(unit: Unit, adminId: string, hash: string, at: number): Promise<void> {
  const before = await unit.sql
    .selectFrom('tokens')
    .select('hash')
    .where('userId', '=', adminId)
    .where('fromSetting', '=', 1)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
  if (before?.hash === hash) {
    return;
  }
  await unit.sql
    .updateTable('tokens')
    .set({ deletedAt: at })
    .where('userId', '=', adminId)
    .where('fromSetting', '=', 1)
    .where('deletedAt', 'is', null)
    .execute();
  await addToken(unit, { adminId, name: 'SLUICE_ADMIN_TOKEN', hash, fromSetting: true, at });
}

async function addToken(
  unit: Unit,
  token: { adminId: string; name: string; hash: string; fromSetting: boolean; at: number },
): Promise<void> {
  const id = newId();
  await unit.sql
    .insertInto('tokens')
    .values({
      id,
      userId: token.adminId,
      name: token.name,
      hash: token.hash,
      madeBy: token.adminId,
      fromSetting: token.fromSetting ? 1 : 0,
      narrowed: 0,
      expiresAt: null,
      createdAt: token.at,
      deletedAt: null,
    })
    // A setting that goes back to an earlier value brings that token back.
    .onConflict((conflict) =>
      conflict
        .column('hash')
        .doUpdateSet({ id, userId: token.adminId, name: token.name, fromSetting: 1, deletedAt: null }),
    )
    .execute();
  unit.record({
    type: 'token-created',
    at: token.at,
    actorId: null,
    projectId: null,
    releaseId: null,
    data: { user: ADMIN, token: id, name: token.name },
  });
}
