import type { RequiredPermission } from '../domain/permission';
import type { Caller } from './caller';
import { Problem } from './problem';

/**
 * Asks for a permission that the route's own does not cover, in a project or, with null, everywhere.
 *
 * @throws Problem 403 `request.forbidden` naming it
 */
export function demandPermission(caller: Caller, permission: RequiredPermission, projectId: string | null): void {
  if (!caller.may(permission, projectId)) {
    throw new Problem('request.forbidden', `This needs the permission ${permission}`, { facts: { permission } });
  }
}
