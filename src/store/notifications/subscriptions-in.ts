import type { Kysely, Selectable } from 'kysely';

import type { NotificationType } from '../../domain/notification';
import type { SubscriptionsTable, Tables } from '../tables';

export type Subscription = Pick<Selectable<SubscriptionsTable>, 'id' | 'url' | 'email' | 'events'>;

/** Who has subscribed to what happens in a project (NOT-2), by name. */
export function subscriptionsIn(sql: Kysely<Tables>, projectId: string): Promise<Subscription[]> {
  return sql
    .selectFrom('subscriptions')
    .select(['id', 'url', 'email', 'events'])
    .where('projectId', '=', projectId)
    .where('deletedAt', 'is', null)
    .orderBy('slug')
    .execute();
}

/** One that names no types is of all of them. */
export function wants({ events }: Subscription, type: NotificationType): boolean {
  const types = JSON.parse(events) as NotificationType[];
  return types.length === 0 || types.includes(type);
}
