import { findEnvironment, type EnvironmentRow } from '../../store/projects/find-environment';
import { findProject, type ProjectRow } from '../../store/projects/find-project';
import type { Store } from '../../store/store';
import type { Scope, ScopeRequest } from '../define-route';
import { gone, unknown } from '../deletion';

export interface ProjectScope extends Scope {
  projectId: string;
  project: ProjectRow;
}

export interface EnvironmentScope extends ProjectScope {
  environment: EnvironmentRow;
}

/**
 * The project that `:project` names. One whom the caller may not see reads like one that does not exist; a deleted one
 * is 410, for those who could see it (HTTP-3, HTTP-7).
 */
export const projectScope =
  (store: Store) =>
  async ({ params, caller }: ScopeRequest): Promise<ProjectScope> => {
    const name = params['project'] ?? '';
    const project = await findProject(store.read, name);
    if (!project) {
      throw unknown('project', name);
    }
    if (project.deletedAt !== null && caller.may('ProjectView', project.id)) {
      throw gone('project', name);
    }
    return { projectId: project.id, project, hidden: unknown('project', name) };
  };

/** The same with the environment that `:environment` names, existing or deleted alike. */
export const environmentScope =
  (store: Store) =>
  async (request: ScopeRequest): Promise<EnvironmentScope> => {
    const scope = await projectScope(store)(request);
    const name = request.params['environment'] ?? '';
    const environment = await findEnvironment(store.read, scope.projectId, name);
    // Whether it exists is told only to those who may see the project.
    if (!request.caller.may('ProjectView', scope.projectId)) {
      throw unknown('project', scope.project.slug);
    }
    if (!environment) {
      throw unknown('environment', name);
    }
    if (environment.deletedAt !== null) {
      throw gone('environment', name);
    }
    return { ...scope, environment };
  };

/**
 * Where writing a project is asked for: in it, or everywhere for one that does not exist yet. To one who may not see the
 * project it looks as if it did not exist.
 */
export const projectToPut =
  (store: Store) =>
  async ({ params, caller }: ScopeRequest): Promise<Scope> => {
    const project = await findProject(store.read, params['project'] ?? '');
    return project && caller.may('ProjectView', project.id)
      ? { projectId: project.id }
      : { projectId: null, needs: 'Administration' };
  };
