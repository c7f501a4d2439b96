import { deleteSubscription } from '../../store/subscriptions/delete-subscription';
import { defineRoute } from '../define-route';
import { answerDeletion } from '../deletion';
import type { Deps } from '../deps';
import { checkPreconditions } from '../etag';
import { projectScope } from '../projects/scopes';
import { subscriptionEtag, subscriptionParams } from './subscription-view';

/** Deletes a subscription (HTTP-7). */
export const deleteSubscriptionRoute = ({ store, now }: Deps) =>
  defineRoute({
    method: 'delete',
    path: '/v1/projects/:project/subscriptions/:subscription',
    operationId: 'deleteSubscription',
    summary: 'Delete a subscription',
    description: 'Nobody is told by it any more. Its address and secret are erased, its name is not given again.',
    permission: { name: 'SubscriptionEdit', in: projectScope(store) },
    params: subscriptionParams,
    answers: { 204: { description: 'It is deleted.' } },
    problems: [
      'project.unknown',
      'project.gone',
      'subscription.unknown',
      'subscription.gone',
      'request.precondition-failed',
    ],
    handle: async ({ params, scope, caller, preconditions }) => {
      const deletion = await store.write((unit) =>
        deleteSubscription(unit, {
          projectId: scope.projectId,
          slug: params.subscription,
          by: caller.userId,
          at: now(),
          judge: (current) => checkPreconditions(preconditions, subscriptionEtag(current)),
        }),
      );
      return answerDeletion('subscription', params.subscription, deletion);
    },
  });
