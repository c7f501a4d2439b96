import type { Instant } from '../../domain/instant';
import type { Store } from '../store';

/** What Temporal has acknowledged of one release. */
export interface Delivered {
  releaseId: string;
  epoch: number;
  start: boolean;
  /** Ids of actions. */
  actions: string[];
  /** The `wake` that was told; 0: none. */
  wake: number;
  at: Instant;
}

/**
 * Notes what Temporal has acknowledged, so that it is not sent again. Lost with the process it is just sent twice. What
 * its workflow has answered by a claim or a decision has been noted with that, and costs no write here.
 */
export async function markDelivered(store: Store, ...delivered: Delivered[]): Promise<void> {
  // Rows are locked in one order, whoever else marks.
  const sorted = delivered.sort((a, b) => (a.releaseId < b.releaseId ? -1 : 1));
  await store.write(async (unit) => {
    for (const { releaseId, epoch, start, actions, wake, at } of sorted) {
      const ofEpoch = () => unit.sql.updateTable('releases').where('id', '=', releaseId).where('epoch', '=', epoch);
      if (start) {
        await ofEpoch().set({ startDeliveredAt: at }).where('startDeliveredAt', 'is', null).execute();
      }
      if (wake > 0) {
        await ofEpoch().set({ wake: 0 }).where('wake', '=', wake).execute();
      }
      if (actions.length > 0) {
        await unit.sql
          .updateTable('actions')
          .set({ deliveredAt: at })
          .where('id', 'in', actions)
          .where('deliveredAt', 'is', null)
          .execute();
      }
    }
  });
}
