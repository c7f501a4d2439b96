import type { Instant } from '../../domain/instant';
import type { Unit } from '../store';
import { lockSubscription, type SubscriptionRow } from './find-subscription';

export type DeleteSubscriptionOutcome = { kind: 'deleted' } | { kind: 'unknown' } | { kind: 'gone' };

export interface SubscriptionToDelete {
  projectId: string;
  slug: string;
  by: string;
  at: Instant;
  /** Judges the deletion inside its transaction, with the subscription as it is then. */
  judge: (current: SubscriptionRow) => void;
}

/**
 * Deletes a subscription softly (HTTP-7): its name is not given again. Address and secret are erased, as nobody is told
 * there any more, by what was on its way either.
 */
export async function deleteSubscription(unit: Unit, input: SubscriptionToDelete): Promise<DeleteSubscriptionOutcome> {
  const { projectId, slug, by, at } = input;
  const known = await lockSubscription(unit, projectId, slug);
  if (!known) {
    return { kind: 'unknown' };
  }
  if (known.deletedAt !== null) {
    return { kind: 'gone' };
  }
  input.judge(known);

  await unit.sql
    .updateTable('subscriptions')
    .set((row) => ({ url: null, email: null, sealed: null, deletedAt: at, version: row('version', '+', 1) }))
    .where('id', '=', known.id)
    .execute();
  unit.record({
    type: 'subscription-deleted',
    at,
    actorId: by,
    projectId,
    releaseId: null,
    data: { subscription: slug, subscriptionId: known.id },
  });
  return { kind: 'deleted' };
}
