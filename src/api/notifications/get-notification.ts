import { z } from 'zod';
import { findNotification } from '../../store/notifications/list-notifications';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { Problem } from '../problem';
import { projectScope } from '../projects/scopes';
import { id, slug } from '../schemas/common';
import { notification, showNotification } from './notification-view';

/** Shows what was told, to whom, and what has come of each delivery (NOT-1). */
export const getNotificationRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/notifications/:notification',
    operationId: 'getNotification',
    summary: 'Show a notification, whom it goes to, and what has come of that',
    // Mail addresses are personal data: they are for those who decide who is told, and mend it.
    permission: { name: 'SubscriptionEdit', in: projectScope(store) },
    params: z.strictObject({ project: slug.describe('Name of the project.'), notification: id }),
    answers: { 200: { description: 'The notification, with all its deliveries.', body: notification } },
    problems: ['project.unknown', 'project.gone', 'notification.unknown'],
    handle: async ({ params, scope }) => {
      const found = await store.readTogether((sql) => findNotification(sql, scope.projectId, params.notification));
      if (!found) {
        throw new Problem('notification.unknown', `There is no notification ${params.notification}`);
      }
      return ok(showNotification(found, params.project));
    },
  });
