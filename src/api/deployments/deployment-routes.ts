import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { getDeployment, getDeploymentLog, getDeploymentVariables } from './get-deployment';

/** What deployments have done. */
export function deploymentRoutes(deps: Deps): Route[] {
  return [getDeployment(deps), getDeploymentVariables(deps), getDeploymentLog(deps)];
}
