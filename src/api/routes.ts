import type { Route } from './define-route';
import type { Deps } from './deps';
import { openApiRoute } from './openapi-route';

/** Every route there is: one list per area, one line here. */
export function routes(deps: Deps): Route[] {
  const operations: Route[] = [];
  return [...operations, openApiRoute(operations)];
}
