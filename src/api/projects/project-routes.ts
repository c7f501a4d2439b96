import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { createEvaluationKeyRoute } from './create-evaluation-key';
import { deleteEnvironmentRoute } from './delete-environment';
import { deleteEvaluationKeyRoute } from './delete-evaluation-key';
import { deleteProjectRoute } from './delete-project';
import { getEnvironmentRoute } from './get-environment';
import { getEvaluationKeyRoute } from './get-evaluation-key';
import { getProjectRoute } from './get-project';
import { listEnvironmentsRoute } from './list-environments';
import { listEvaluationKeysRoute } from './list-evaluation-keys';
import { listProjectsRoute } from './list-projects';
import { putEnvironmentRoute } from './put-environment';
import { putProjectRoute } from './put-project';

/** Projects, their environments, and who may ask for flags there. */
export const projectRoutes = (deps: Deps): Route[] => [
  listProjectsRoute(deps),
  putProjectRoute(deps),
  getProjectRoute(deps),
  deleteProjectRoute(deps),
  listEnvironmentsRoute(deps),
  putEnvironmentRoute(deps),
  getEnvironmentRoute(deps),
  deleteEnvironmentRoute(deps),
  listEvaluationKeysRoute(deps),
  createEvaluationKeyRoute(deps),
  getEvaluationKeyRoute(deps),
  deleteEvaluationKeyRoute(deps),
];
