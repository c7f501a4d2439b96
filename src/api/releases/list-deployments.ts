import { z } from 'zod';

import { PIPELINE_LIMITS } from '../../domain/pipeline-check';
import { listDeployments } from '../../store/deployments/list-deployments';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { deploymentViews } from '../deployments/deployment-view';
import { id, oneOrMoreOf, slug } from '../schemas/common';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { deployment, deploymentState } from '../schemas/release';
import { readableRelease } from './release-scope';

/** `?state=running,waiting`. */
const statesInQuery = oneOrMoreOf(deploymentState);

/** `GET /v1/releases/{id}/deployments`: one for each phase, environment and attempt, newest first. */
export const listDeploymentsRoute = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/releases/:release/deployments',
    operationId: 'listDeployments',
    summary: 'Where and how a release was deployed, newest first',
    permission: { name: 'ProjectView', in: readableRelease(deps.store) },
    params: z.strictObject({ release: id }),
    query: z.strictObject({
      ...pageQuery,
      state: statesInQuery.optional().describe('Only those in one of these states, separated by commas.'),
      environment: slug.optional().describe('Only those to this environment.'),
      phase: z.string().min(1).max(PIPELINE_LIMITS.nameLength).optional().describe('Only those of this phase.'),
    }),
    answers: { 200: { description: 'A page of deployments.', body: pageOf(deployment, 'DeploymentPage') } },
    problems: ['release.unknown'],
    handle: async ({ scope, query }) => {
      const page = pageRequest(query);
      const filter = { ...query, states: query.state };
      const rows = await listDeployments(deps.store.read, scope.release.id, filter, page);
      const { items, next } = toPage(rows, page, (row) => row);
      return ok({ items: await deploymentViews(deps.store, items), next });
    },
  });
