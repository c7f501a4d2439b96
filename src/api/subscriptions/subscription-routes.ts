import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { deleteSubscriptionRoute } from './delete-subscription';
import { getSubscriptionRoute } from './get-subscription';
import { listSubscriptionsRoute } from './list-subscriptions';
import { putSubscriptionRoute } from './put-subscription';

/** Who wants to be told of what happens in a project, and where (NOT-2). */
export const subscriptionRoutes = (deps: Deps): Route[] => [
  listSubscriptionsRoute(deps),
  putSubscriptionRoute(deps),
  getSubscriptionRoute(deps),
  deleteSubscriptionRoute(deps),
];
