import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { createTokenRoute } from './create-token';
import { deleteTeamRoute } from './delete-team';
import { deleteTokenRoute } from './delete-token';
import { deleteUserRoute } from './delete-user';
import { getMeRoute } from './get-me';
import { getTeamRoute } from './get-team';
import { getTokenRoute } from './get-token';
import { getUserRoute } from './get-user';
import { listTeamsRoute } from './list-teams';
import { listTokensRoute } from './list-tokens';
import { listUsersRoute } from './list-users';
import { putTeamRoute } from './put-team';
import { putUserRoute } from './put-user';

/** Who may do what: users, teams, tokens. */
export const userRoutes = (deps: Deps): Route[] => [
  getMeRoute(deps),
  listUsersRoute(deps),
  putUserRoute(deps),
  getUserRoute(deps),
  deleteUserRoute(deps),
  listTokensRoute(deps),
  createTokenRoute(deps),
  getTokenRoute(deps),
  deleteTokenRoute(deps),
  listTeamsRoute(deps),
  putTeamRoute(deps),
  getTeamRoute(deps),
  deleteTeamRoute(deps),
];
