import type { Permission } from '../domain/permission';
import type { Caller } from './caller';

/** The ids of the projects a caller may see, for lists (INV-7); null: all of them. */
export function visibleProjects(caller: Caller): string[] | null {
  return projectsWith(caller, 'ProjectView');
}

/** The ids of the projects in which a caller holds a permission; null: everywhere. */
export function projectsWith(caller: Caller, permission: Permission): string[] | null {
  if (caller.may(permission, null)) {
    return null;
  }
  const named = [...caller.rights.user, ...(caller.rights.token ?? [])].flatMap(({ project }) => project ?? []);
  return [...new Set(named)].filter((project) => caller.may(permission, project));
}
