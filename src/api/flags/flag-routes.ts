import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { deleteFlagRoute } from './delete-flag';
import { getFlagRoute } from './get-flag';
import { listFlagsRoute } from './list-flags';
import { putFlagRoute } from './put-flag';

/** Flags and what is live of them; their clients have routes of their own (FLG-4). */
export const flagRoutes = (deps: Deps): Route[] => [
  listFlagsRoute(deps),
  putFlagRoute(deps),
  getFlagRoute(deps),
  deleteFlagRoute(deps),
];
