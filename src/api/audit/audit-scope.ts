import { findProject } from '../../store/projects/find-project';
import type { Store } from '../../store/store';
import type { Caller } from '../caller';
import type { Scope, ScopeRequest } from '../define-route';
import { unknown } from '../deletion';

/** The project that `?project=` names, deleted ones included: history stays readable (HTTP-7). */
export async function projectOfQuery(store: Store, { query, caller }: ScopeRequest): Promise<Scope> {
  const name = query['project'];
  if (typeof name !== 'string') {
    return { projectId: null };
  }
  const project = await findProject(store.read, name);
  if (!project) {
    throw unknown('project', name);
  }
  const visible = caller.may('ProjectView', project.id) || caller.may('AuditView', project.id);
  return { projectId: project.id, visible, hidden: unknown('project', name) };
}

/** Whose entries the caller may read, by project id, null for the installation's own; undefined: everybody's. */
export function auditedProjects(caller: Caller): (string | null)[] | undefined {
  if (caller.may('AuditView', null)) {
    return undefined;
  }
  const named = [...caller.rights.user, ...(caller.rights.token ?? [])].flatMap(({ project }) => project ?? []);
  return [...new Set(named)].filter((project) => caller.may('AuditView', project));
}
