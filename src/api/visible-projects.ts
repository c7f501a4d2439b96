import { mayDo, tokenCarries, type Permission } from '../domain/permission';
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

/** The ids of the projects that the caller's token was left with that permission, whatever its user holds; null: all. */
export function projectsOfToken({ rights }: Caller, permission: Permission): string[] | null {
  const named = (rights.token ?? []).flatMap(({ project }) => project ?? []);
  return rights.token === null || mayDo({ user: rights.token, token: null }, permission, null)
    ? null
    : [...new Set(named)].filter((project) => tokenCarries(rights, permission, project));
}
