import { z } from 'zod';

import { listDeployments, type DeploymentRecord } from '../../store/releases/list-deployments';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { id, toInstant, toInstantOrNull } from '../schemas/common';
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
      return ok(toPage(rows, page, deploymentView));
    },
  });

function deploymentView(row: DeploymentRecord) {
  const [startedAt, endedAt] = [toInstantOrNull(row.startedAt), toInstantOrNull(row.endedAt)];
  return {
    id: row.id,
    release: row.releaseId,
    track: null,
    phase: row.phase,
    environment: row.environment,
    tenant: null,
    attempt: row.attempt,
    state: row.state,
    errored: row.errored === 1,
    // A pipeline has no process yet: a deployment is the roll-out of the change set.
    steps: [
      {
        name: 'roll-out',
        kind: 'roll-out' as const,
        state: row.state === 'queued' || row.state === 'waiting' ? ('pending' as const) : row.state,
        startedAt,
        endedAt,
        error: row.error,
      },
    ],
    interruptions: [],
    triggeredBy: null,
    endedBy: row.endedByName,
    createdAt: toInstant(row.createdAt),
    startedAt,
    endedAt,
  };
}
