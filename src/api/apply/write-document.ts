import type { Unit } from '../../store/store';
import { findProject, type ProjectRow } from '../../store/projects/find-project';
import type { Caller } from '../caller';
import { gone, unknown } from '../deletion';
import type { Deps } from '../deps';
import { saveFlag } from '../flags/save-flag';
import { savePipeline } from '../pipelines/save-pipeline';
import { saveEnvironment } from '../projects/save-environment';
import { saveProject } from '../projects/save-project';
import { toDefinition } from '../schemas/flag-definition';
import { toPipeline } from '../schemas/pipeline';
import { saveService } from '../services/save-service';
import { saveTeam } from '../users/save-team';
import { saveUser } from '../users/save-user';
import { saveVariable } from '../variables/save-variable';
import type { ApplyDocument } from './apply-body';

/** A document names no version: whoever keeps it in a repository wants what it says. */
const preconditions = { ifMatch: null, ifNoneMatch: null };

/** Who writes, when, and what a document is judged by beside the store. */
export interface Writing extends Pick<Deps, 'endpointFault' | 'secretBox'> {
  caller: Caller;
  at: number;
}

/**
 * Writes one document as the PUT of its kind would; a flag is compared with what was last applied (REL-4). Paths of
 * faults begin at `spec`.
 *
 * @throws Problem as the PUT of its kind
 */
export async function writeDocument(
  unit: Unit,
  document: ApplyDocument,
  { caller, at, endpointFault, secretBox }: Writing,
): Promise<'created' | 'changed' | 'unchanged'> {
  const by = caller.userId;
  const slug = document.name;
  switch (document.kind) {
    case 'project':
      return (await saveProject(unit, { slug, body: document.spec, by, at, preconditions })).kind;
    case 'user':
      return (await saveUser(unit, { slug, body: document.spec, caller, at, preconditions })).kind;
    case 'team':
      return (await saveTeam(unit, { slug, body: document.spec, caller, at, preconditions })).kind;
    case 'environment': {
      const { id: projectId } = await liveProject(unit, document.project);
      return (await saveEnvironment(unit, { projectId, slug, body: document.spec, by, at, preconditions })).kind;
    }
    case 'flag': {
      const { id: projectId } = await liveProject(unit, document.project);
      const outcome = await saveFlag(unit, {
        projectId,
        slug,
        kind: document.spec.kind,
        description: document.spec.description ?? '',
        definition: toDefinition(document.spec.definition),
        environments: null,
        mayOverride: caller.may('FlagOverride', projectId),
        isApplied: true,
        actorId: by,
        at,
        preconditions,
        path: 'definition',
      });
      return outcome === 'edited' ? 'changed' : outcome;
    }
    case 'service': {
      const { id: projectId } = await liveProject(unit, document.project);
      const { spec: body } = document;
      return (await saveService(unit, { projectId, slug, body, caller, at, preconditions, endpointFault })).kind;
    }
    case 'variable': {
      const { id: projectId } = await liveProject(unit, document.project);
      const { name, spec: body } = document;
      return saveVariable(unit, { projectId, name, body, isDocument: true, secretBox, by, at, preconditions });
    }
    case 'pipeline': {
      const { id: projectId } = await liveProject(unit, document.project);
      const definition = toPipeline(document.spec);
      return savePipeline(unit, { projectId, slug, definition, by, at, preconditions, path: '', endpointFault });
    }
  }
}

/** The project that a document names, as it is in this transaction. */
async function liveProject(unit: Unit, name: string): Promise<ProjectRow> {
  const project = await findProject(unit.sql, name);
  if (project === null) {
    throw unknown('project', name);
  }
  if (project.deletedAt !== null) {
    throw gone('project', name);
  }
  return project;
}
