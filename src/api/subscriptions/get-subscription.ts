import { findSubscription } from '../../store/subscriptions/find-subscription';
import { defineRoute, ok } from '../define-route';
import { gone, unknown } from '../deletion';
import type { Deps } from '../deps';
import { projectScope } from '../projects/scopes';
import { showSubscription, subscriptionAnswer, subscriptionEtag, subscriptionParams } from './subscription-view';

/** Shows a subscription, without its secret. */
export const getSubscriptionRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/subscriptions/:subscription',
    operationId: 'getSubscription',
    summary: 'Show a subscription',
    description:
      'For those who may change it: an address of webhooks can be as good as a key, and one of mail is somebody’s own.',
    permission: { name: 'SubscriptionEdit', in: projectScope(store) },
    params: subscriptionParams,
    answers: {
      200: {
        description: 'The subscription; also a valid body of PUT.',
        body: subscriptionAnswer,
        headers: { ETag: 'Of its settings.' },
      },
    },
    problems: ['project.unknown', 'project.gone', 'subscription.unknown', 'subscription.gone'],
    handle: async ({ params, scope }) => {
      const subscription = await findSubscription(store.read, scope.projectId, params.subscription);
      if (!subscription) {
        throw unknown('subscription', params.subscription);
      }
      if (subscription.deletedAt !== null) {
        throw gone('subscription', params.subscription);
      }
      return ok(showSubscription(subscription, params.project), { etag: subscriptionEtag(subscription) });
    },
  });
