import { canonicalJson } from '../../domain/canonical-json';
import type { Pipeline } from '../../domain/pipeline';
import { newId } from '../new-id';
import type { Unit } from '../store';
import { definitionOf } from './definition-of';

/** What to save, and whose doing it is. */
export interface PipelineToPut {
  projectId: string;
  slug: string;
  definition: Pipeline;
  by: string;
  at: number;
  /** Judges the write inside its transaction, with the pipeline as it is then; what it throws leaves all as it was. */
  judge: (current: PipelineVersion | null) => void;
  /** Judges the definition (PIPE-4), where it is new: the same content is accepted at any time (HTTP-7). */
  judgeDefinition: () => void;
}

/** A pipeline's latest version. */
export interface PipelineVersion {
  id: string;
  version: number;
}

/** `gone`: the name belonged to a pipeline that was deleted (HTTP-1). */
export type PutPipelineOutcome =
  { kind: 'created' | 'changed' | 'unchanged'; id: string; version: number } | { kind: 'gone' };

/** Saves a pipeline (PIPE-5): changed content makes a new version, the same content none, and no event. */
export async function putPipeline(unit: Unit, input: PipelineToPut): Promise<PutPipelineOutcome> {
  const { projectId, slug } = input;
  const known = await unit
    .forUpdate(unit.sql.selectFrom('pipelines').where('projectId', '=', projectId).where('slug', '=', slug))
    .select(['id', 'version', 'deletedAt'])
    .executeTakeFirst();
  if (known && known.deletedAt !== null) {
    return { kind: 'gone' };
  }
  input.judge(known ?? null);

  const definition = canonicalJson(input.definition);
  if (known && definition === canonicalJson(await definitionOf(unit.sql, known.id, known.version))) {
    return { kind: 'unchanged', id: known.id, version: known.version };
  }
  input.judgeDefinition();
  if (!known) {
    const id = newId();
    await unit.sql
      .insertInto('pipelines')
      .values({ id, projectId, slug, version: 1, createdAt: input.at, deletedAt: null })
      .execute();
    await addVersion(unit, input, id, 1, definition);
    return { kind: 'created', id, version: 1 };
  }
  const version = known.version + 1;
  await unit.sql.updateTable('pipelines').set({ version }).where('id', '=', known.id).execute();
  await addVersion(unit, input, known.id, version, definition);
  return { kind: 'changed', id: known.id, version };
}

async function addVersion(
  unit: Unit,
  { projectId, slug, by, at }: PipelineToPut,
  pipelineId: string,
  version: number,
  definition: string,
): Promise<void> {
  await unit.sql
    .insertInto('pipelineVersions')
    .values({ pipelineId, version, definition, createdBy: by, createdAt: at })
    .execute();
  unit.record({
    type: version === 1 ? 'pipeline-created' : 'pipeline-changed',
    at,
    actorId: by,
    projectId,
    releaseId: null,
    data: { pipeline: slug, version },
  });
}
