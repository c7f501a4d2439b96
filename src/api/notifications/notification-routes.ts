import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { getNotificationRoute } from './get-notification';
import { listNotificationsRoute } from './list-notifications';

/** What people and other systems were told, and what has come of it (NOT-1). */
export const notificationRoutes = (deps: Deps): Route[] => [listNotificationsRoute(deps), getNotificationRoute(deps)];
