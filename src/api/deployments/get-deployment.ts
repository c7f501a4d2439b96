import { z } from 'zod';

import { BUILT_IN } from '../../domain/variables';
import { findDeployment, logOf, type DeploymentRecord } from '../../store/deployments/list-deployments';
import { variablesOf } from '../../store/process/deployment-variables';
import { defineRoute, ok, type ScopeRequest } from '../define-route';
import type { Deps } from '../deps';
import { Problem } from '../problem';
import { findRelease } from '../releases/release-scope';
import { id, toInstant } from '../schemas/common';
import { deploymentLogPage, deploymentVariables } from '../schemas/deployment';
import { cursorOf, pageQuery, pageRequest } from '../schemas/page';
import { deployment as deploymentSchema } from '../schemas/release';
import { deploymentViews } from './deployment-view';

const params = z.strictObject({ deployment: id });

/** `GET /v1/deployments/{id}`: what a deployment has done, and what it waits for. */
export const getDeployment = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/deployments/:deployment',
    operationId: 'getDeployment',
    summary: 'A deployment: its steps, what it asks people, and who ended it',
    permission: { name: 'ProjectView', in: deploymentScope(deps) },
    params,
    answers: { 200: { description: 'The deployment as it is now.', body: deploymentSchema } },
    problems: ['deployment.unknown'],
    handle: async ({ scope: { deployment } }) => {
      const [view] = await deploymentViews(deps.store, [deployment]);
      if (!view) {
        throw unknownDeployment(deployment.id);
      }
      return ok(view);
    },
  });

/** `GET /v1/deployments/{id}/variables`: what its steps could use (VAR-5); sensitive values are not shown. */
export const getDeploymentVariables = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/deployments/:deployment/variables',
    operationId: 'getDeploymentVariables',
    summary: 'The variables of a deployment, as its steps have them',
    description: 'Those of the project are as they were when it started (VAR-6); the value of a sensitive one is null.',
    permission: { name: 'ProjectView', in: deploymentScope(deps) },
    params,
    answers: { 200: { description: 'All of them, by name.', body: deploymentVariables } },
    problems: ['deployment.unknown'],
    handle: async ({ scope: { deployment } }) => {
      const variables = await variablesOf(deps.store.read, deployment.id);
      const own = variables.length === 1 && variables[0]?.name === BUILT_IN.error ? [] : variables;
      return ok({
        items: own.map(({ name, value, sensitive, source }) => ({
          name,
          value: sensitive === 1 ? null : value,
          sensitive: sensitive === 1,
          source,
        })),
        next: null,
      });
    },
  });

/** `GET /v1/deployments/{id}/log`: what happened, line by line, oldest first. */
export const getDeploymentLog = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/deployments/:deployment/log',
    operationId: 'getDeploymentLog',
    summary: 'What happened in a deployment, line by line, oldest first',
    permission: { name: 'ProjectView', in: deploymentScope(deps) },
    params,
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'A page of lines.', body: deploymentLogPage } },
    problems: ['deployment.unknown'],
    handle: async ({ scope: { deployment }, query }) => {
      const { limit, after } = pageRequest(query);
      const lines = await logOf(deps.store.read, deployment.id, { after: after?.createdAt ?? 0, limit });
      const shown = lines.slice(0, limit);
      const last = shown.at(-1);
      return ok({
        items: shown.map(({ number, at, step, message }) => ({ number, at: toInstant(at), step, message })),
        next: lines.length > limit && last ? cursorOf({ createdAt: last.number, id: deployment.id }) : null,
      });
    },
  });

function unknownDeployment(deployment: string): Problem {
  return new Problem('deployment.unknown', `There is no deployment ${deployment}`);
}

/** Whoever may see the release may see its deployments. */
function deploymentScope({ store }: Deps) {
  return async ({ params: { deployment: asked = '' }, caller }: ScopeRequest) => {
    const deployment: DeploymentRecord | undefined = await findDeployment(store.read, asked);
    if (!deployment) {
      throw unknownDeployment(asked);
    }
    const release = await findRelease(store, caller, deployment.releaseId);
    return { ...release, deployment, permitted: release.visible ?? false, hidden: unknownDeployment(asked) };
  };
}
