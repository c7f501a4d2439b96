import { z } from 'zod';
import { NOTIFICATION_TYPES, type NotificationType } from '../../domain/notification';
import type { JsonObject } from '../../domain/json';
import type { DeliveryRecord, NotificationRecord } from '../../store/notifications/list-notifications';
import { id, instant, slug, toInstant, toInstantOrNull } from '../schemas/common';
import { listedNotificationExample, notificationExample } from '../schemas/examples';

export const notificationType = z.enum(NOTIFICATION_TYPES).describe('What it tells of.');

const count = z.int().min(0);

export const listedNotification = z
  .strictObject({
    id: id.describe(
      'Its id: `webhook-id` of webhooks and `id` of their envelope; the `Message-ID` of mails is made from it.',
    ),
    project: slug.describe('Name of the project.'),
    type: notificationType,
    release: z.string().nullable().describe('Id of the release that it is about.'),
    createdAt: instant.describe('When that happened.'),
    deliveries: z
      .strictObject({
        pending: count.describe('Still to be made, or made again.'),
        sent: count.describe('Taken by a receiver.'),
        failed: count.describe('Given up.'),
      })
      .describe('How many receivers it goes to, by what has come of it; none: there was nobody to tell.'),
  })
  .meta({
    id: 'ListedNotification',
    examples: [listedNotificationExample],
    description: 'Something that people or other systems are told of.',
  });

const delivery = z
  .strictObject({
    channel: z.enum(['email', 'webhook']).describe('How it is sent.'),
    recipient: z.string().describe('Mail address, or URL without its query, as of the last try.'),
    subscription: slug.nullable().describe('Name of the subscription that it is for; null: it is for a person.'),
    user: slug.nullable().describe('Name of the person that it is for; null: it is for a subscription.'),
    state: z.enum(['pending', 'sent', 'failed']).describe('What has come of it.'),
    tries: count.describe('How often it was tried.'),
    nextAttemptAt: instant.nullable().describe('When it is tried again; null: it has ended.'),
    detail: z.string().nullable().describe('What the last try said; null: nothing of note.'),
    endedAt: instant.nullable().describe('When it was sent or given up.'),
  })
  .meta({ id: 'Delivery', description: 'A notification on its way to one receiver.' });

export const notification = listedNotification
  .omit({ deliveries: true })
  .extend({
    data: z
      .record(z.string(), z.unknown())
      .describe('What it says, as webhooks carry it; which fields depends on `type`.'),
    deliveries: z.array(delivery).describe('One for each receiver.'),
  })
  .meta({
    id: 'Notification',
    examples: [notificationExample],
    description: 'The same, with what it says and to whom.',
  });

/** A notification in a list. */
export function showListedNotification({ deliveries, ...record }: NotificationRecord, project: string) {
  return { ...showHead(record, project), deliveries };
}

/** One in full. */
export function showNotification(
  { notification: record, deliveries }: { notification: NotificationRecord; deliveries: readonly DeliveryRecord[] },
  project: string,
) {
  return {
    ...showHead(record, project),
    data: JSON.parse(record.data) as JsonObject,
    deliveries: deliveries.map(({ channel, recipient, subscription, user, status, tries, detail, ...at }) => ({
      channel,
      recipient: channel === 'webhook' ? withoutQuery(recipient) : recipient,
      subscription,
      user,
      state: status,
      tries,
      nextAttemptAt: toInstantOrNull(at.nextAttemptAt),
      detail,
      endedAt: toInstantOrNull(at.endedAt),
    })),
  };
}

function showHead(
  { id: notificationId, type, releaseId, createdAt }: Omit<NotificationRecord, 'deliveries'>,
  project: string,
) {
  return {
    id: notificationId,
    project,
    type: type as NotificationType,
    release: releaseId,
    createdAt: toInstant(createdAt),
  };
}

/** The query of an address may hold a token. */
function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? '';
}
