import type { Caller } from './caller';

/** The ids of the projects a caller may see, for lists (INV-7); null: all of them. */
export function visibleProjects(caller: Caller): string[] | null {
  if (caller.may('ProjectView', null)) {
    return null;
  }
  const named = [...caller.rights.user, ...(caller.rights.token ?? [])].flatMap(({ project }) => project ?? []);
  return [...new Set(named)].filter((project) => caller.may('ProjectView', project));
}
