import type { RequiredPermission } from '../../domain/permission';
import { findProject } from '../../store/projects/find-project';
import type { Unit } from '../../store/store';
import type { Caller } from '../caller';
import { gone, unknown } from '../deletion';
import { Problem } from '../problem';
import type { ApplyDocument } from './apply-body';

/**
 * Checks a document's permission as if it were sent alone, before any is written (SEC-2): what another document would
 * grant, or create, gives no right here. What belongs to a project that does not exist yet needs the permission
 * everywhere, as does creating the project.
 *
 * @throws Problem 403 `request.forbidden`, 404 `project.unknown`, 410 `project.gone`
 */
export async function authorizeDocument(
  unit: Unit,
  caller: Caller,
  document: ApplyDocument,
  createdProjects: ReadonlySet<string>,
): Promise<void> {
  switch (document.kind) {
    case 'user':
    case 'team':
      return demand(caller, 'Administration', null);
    case 'project':
      return authorizeProject(unit, caller, document.name);
    case 'environment':
      return authorizeInProject(unit, caller, document.project, 'EnvironmentEdit', createdProjects);
    case 'flag':
      return authorizeInProject(unit, caller, document.project, 'FlagEdit', createdProjects);
    case 'pipeline':
      return authorizeInProject(unit, caller, document.project, 'PipelineEdit', createdProjects);
  }
}

async function authorizeProject(unit: Unit, caller: Caller, name: string): Promise<void> {
  const project = await findProject(unit.sql, name);
  if (project && caller.may('ProjectView', project.id)) {
    return demand(caller, 'ProjectEdit', project.id);
  }
  return demand(caller, 'Administration', null);
}

async function authorizeInProject(
  unit: Unit,
  caller: Caller,
  name: string,
  permission: RequiredPermission,
  createdProjects: ReadonlySet<string>,
): Promise<void> {
  const project = await findProject(unit.sql, name);
  if (project === null && createdProjects.has(name)) {
    return demand(caller, permission, null);
  }
  if (project === null || !(caller.may(permission, project.id) || caller.may('ProjectView', project.id))) {
    throw unknown('project', name);
  }
  if (project.deletedAt !== null) {
    throw gone('project', name);
  }
  return demand(caller, permission, project.id);
}

function demand(caller: Caller, permission: RequiredPermission, projectId: string | null): void {
  if (!caller.may(permission, projectId)) {
    throw new Problem('request.forbidden', `This needs the permission ${permission}`, { facts: { permission } });
  }
}
