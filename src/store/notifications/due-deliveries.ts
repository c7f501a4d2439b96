import { sql as sqlText, type Kysely } from 'kysely';

import type { Instant } from '../../domain/instant';
import type { Store } from '../store';
import type { Tables } from '../tables';

/** A delivery whose time has come. */
export interface DueDelivery {
  id: string;
  channel: 'email' | 'webhook';
  /** Whose slowness it shares: one webhook's, or that of the mail server. */
  receiver: string;
  /** As it was read: whoever takes the delivery moves it. */
  nextAttemptAt: Instant;
}

export interface DueDeliveries {
  /** Those that have waited longest, of each receiver so many at most. */
  due: DueDelivery[];
  /** When the next one is; null: none is pending but those that are due. */
  nextAt: Instant | null;
}

/** The one receiver of all mail: the server of `SMTP_URL`. */
const MAIL_SERVER = 'email';

/** What is to be sent now. A receiver with many of them hides no other's. */
export async function dueDeliveries({ read }: Store, now: Instant, ofEach: number): Promise<DueDeliveries> {
  const receiver = sqlText<string>`case "channel" when 'webhook' then coalesce("subscriptionId", "recipient") else ${sqlText.lit(MAIL_SERVER)} end`;
  const due = pending(read)
    .where('nextAttemptAt', '<=', now)
    .select(['id', 'channel', receiver.as('receiver'), 'nextAttemptAt'])
    .select(sqlText<number>`row_number() over (partition by ${receiver} order by "nextAttemptAt", "id")`.as('place'));
  const rows = await read
    .selectFrom(due.as('due'))
    .selectAll()
    .where('place', '<=', ofEach)
    .orderBy('nextAttemptAt')
    .orderBy('id')
    .execute();
  const next = await pending(read)
    .where('nextAttemptAt', '>', now)
    .select(({ fn }) => fn.min('nextAttemptAt').as('at'))
    .executeTakeFirst();
  return {
    due: rows.map(({ id, channel, receiver: of, nextAttemptAt }) => ({
      id,
      channel,
      receiver: of,
      nextAttemptAt: nextAttemptAt ?? 0,
    })),
    nextAt: next?.at ?? null,
  };
}

/** How many deliveries are still to be made. */
export async function countPendingDeliveries({ read }: Store): Promise<number> {
  const { pending: count } = await pending(read)
    .select(({ fn }) => fn.countAll<number>().as('pending'))
    .executeTakeFirstOrThrow();
  return count;
}

function pending(sql: Kysely<Tables>) {
  return sql.selectFrom('deliveries').where('status', '=', 'pending');
}
