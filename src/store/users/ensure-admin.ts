import type { Transaction } from 'kysely';
import { newId } from '../new-id';
import { hashSecret, newSecret } from '../secret-hash';
import type { Store, Unit } from '../store';
import type { Tables } from '../tables';
import { replaceGrants } from './grants';

const ADMIN = 'admin';

export interface AdminSetup {
  adminId: string;
  /** A token that was made now, at the first start without a setting: to be kept where only the operator reads it. */
  generatedToken: string | null;
}

/**
 * Makes sure that there is a way in (SEC-6): the user `admin`, administrator everywhere, with the token of the setting,
 * which replaces an earlier one set that way. Without a setting the first start makes one up.
 *
 * A user `admin` who exists keeps what it was granted, as long as the installation has another administrator.
 */
export async function ensureAdmin(
  store: Store,
  options: { adminToken?: string; firstToken?: string; now: number },
): Promise<AdminSetup> {
  return store.write(async (unit) => {
    const { adminId, isNew } = await ensureUser(unit, options.now);
    const before = await tokenOfSetting(unit.sql, adminId);
    if (options.adminToken !== undefined) {
      const hash = hashSecret(options.adminToken);
      if (before?.hash !== hash) {
        await replaceTokenOfSetting(unit, adminId, hash, options.now);
      }
      return { adminId, generatedToken: null };
    }
    if (!isNew) {
      return { adminId, generatedToken: null };
    }
    const token = options.firstToken ?? newSecret('sluice');
    await addToken(unit, {
      adminId,
      name: 'first start',
      hash: hashSecret(token),
      fromSetting: false,
      at: options.now,
    });
    return { adminId, generatedToken: token };
  });
}

async function ensureUser(unit: Unit, at: number): Promise<{ adminId: string; isNew: boolean }> {
  const existing = await unit
    .forUpdate(unit.sql.selectFrom('users').select(['id', 'deletedAt']).where('slug', '=', ADMIN))
    .executeTakeFirst();
  if (existing && existing.deletedAt === null) {
    return { adminId: existing.id, isNew: false };
  }
  const adminId = existing?.id ?? newId();
  if (existing) {
    await unit.sql.updateTable('users').set({ deletedAt: null }).where('id', '=', adminId).execute();
  } else {
    await unit.sql
      .insertInto('users')
      .values({ id: adminId, slug: ADMIN, displayName: 'Administrator', email: null, createdAt: at, deletedAt: null })
      .execute();
  }
  await replaceGrants(unit.sql, { kind: 'user', id: adminId }, [{ role: 'administrator', project: null }]);
  unit.record({
    type: 'user-created',
    at,
    actorId: null,
    projectId: null,
    releaseId: null,
    data: { user: ADMIN, roles: [{ role: 'administrator', project: null }] },
  });
  return { adminId, isNew: true };
}

function tokenOfSetting(sql: Transaction<Tables>, adminId: string) {
  return sql
    .selectFrom('tokens')
    .select(['id', 'hash'])
    .where('userId', '=', adminId)
    .where('fromSetting', '=', 1)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
}

async function replaceTokenOfSetting(unit: Unit, adminId: string, hash: string, at: number): Promise<void> {
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
