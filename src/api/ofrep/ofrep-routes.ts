import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { evaluateFlagRoute } from './evaluate-flag';
import { evaluateFlagsRoute } from './evaluate-flags';
import { exportFlagdRoute } from './export-flagd';
import { streamFlagChangesRoute } from './stream-flag-changes';
import { createStreamTickets } from './stream-tickets';

/** What clients of flags ask (FLG-4, FLG-5). */
export const ofrepRoutes = (deps: Deps): Route[] => {
  const tickets = createStreamTickets(deps.secretBox, deps.now);
  return [
    evaluateFlagsRoute(deps, tickets),
    evaluateFlagRoute(deps),
    streamFlagChangesRoute(deps, tickets),
    exportFlagdRoute(deps),
  ];
};
