import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { acceptDrift } from './accept-drift';
import { actOnRelease } from './act-on-release';
import { getAction } from './get-action';
import { getWhy } from './get-why';
import { getRelease } from './get-release';
import { listDeploymentsRoute } from './list-deployments';
import { listDriftRoute } from './list-drift';
import { listReleaseEvents } from './list-release-events';
import { listReleasesRoute } from './list-releases';
import { repairReleaseRoute } from './repair-release';
import { triggerReleaseRoute } from './trigger-release';

/** Releases and the actions on them. */
export function releaseRoutes(deps: Deps): Route[] {
  return [
    triggerReleaseRoute(deps),
    listReleasesRoute(deps),
    getRelease(deps),
    getWhy(deps),
    listReleaseEvents(deps),
    listDeploymentsRoute(deps),
    listDriftRoute(deps),
    acceptDrift(deps),
    ...actOnRelease(deps),
    repairReleaseRoute(deps),
    getAction(deps),
  ];
}
