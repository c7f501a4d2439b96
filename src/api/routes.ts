import type { Route } from './define-route';
import type { Deps } from './deps';
import { flagRoutes } from './flags/flag-routes';
import { openApiRoute } from './openapi-route';
import { pipelineRoutes } from './pipelines/pipeline-routes';
import { releaseRoutes } from './releases/routes';

/** Every route there is: one list per area, one line here. */
export function routes(deps: Deps): Route[] {
  const operations: Route[] = [...flagRoutes(deps), ...pipelineRoutes(deps), ...releaseRoutes(deps)];
  return [...operations, openApiRoute(operations)];
}
