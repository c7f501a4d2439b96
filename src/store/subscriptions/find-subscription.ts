import type { Kysely, Selectable } from 'kysely';
import type { Unit } from '../store';
import type { Tables } from '../tables';

export type SubscriptionRow = Selectable<Tables['subscriptions']>;

/** A subscription of a project by its name, deleted ones included; null when there never was one. */
export async function findSubscription(
  sql: Kysely<Tables>,
  projectId: string,
  slug: string,
): Promise<SubscriptionRow | null> {
  const query = sql.selectFrom('subscriptions').selectAll().where('projectId', '=', projectId).where('slug', '=', slug);
  return (await query.executeTakeFirst()) ?? null;
}

/** The same, its row locked until commit. */
export async function lockSubscription(unit: Unit, projectId: string, slug: string): Promise<SubscriptionRow | null> {
  const query = unit.sql.selectFrom('subscriptions').selectAll();
  return (
    (await unit.forUpdate(query.where('projectId', '=', projectId).where('slug', '=', slug)).executeTakeFirst()) ?? null
  );
}
