import type { NotificationType } from '../../domain/notification';
import {
  isForPeople,
  notificationsOf,
  notificationTypeOf,
  type AnyReleaseEvent,
  type ToTell,
} from '../../domain/notifications-of';
import type { ReleasePlan } from '../../domain/release-plan';
import { newId } from '../new-id';
import type { ReleaseRow } from '../releases/stored-release';
import type { Unit } from '../store';
import { subscriptionsFor } from '../subscriptions/list-subscriptions';
import type { SubscriptionRow } from '../subscriptions/find-subscription';
import { notificationFacts } from './notification-facts';
import { receiversOf, type Receiver } from './receivers-of';

/** Rows in one statement: both engines have a largest number of parameters. */
const ROWS_AT_ONCE = 500;

/**
 * Notes who is to be told of these events, in the transaction that records them: so nobody is told of what did not
 * happen, nothing that happened is forgotten, and a recording that is repeated tells nobody twice (NOT-1, NOT-2). Sending
 * comes later and elsewhere. Most events are told to nobody and cost nothing here.
 */
export async function queueNotifications(
  unit: Unit,
  release: ReleaseRow,
  plan: ReleasePlan,
  events: readonly AnyReleaseEvent[],
  reasonOf: (action: string) => string | null,
): Promise<void> {
  const types = events.flatMap((event) => notificationTypeOf(event) ?? []);
  if (types.length === 0) {
    return;
  }
  const subscribers = new Map<NotificationType, SubscriptionRow[]>();
  for (const type of new Set(types)) {
    subscribers.set(type, await subscriptionsFor(unit.sql, release.projectId, type));
  }
  const isTold = (type: NotificationType) => isForPeople(type) || (subscribers.get(type) ?? []).length > 0;
  if (!types.some(isTold)) {
    return;
  }

  const facts = await notificationFacts(unit.sql, release, plan, events, reasonOf);
  for (const told of notificationsOf(events, facts)) {
    if (isTold(told.type)) {
      await queue(
        unit,
        release,
        told,
        await receiversOf(unit.sql, release.projectId, told, subscribers.get(told.type) ?? []),
      );
    }
  }
}

/** What people are to decide is written down also where nobody can be told: the log of notifications then says that. */
async function queue(unit: Unit, release: ReleaseRow, told: ToTell, receivers: readonly Receiver[]): Promise<void> {
  const { type, data, at } = told;
  const notificationId = newId();
  await unit.sql
    .insertInto('notifications')
    .values({
      id: notificationId,
      projectId: release.projectId,
      releaseId: release.id,
      type,
      data: JSON.stringify(data),
      createdAt: at,
    })
    .execute();
  const rows = receivers.map((receiver) => ({
    id: newId(),
    notificationId,
    ...receiver,
    status: 'pending' as const,
    tries: 0,
    nextAttemptAt: at,
    detail: null,
    createdAt: at,
    endedAt: null,
  }));
  for (let begin = 0; begin < rows.length; begin += ROWS_AT_ONCE) {
    await unit.sql
      .insertInto('deliveries')
      .values(rows.slice(begin, begin + ROWS_AT_ONCE))
      .execute();
  }
  if (rows.length > 0) {
    unit.notify({ kind: 'deliveries' });
  }
}
