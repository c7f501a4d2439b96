import type { Kysely, Selectable } from 'kysely';

import { liesBehind, type PageRequest } from '../page';
import type { DeliveriesTable, NotificationsTable, Tables } from '../tables';

/** A notification, and how many of its deliveries have come how far. */
export type NotificationRecord = Selectable<NotificationsTable> & { deliveries: Record<DeliveryStatus, number> };

/** A delivery, with the names of whom it goes to. */
export type DeliveryRecord = Selectable<DeliveriesTable> & { subscription: string | null; user: string | null };

type DeliveryStatus = Selectable<DeliveriesTable>['status'];

export interface NotificationFilter {
  projectId: string;
  releaseId?: string | undefined;
  type?: string | undefined;
}

/** A page of a project's notifications, and one more to tell that there is a next page; newest first (HTTP-5). */
export async function listNotifications(
  sql: Kysely<Tables>,
  { projectId, releaseId, type }: NotificationFilter,
  { limit, after }: PageRequest,
): Promise<NotificationRecord[]> {
  const rows = await sql
    .selectFrom('notifications')
    .selectAll()
    .where('projectId', '=', projectId)
    .$if(releaseId !== undefined, (query) => query.where('releaseId', '=', releaseId ?? ''))
    .$if(type !== undefined, (query) => query.where('type', '=', type ?? ''))
    .where(liesBehind('notifications', after))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  return withCounts(sql, rows);
}

/** One of a project's notifications, with all its deliveries; null: the project has no such. */
export async function findNotification(
  sql: Kysely<Tables>,
  projectId: string,
  id: string,
): Promise<{ notification: NotificationRecord; deliveries: DeliveryRecord[] } | null> {
  const rows = await sql
    .selectFrom('notifications')
    .selectAll()
    .where('projectId', '=', projectId)
    .where('id', '=', id)
    .execute();
  const [notification] = await withCounts(sql, rows);
  if (!notification) {
    return null;
  }
  const deliveries = await sql
    .selectFrom('deliveries')
    .leftJoin('subscriptions', 'subscriptions.id', 'deliveries.subscriptionId')
    .leftJoin('users', 'users.id', 'deliveries.userId')
    .where('notificationId', '=', id)
    .orderBy('deliveries.id')
    .selectAll('deliveries')
    .select(['subscriptions.slug as subscription', 'users.slug as user'])
    .execute();
  return { notification, deliveries };
}

async function withCounts(
  sql: Kysely<Tables>,
  rows: readonly Selectable<NotificationsTable>[],
): Promise<NotificationRecord[]> {
  if (rows.length === 0) {
    return [];
  }
  const counts = await sql
    .selectFrom('deliveries')
    .where(
      'notificationId',
      'in',
      rows.map(({ id }) => id),
    )
    .groupBy(['notificationId', 'status'])
    .select(({ fn }) => ['notificationId', 'status', fn.countAll<number>().as('count')])
    .execute();
  return rows.map((row) => {
    const deliveries = { pending: 0, sent: 0, failed: 0 };
    for (const { notificationId, status, count } of counts) {
      if (notificationId === row.id) {
        deliveries[status] = count;
      }
    }
    return { ...row, deliveries };
  });
}
