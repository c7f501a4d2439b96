import { checkSubscription } from '../../domain/subscription-check';
import { putSubscription } from '../../store/subscriptions/put-subscription';
import { defineRoute } from '../define-route';
import { gone } from '../deletion';
import type { Deps } from '../deps';
import { checkPreconditions } from '../etag';
import { faultyDefinition } from '../faulty-definition';
import { projectScope } from '../projects/scopes';
import { putAnswer } from '../put-answer';
import {
  savedSubscription,
  showSubscription,
  subscriptionBody,
  subscriptionEtag,
  subscriptionParams,
} from './subscription-view';

/** Creates or replaces a subscription; one by webhook comes with a secret (NOT-2). */
export const putSubscriptionRoute = ({ store, now, secretBox, endpointFault }: Deps) =>
  defineRoute({
    method: 'put',
    path: '/v1/projects/:project/subscriptions/:subscription',
    operationId: 'putSubscription',
    summary: 'Create or replace a subscription to what happens in a project',
    description:
      'It is told by signed webhooks or by mail (NOT-2). A webhook is a POST of a CloudEvents 1.0 envelope of type ' +
      '`sluice.<event>`, its `data` as `GET …/notifications/{notification}` shows it and the address of a page as `url`, ' +
      'signed as Standard Webhooks have it (`webhook-id`, `webhook-timestamp`, `webhook-signature`); any 2xx takes it, and ' +
      'whatever else is tried again or refused is told there, too. What webhooks are signed with is made when the ' +
      'first address is given and shown in that answer alone; it stays when the address changes. A subscription that is ' +
      'turned to mail loses it and gets another one when it is turned back. The same content changes nothing (HTTP-7).',
    permission: { name: 'SubscriptionEdit', in: projectScope(store) },
    params: subscriptionParams,
    body: subscriptionBody,
    answers: {
      200: {
        description: 'It was there; this is it now.',
        body: savedSubscription,
        headers: { ETag: 'Of its settings.' },
      },
      201: {
        description: 'It is new.',
        body: savedSubscription,
        headers: { ETag: 'Of its settings.', Location: 'Its address.' },
      },
    },
    problems: ['project.unknown', 'project.gone', 'subscription.gone', 'subscription.invalid'],
    handle: async ({ params, scope, body, caller, preconditions }) => {
      const slug = params.subscription;
      const { url = null, email = null, events = [] } = body;
      const saved = await store.write((unit) =>
        putSubscription(unit, {
          ...{ projectId: scope.projectId, slug, url, email, events, secretBox, by: caller.userId, at: now() },
          judge: (current) => {
            checkPreconditions(preconditions, current && subscriptionEtag(current));
            const faults = checkSubscription({ url, email, isUrlNew: current?.url !== url }, endpointFault);
            if (faults.length > 0) {
              throw faultyDefinition('subscription.invalid', faults);
            }
          },
        }),
      );
      if (saved.kind === 'gone') {
        throw gone('subscription', slug);
      }
      const { kind, subscription, secret } = saved;
      const shown = { ...showSubscription(subscription, params.project), ...(secret !== null && { secret }) };
      const location = `/v1/projects/${params.project}/subscriptions/${slug}`;
      return putAnswer(kind === 'created', location, shown, subscriptionEtag(subscription));
    },
  });
