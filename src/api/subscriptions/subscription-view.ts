import { z } from 'zod';
import { NOTIFICATION_TYPES } from '../../domain/notification';
import { LONGEST_URL } from '../../domain/service';
import type { SubscriptionRow } from '../../store/subscriptions/find-subscription';
import { typesOf } from '../../store/subscriptions/list-subscriptions';
import { etagOf } from '../etag';
import { instant, mailAddress, readOnly, slug, toInstant } from '../schemas/common';
import { savedSubscriptionExample, subscriptionExample, subscriptionSettingsExample } from '../schemas/examples';

export const subscriptionParams = z.strictObject({
  project: slug.describe('Name of the project.'),
  subscription: slug.describe('Name of the subscription.'),
});

const types = z.array(z.enum(NOTIFICATION_TYPES));

/** Body of PUT. */
export const subscriptionBody = z
  .strictObject({
    url: z
      .string()
      .meta({ format: 'uri', maxLength: LONGEST_URL })
      .nullable()
      .optional()
      .describe('Where signed webhooks go: an http or https address. Either this or `email`.'),
    email: mailAddress.nullable().optional().describe('Where mail goes. Either this or `url`.'),
    events: types.optional().describe('Of what to tell; left out or empty: of everything.'),
    name: readOnly,
    project: readOnly,
    createdAt: readOnly,
    secret: readOnly,
  })
  .meta({
    id: 'SubscriptionSettings',
    examples: [subscriptionSettingsExample],
    description: 'What can be set of a subscription.',
  });

const fields = {
  name: slug.describe('Its name in paths.'),
  project: slug.describe('Name of its project.'),
  url: z.string().nullable().describe('Where signed webhooks go; null: mail does.'),
  email: z.string().nullable().describe('Where mail goes; null: webhooks do.'),
  events: types.describe('Of what it tells, sorted; empty: of everything.'),
  createdAt: instant.describe('When it was created.'),
};

/** A subscription as GET and lists show it. */
export const subscriptionAnswer = z.strictObject(fields).meta({
  id: 'Subscription',
  examples: [subscriptionExample],
  description: 'Who wants to be told of what (NOT-2); also a valid body of PUT (HTTP-7).',
});

/** The same as PUT answers it, with what is shown this once. */
export const savedSubscription = z
  .strictObject({
    ...fields,
    secret: z
      .string()
      .optional()
      .describe('What webhooks are signed with, shown this once: there where this PUT made it, `whsec_…`.'),
  })
  .meta({
    id: 'SavedSubscription',
    examples: [savedSubscriptionExample],
    description: 'A subscription as it is saved.',
  });

/** Changes with everything that can be set of it (HTTP-7). */
export function subscriptionEtag({ id, version }: { id: string; version: number }): string {
  return etagOf('subscription', id, version);
}

export function showSubscription(row: SubscriptionRow, project: string): z.input<typeof subscriptionAnswer> {
  return {
    name: row.slug,
    project,
    url: row.url,
    email: row.email,
    events: typesOf(row),
    createdAt: toInstant(row.createdAt),
  };
}
