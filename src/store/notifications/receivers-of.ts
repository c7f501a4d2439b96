import type { Kysely } from 'kysely';

import type { Audience, ToTell } from '../../domain/notifications-of';
import type { SubscriptionRow } from '../subscriptions/find-subscription';
import type { Tables } from '../tables';
import { holdersOf } from '../users/holders-of';
import { membersOf } from '../users/members-of';

/** Where one notification goes. */
export interface Receiver {
  channel: 'email' | 'webhook';
  /** Mail address or URL. */
  recipient: string;
  subscriptionId: string | null;
  userId: string | null;
}

/** People are looked up in pieces: both engines have a largest number of parameters. */
const PEOPLE_AT_ONCE = 500;

/**
 * Who is told of this: those whose it is to act, as of now, and these subscribers. Nobody without a mail
 * address, no address twice.
 */
export async function receiversOf(
  sql: Kysely<Tables>,
  projectId: string,
  { audience }: ToTell,
  subscribers: readonly SubscriptionRow[],
): Promise<Receiver[]> {
  const people = await addressesOf(sql, await usersIn(sql, projectId, audience));
  const subscribed = subscribers.flatMap(receiverOf);

  const mailed = new Set<string>();
  return [...people, ...subscribed].filter(({ channel, recipient }) => {
    const address = recipient.toLowerCase();
    const isNew = channel === 'webhook' || !mailed.has(address);
    if (channel === 'email') {
      mailed.add(address);
    }
    return isNew;
  });
}

function receiverOf({ id, url, email }: SubscriptionRow): Receiver[] {
  const subscribed = { subscriptionId: id, userId: null };
  if (url !== null) {
    return [{ channel: 'webhook', recipient: url, ...subscribed }];
  }
  return email === null ? [] : [{ channel: 'email', recipient: email, ...subscribed }];
}

async function usersIn(sql: Kysely<Tables>, projectId: string, audience: Audience): Promise<string[]> {
  switch (audience.who) {
    case 'nobody':
      return [];
    case 'members': {
      const members = await membersOf(sql, audience.teams);
      if (audience.permission === null) {
        return without(members, audience.except);
      }
      const holders = new Set(await holdersOf(sql, audience.permission, projectId));
      return without(
        members.filter((member) => holders.has(member)),
        audience.except,
      );
    }
    case 'holders': {
      const holders = await holdersOf(sql, audience.permission, projectId);
      return without([...new Set([...holders, ...audience.and])], audience.except);
    }
  }
}

function without(users: readonly string[], except: readonly string[]): string[] {
  return users.filter((user) => !except.includes(user));
}

async function addressesOf(sql: Kysely<Tables>, users: readonly string[]): Promise<Receiver[]> {
  const found: Receiver[] = [];
  for (let begin = 0; begin < users.length; begin += PEOPLE_AT_ONCE) {
    const rows = await sql
      .selectFrom('users')
      .select(['id', 'email'])
      .where('id', 'in', users.slice(begin, begin + PEOPLE_AT_ONCE))
      .where('deletedAt', 'is', null)
      .where('email', 'is not', null)
      .orderBy('slug')
      .execute();
    found.push(
      ...rows.flatMap(({ id, email }) =>
        email === null ? [] : { channel: 'email' as const, recipient: email, subscriptionId: null, userId: id },
      ),
    );
  }
  return found;
}
