import type { Json } from '../../domain/json';
import { getFlag } from '../../store/flags/get-flag';
import { findPipeline } from '../../store/pipelines/find-pipeline';
import { findEnvironment } from '../../store/projects/find-environment';
import { findProject } from '../../store/projects/find-project';
import { findService } from '../../store/services/find-service';
import { serviceRecords } from '../../store/services/service-record';
import type { Unit } from '../../store/store';
import { findTeam } from '../../store/users/find-team';
import { findUser } from '../../store/users/find-user';
import { getVariable } from '../../store/variables/variable-record';
import { showEnvironment } from '../projects/environment-view';
import { showProject } from '../projects/project-view';
import { fromPipeline } from '../schemas/pipeline';
import { showServiceSettings } from '../services/service-view';
import { readTeam } from '../users/team-view';
import { readUser } from '../users/user-view';
import { showVariableSettings } from '../variables/variable-view';
import type { ApplyDocument } from './apply-body';

/** What can be set of the thing that a document names, as it is in this transaction; null when it is not there. */
export async function showDocument(unit: Unit, document: ApplyDocument): Promise<Json> {
  const shown = await readThing(unit, document);
  return shown === null ? null : settingsIn(shown);
}

async function readThing(unit: Unit, document: ApplyDocument): Promise<object | null> {
  const { sql } = unit;
  switch (document.kind) {
    case 'project': {
      const project = await findProject(sql, document.name);
      return project && showProject(project);
    }
    case 'user': {
      const user = await findUser(sql, document.name);
      return user && (await readUser(sql, user)).view;
    }
    case 'team': {
      const team = await findTeam(sql, document.name);
      return team && (await readTeam(sql, team)).view;
    }
    default: {
      const project = await findProject(sql, document.project);
      return project && readInProject(unit, project.id, document);
    }
  }
}

async function readInProject(
  { sql }: Unit,
  projectId: string,
  document: Extract<ApplyDocument, { kind: 'environment' | 'flag' | 'service' | 'variable' | 'pipeline' }>,
): Promise<object | null> {
  switch (document.kind) {
    case 'environment': {
      const environment = await findEnvironment(sql, projectId, document.name);
      return environment && showEnvironment(environment, document.project);
    }
    case 'flag': {
      const flag = await getFlag(sql, projectId, document.name);
      return flag ? { kind: flag.kind, description: flag.description, definition: flag.definition } : null;
    }
    case 'service': {
      const service = await findService(sql, projectId, document.name);
      const [record] = await serviceRecords(sql, service ? [service] : []);
      return record ? showServiceSettings(record) : null;
    }
    case 'variable': {
      const variable = await getVariable(sql, projectId, document.name);
      return variable && showVariableSettings(variable);
    }
    case 'pipeline': {
      const pipeline = await findPipeline(sql, projectId, document.name);
      return pipeline ? fromPipeline(pipeline.definition) : null;
    }
  }
}

const NOT_SETTINGS: readonly string[] = ['name', 'project', 'createdAt'];

function settingsIn(shown: object): Json {
  return Object.fromEntries(Object.entries(shown).filter(([field]) => !NOT_SETTINGS.includes(field))) as Json;
}
