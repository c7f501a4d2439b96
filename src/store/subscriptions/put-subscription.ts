import type { Instant } from '../../domain/instant';
import type { NotificationType } from '../../domain/notification';
import { newId } from '../new-id';
import type { SecretBox } from '../secret-box';
import type { Unit } from '../store';
import { lockSubscription, type SubscriptionRow } from './find-subscription';
import { newSubscriptionSecret } from './subscription-secret';

/** A subscription as somebody wants it, and whose doing it is. */
export interface SubscriptionToPut {
  projectId: string;
  slug: string;
  /** null: by mail. */
  url: string | null;
  /** null: by webhook. */
  email: string | null;
  /** Empty: all. */
  events: readonly NotificationType[];
  secretBox: SecretBox;
  by: string;
  at: Instant;
  /** Judges the write inside its transaction, with the subscription as it is then; what it throws leaves all as it was. */
  judge: (current: SubscriptionRow | null) => void;
}

/** `secret`: shown this once; null: none was made. `gone`: the name belonged to one that was deleted (HTTP-1). */
export type PutSubscriptionOutcome =
  | { kind: 'created' | 'changed' | 'unchanged'; subscription: SubscriptionRow; secret: string | null }
  | { kind: 'gone' };

/**
 * Creates or replaces a subscription; the same content changes nothing and is no event (HTTP-7). A secret is made when it
 * begins to be told by webhook and erased when that ends; it stays when the address changes.
 */
export async function putSubscription(unit: Unit, input: SubscriptionToPut): Promise<PutSubscriptionOutcome> {
  const { projectId, slug, url, email, secretBox, at } = input;
  const known = await lockSubscription(unit, projectId, slug);
  if (known && known.deletedAt !== null) {
    return { kind: 'gone' };
  }
  input.judge(known);

  const events = JSON.stringify([...new Set(input.events)].sort());
  if (known && known.url === url && known.email === email && known.events === events) {
    return { kind: 'unchanged', subscription: known, secret: null };
  }
  const id = known?.id ?? newId();
  const made = url !== null && !known?.sealed ? newSubscriptionSecret(secretBox, id) : null;
  const sealed = url === null ? null : (made?.sealed ?? known?.sealed ?? null);
  const content = { url, email, events, sealed };
  const subscription = known
    ? await unit.sql
        .updateTable('subscriptions')
        .set((row) => ({ ...content, version: row('version', '+', 1) }))
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow()
    : await unit.sql
        .insertInto('subscriptions')
        .values({ id, projectId, slug, ...content, createdAt: at, deletedAt: null })
        .returningAll()
        .executeTakeFirstOrThrow();
  unit.record({
    type: known ? 'subscription-changed' : 'subscription-created',
    at,
    actorId: input.by,
    projectId,
    releaseId: null,
    data: {
      ...{ subscription: slug, subscriptionId: id, channel: url === null ? 'email' : 'webhook' },
      // Whoever sees the project sees its events: the rest of an address can be as good as a key, or somebody's own.
      ...{ origin: url === null ? null : new URL(url).origin, events: JSON.parse(events) as string[] },
    },
  });
  return { kind: known ? 'changed' : 'created', subscription, secret: made?.secret ?? null };
}
