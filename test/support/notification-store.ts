import type { NotificationType } from '../../src/domain/notification';
import type { Notification } from '../../src/domain/notification-data';
import { newId } from '../../src/store/new-id';
import { newSigningSecret } from '../../src/store/secret-hash';
import type { Store } from '../../src/store/store';
import { NOON } from './store-fixtures';
import { testSecretBox } from './test-services';

/** A user whose id is their name. */
export interface UserToAdd {
  name: string;
  email?: string | null;
  role?: string;
  /** Where the role holds; everywhere by default. */
  projectId?: string | null;
  teams?: string[];
  deleted?: boolean;
}

export async function addUser(store: Store, user: UserToAdd): Promise<void> {
  const { name, email = `${name}@example.com`, role, projectId = null, teams = [], deleted = false } = user;
  await store.write(async ({ sql }) => {
    await sql
      .insertInto('users')
      .values({ id: name, slug: name, displayName: name, email, createdAt: 0, deletedAt: deleted ? NOON : null })
      .execute();
    if (role !== undefined) {
      await sql
        .insertInto('grants')
        .values({ id: newId(), subjectKind: 'user', subjectId: name, role, permission: null, projectId })
        .execute();
    }
    for (const team of teams) {
      await sql
        .insertInto('teams')
        .values({ id: team, slug: team, displayName: team, createdAt: 0, deletedAt: null })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await sql.insertInto('teamMembers').values({ teamId: team, userId: name }).execute();
    }
  });
}

/** Somebody who is told of what happens in a project. */
export interface SubscriptionToAdd {
  projectId: string;
  name: string;
  url?: string;
  email?: string;
  events?: NotificationType[];
}

/** A subscription; its id and the secret that its webhooks are signed with. */
export async function addSubscription(
  store: Store,
  { projectId, name, url, email, events = [] }: SubscriptionToAdd,
): Promise<{ id: string; secret: string }> {
  const [id, secret] = [newId(), newSigningSecret()];
  await store.write(async ({ sql }) => {
    await sql
      .insertInto('subscriptions')
      .values({
        ...{ id, projectId, slug: name, url: url ?? null, email: email ?? null, events: JSON.stringify(events) },
        ...{ sealed: url === undefined ? null : testSecretBox.seal(secret, id), createdAt: NOON, deletedAt: null },
      })
      .execute();
  });
  return { id, secret };
}

/** Where a queued delivery goes. */
export interface DeliveryToQueue {
  subscriptionId?: string;
  userId?: string;
  channel?: 'email' | 'webhook';
  recipient?: string;
}

/** Queues one notification, as a release does, due at once; ids of it and of its deliveries, in order. */
export async function queueTo(
  store: Store,
  projectId: string,
  deliveries: readonly DeliveryToQueue[],
  notification: Notification = completed,
  createdAt = NOON,
): Promise<{ id: string; deliveries: string[] }> {
  const id = newId();
  const rows = deliveries.map(({ subscriptionId = null, userId = null, channel, recipient = '' }) => ({
    id: newId(),
    notificationId: id,
    channel: channel ?? (userId === null ? ('webhook' as const) : ('email' as const)),
    ...{ recipient, subscriptionId, userId, status: 'pending' as const, tries: 0, nextAttemptAt: createdAt },
    ...{ detail: null, createdAt, endedAt: null },
  }));
  await store.write(async (unit) => {
    await unit.sql
      .insertInto('notifications')
      .values({
        ...{ id, projectId, releaseId: null, type: notification.type, data: JSON.stringify(notification.data) },
        createdAt,
      })
      .execute();
    if (rows.length > 0) {
      await unit.sql.insertInto('deliveries').values(rows).execute();
    }
    unit.notify({ kind: 'deliveries' });
  });
  return { id, deliveries: rows.map((row) => row.id) };
}

export const completed: Notification = {
  type: 'release-completed',
  data: { project: 'shop', pipeline: 'to-all', release: '01KG9YQ3M8W2V6T0R4N1X5Z7BC' },
};
