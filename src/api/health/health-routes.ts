import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { getLivezRoute } from './get-livez';
import { getMetricsRoute } from './get-metrics';
import { getReadyzRoute } from './get-readyz';

/** How the service is, for machines; no token needed (HTTP-8). */
export const healthRoutes = (deps: Deps): Route[] => [getLivezRoute(), getReadyzRoute(deps), getMetricsRoute(deps)];
