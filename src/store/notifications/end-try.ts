import type { Instant } from '../../domain/instant';
import type { Store } from '../store';
import type { DeliveryToSend } from './claim-delivery';

/** What came of one try to deliver. */
export type TryOutcome =
  { kind: 'sent' } | { kind: 'failed'; detail: string } | { kind: 'again'; detail: string; nextAttemptAt: Instant };

/**
 * Notes what came of a try; whether it was still this one's to say. A try that took longer than its claim says nothing:
 * the delivery is somebody else's by then, and is sent again.
 */
export async function endTry(
  store: Store,
  { id, until }: Pick<DeliveryToSend, 'id' | 'until'>,
  outcome: TryOutcome,
  at: Instant,
): Promise<boolean> {
  const { numUpdatedRows } = await store.write(({ sql }) =>
    sql
      .updateTable('deliveries')
      .set(
        outcome.kind === 'again'
          ? { nextAttemptAt: outcome.nextAttemptAt, detail: outcome.detail }
          : {
              status: outcome.kind,
              nextAttemptAt: null,
              detail: outcome.kind === 'failed' ? outcome.detail : null,
              endedAt: at,
            },
      )
      .where('id', '=', id)
      .where('status', '=', 'pending')
      .where('nextAttemptAt', '=', until)
      .executeTakeFirst(),
  );
  return numUpdatedRows > 0n;
}
