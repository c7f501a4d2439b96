import type { Kysely } from 'kysely';
import { newId } from './new-id';
import type { Tables } from './tables';

/** The id of the installation this store belongs to; made when the store is opened for the first time. */
export async function ensureInstallation(db: Kysely<Tables>): Promise<string> {
  await db
    .insertInto('installation')
    .values({ id: newId(), createdAt: Date.now() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { id } = await db.selectFrom('installation').select('id').executeTakeFirstOrThrow();
  return id;
}
