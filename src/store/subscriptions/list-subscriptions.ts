import type { Kysely } from 'kysely';
import type { NotificationType } from '../../domain/notification';
import { liesBehind, type PageRequest } from '../page';
import type { Tables } from '../tables';
import type { SubscriptionRow } from './find-subscription';

/** One page of a project's subscriptions and one more, newest first (HTTP-5); deleted ones are not in it. */
export async function listSubscriptions(
  sql: Kysely<Tables>,
  projectId: string,
  page: PageRequest,
): Promise<SubscriptionRow[]> {
  return sql
    .selectFrom('subscriptions')
    .selectAll()
    .where('projectId', '=', projectId)
    .where('deletedAt', 'is', null)
    .where(liesBehind('subscriptions', page.after))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
}

/** The project's subscriptions that are to be told of notifications of a type (NOT-2). */
export async function subscriptionsFor(
  sql: Kysely<Tables>,
  projectId: string,
  type: NotificationType,
): Promise<SubscriptionRow[]> {
  const rows = await sql
    .selectFrom('subscriptions')
    .selectAll()
    .where('projectId', '=', projectId)
    .where('deletedAt', 'is', null)
    .orderBy('id')
    .execute();
  return rows.filter((row) => row.events === '[]' || typesOf(row).includes(type));
}

/** What a subscription asks to be told of; empty: of everything. */
export function typesOf({ events }: Pick<SubscriptionRow, 'events'>): NotificationType[] {
  return JSON.parse(events) as NotificationType[];
}
