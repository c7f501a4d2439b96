import { z } from 'zod';

import { listDeployments } from '../../store/deployments/list-deployments';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { deploymentViews } from '../deployments/deployment-view';
import { id } from '../schemas/common';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { deployment } from '../schemas/release';
import { readableRelease } from './release-scope';

/** `GET /v1/releases/{id}/deployments`: one for each phase, environment and attempt, newest first. */
export const listDeploymentsRoute = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/releases/:release/deployments',
    operationId: 'listDeployments',
    summary: 'Where and how a release was deployed, newest first',
    permission: { name: 'ProjectView', in: readableRelease(deps.store) },
    params: z.strictObject({ release: id }),
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'A page of deployments.', body: pageOf(deployment, 'DeploymentPage') } },
    problems: ['release.unknown'],
    handle: async ({ scope, query }) => {
      const page = pageRequest(query);
      const rows = await listDeployments(deps.store.read, scope.release.id, page);
      const { items, next } = toPage(rows, page, (row) => row);
      return ok({ items: await deploymentViews(deps.store, items), next });
    },
  });
