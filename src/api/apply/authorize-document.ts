import type { RequiredPermission } from '../../domain/permission';
import { areSameEndpoints } from '../../domain/service';
import { findProject } from '../../store/projects/find-project';
import { endpointsOf } from '../../store/services/endpoints';
import { findService } from '../../store/services/find-service';
import type { Unit } from '../../store/store';
import type { Caller } from '../caller';
import { gone, unknown } from '../deletion';
import { demandPermission } from '../demand-permission';
import { toEndpoints } from '../services/service-view';
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
      return demandPermission(caller, 'Administration', null);
    case 'project':
      return authorizeProject(unit, caller, document.name);
    case 'environment':
      return authorizeInProject(unit, caller, document.project, 'EnvironmentEdit', createdProjects);
    case 'flag':
      return authorizeInProject(unit, caller, document.project, 'FlagEdit', createdProjects);
    case 'service':
      await authorizeInProject(unit, caller, document.project, 'ServiceEdit', createdProjects);
      return (await changesEndpoints(unit, document))
        ? authorizeInProject(unit, caller, document.project, 'EndpointEdit', createdProjects)
        : undefined;
    case 'variable':
      return authorizeInProject(unit, caller, document.project, 'VariableEdit', createdProjects);
    case 'pipeline':
      return authorizeInProject(unit, caller, document.project, 'PipelineEdit', createdProjects);
  }
}

type ServiceDocument = Extract<ApplyDocument, { kind: 'service' }>;

async function changesEndpoints(unit: Unit, document: ServiceDocument): Promise<boolean> {
  const wanted = toEndpoints(document.spec);
  if (wanted === null) {
    return false;
  }
  const project = await findProject(unit.sql, document.project);
  const service = project && (await findService(unit.sql, project.id, document.name));
  const current = service && (await endpointsOf(unit.sql, [service.id])).get(service.id);
  return !areSameEndpoints(current ?? new Map(), wanted);
}

async function authorizeProject(unit: Unit, caller: Caller, name: string): Promise<void> {
  const project = await findProject(unit.sql, name);
  if (project && caller.may('ProjectView', project.id)) {
    return demandPermission(caller, 'ProjectEdit', project.id);
  }
  return demandPermission(caller, 'Administration', null);
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
    return demandPermission(caller, permission, null);
  }
  if (project === null || !(caller.may(permission, project.id) || caller.may('ProjectView', project.id))) {
    throw unknown('project', name);
  }
  if (project.deletedAt !== null) {
    throw gone('project', name);
  }
  return demandPermission(caller, permission, project.id);
}
