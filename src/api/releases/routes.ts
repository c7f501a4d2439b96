import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { actOnRelease } from './act-on-release';
import { getAction } from './get-action';
import { getRelease } from './get-release';
import { listReleasesRoute } from './list-releases';
import { triggerReleaseRoute } from './trigger-release';

/** Releases and the actions on them. */
export function releaseRoutes(deps: Deps): Route[] {
  return [triggerReleaseRoute(deps), listReleasesRoute(deps), getRelease(deps), ...actOnRelease(deps), getAction(deps)];
}
