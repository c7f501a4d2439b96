import { z } from 'zod';
import { listNotifications } from '../../store/notifications/list-notifications';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { projectParams } from '../projects/project-view';
import { projectScope } from '../projects/scopes';
import { id } from '../schemas/common';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { listedNotification, notificationType, showListedNotification } from './notification-view';

/** Lists what people and other systems were told of in a project, newest first (NOT-1, HTTP-5). */
export const listNotificationsRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/notifications',
    operationId: 'listNotifications',
    summary: 'List what was told to people and subscribers, and how much of it has arrived',
    permission: { name: 'SubscriptionEdit', in: projectScope(store) },
    params: projectParams,
    query: z.strictObject({
      ...pageQuery,
      release: id.optional().describe('Only those about this release.'),
      type: notificationType.optional().describe('Only those of this type.'),
    }),
    answers: { 200: { description: 'Newest first.', body: pageOf(listedNotification, 'NotificationPage') } },
    problems: ['project.unknown', 'project.gone'],
    handle: async ({ params, scope, query }) => {
      const page = pageRequest(query);
      const filter = { projectId: scope.projectId, releaseId: query.release, type: query.type };
      const rows = await store.readTogether((sql) => listNotifications(sql, filter, page));
      return ok(toPage(rows, page, (row) => showListedNotification(row, params.project)));
    },
  });
