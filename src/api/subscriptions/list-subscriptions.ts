import { z } from 'zod';
import { listSubscriptions } from '../../store/subscriptions/list-subscriptions';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { projectParams } from '../projects/project-view';
import { projectScope } from '../projects/scopes';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { showSubscription, subscriptionAnswer } from './subscription-view';

/** Lists a project's subscriptions, newest first (HTTP-5). */
export const listSubscriptionsRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/subscriptions',
    operationId: 'listSubscriptions',
    summary: 'List the subscriptions of a project',
    permission: { name: 'SubscriptionEdit', in: projectScope(store) },
    params: projectParams,
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'Newest first.', body: pageOf(subscriptionAnswer, 'SubscriptionPage') } },
    problems: ['project.unknown', 'project.gone'],
    handle: async ({ params, scope, query }) => {
      const page = pageRequest(query);
      const subscriptions = await listSubscriptions(store.read, scope.projectId, page);
      return ok(toPage(subscriptions, page, (row) => showSubscription(row, params.project)));
    },
  });
