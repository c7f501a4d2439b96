import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { deleteVariableRoute } from './delete-variable';
import { getVariableRoute } from './get-variable';
import { listVariablesRoute } from './list-variables';
import { putVariableRoute } from './put-variable';

/** What templates and expressions of a project's processes can name (VAR-6). */
export const variableRoutes = (deps: Deps): Route[] => [
  listVariablesRoute(deps),
  putVariableRoute(deps),
  getVariableRoute(deps),
  deleteVariableRoute(deps),
];
