import type { Instant } from '../../domain/instant';
import type { NotificationType } from '../../domain/notification';
import type { Notification } from '../../domain/notification-data';
import type { Store, Unit } from '../store';
import type { DueDelivery } from './due-deliveries';

/** A delivery that was taken to be sent, with all that a send needs. */
export interface DeliveryToSend {
  id: string;
  /** Until then it is nobody else's; whoever took it and ended without a word is followed by another. */
  until: Instant;
  /** This one included. */
  tries: number;
  notification: Notification & { id: string; createdAt: Instant };
  /** As of now: mending an address mends what is on its way to it. */
  to: DeliveryAddress;
}

export type DeliveryAddress =
  | { channel: 'email'; address: string }
  | { channel: 'webhook'; url: string; subscriptionId: string; sealed: string }
  /** There is nobody any more to send it to. */
  | { channel: 'none'; why: string };

/**
 * Takes a delivery to send it, and moves its next attempt to `until`: so of two processes one has it, and when that one
 * dies it is sent again (NOT-1). null: somebody else was quicker.
 */
export function claimDelivery(store: Store, due: DueDelivery, until: Instant): Promise<DeliveryToSend | null> {
  return store.write(async (unit) => {
    const row = await read(unit, due.id);
    const to = row && addressOf(row);
    if (!row || !to) {
      return null;
    }
    const taken = await unit.sql
      .updateTable('deliveries')
      .set({
        nextAttemptAt: until,
        tries: row.tries + 1,
        ...(to.channel === 'none' ? {} : { recipient: to.channel === 'email' ? to.address : to.url }),
      })
      .where('id', '=', due.id)
      .where('status', '=', 'pending')
      .where('nextAttemptAt', '=', due.nextAttemptAt)
      .executeTakeFirst();
    if (taken.numUpdatedRows === 0n) {
      return null;
    }
    const { notificationId, type, data, createdAt } = row;
    const notification = { type: type as NotificationType, data: JSON.parse(data) as object } as Notification;
    return {
      id: due.id,
      until,
      tries: row.tries + 1,
      notification: { ...notification, id: notificationId, createdAt },
      to,
    };
  });
}

type Row = NonNullable<Awaited<ReturnType<typeof read>>>;

function read({ sql }: Unit, id: string) {
  return sql
    .selectFrom('deliveries')
    .innerJoin('notifications', 'notifications.id', 'deliveries.notificationId')
    .leftJoin('subscriptions', 'subscriptions.id', 'deliveries.subscriptionId')
    .leftJoin('users', 'users.id', 'deliveries.userId')
    .where('deliveries.id', '=', id)
    .select([
      'deliveries.channel',
      'deliveries.tries',
      'deliveries.subscriptionId',
      'deliveries.userId',
      'notifications.id as notificationId',
      'notifications.type',
      'notifications.data',
      'notifications.createdAt',
      'subscriptions.url',
      'subscriptions.sealed',
      'subscriptions.email as subscribedAddress',
      'subscriptions.deletedAt as unsubscribedAt',
      'users.email as ownAddress',
      'users.deletedAt as userDeletedAt',
    ])
    .executeTakeFirst();
}

function addressOf(row: Row): DeliveryAddress {
  if (row.subscriptionId === null) {
    return row.ownAddress === null || row.userDeletedAt !== null
      ? { channel: 'none', why: 'The user was deleted, or has no mail address any more' }
      : { channel: 'email', address: row.ownAddress };
  }
  if (row.unsubscribedAt !== null) {
    return { channel: 'none', why: 'The subscription was deleted' };
  }
  if (row.channel === 'email') {
    return row.subscribedAddress === null
      ? { channel: 'none', why: 'The subscription has no mail address any more' }
      : { channel: 'email', address: row.subscribedAddress };
  }
  return row.url === null || row.sealed === null
    ? { channel: 'none', why: 'The subscription has no URL any more' }
    : { channel: 'webhook', url: row.url, subscriptionId: row.subscriptionId, sealed: row.sealed };
}
