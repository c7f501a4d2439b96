import type { Pipeline } from '../../domain/pipeline';
import { checkPipeline } from '../../domain/pipeline-check';
import { shortenedAddress } from '../../domain/shortened-address';
import { checkExpression } from '../../expressions/check-expression';
import { pipelineFacts } from '../../store/pipelines/pipeline-facts';
import type { StoredPipeline } from '../../store/pipelines/find-pipeline';
import type { PipelineVersion } from '../../store/pipelines/put-pipeline';
import type { Caller } from '../caller';
import type { Deps } from '../deps';
import { etagOf } from '../etag';
import { toInstant } from '../schemas/common';
import { fromPipeline } from '../schemas/pipeline';

/** Changes exactly when the definition does (PIPE-5, HTTP-7). */
export function pipelineEtag({ id, version }: PipelineVersion): string {
  return etagOf('pipeline', id, version);
}

/**
 * A version of a pipeline as its readers get it, in the shape of the schema `pipelineAnswer`. Whoever knows the webhook of
 * a chat can post there: of these addresses who may not edit the pipeline sees the origin (INV-7).
 */
export async function pipelineView(
  { store, endpointFault }: Pick<Deps, 'store' | 'endpointFault'>,
  project: string,
  pipeline: StoredPipeline,
  caller: Caller,
) {
  const judges = { checkExpression, endpointFault };
  const facts = await pipelineFacts(store.read, pipeline.projectId, pipeline.definition, judges);
  const mayEdit = caller.may('PipelineEdit', pipeline.projectId);
  return {
    ...fieldsOf(project, pipeline),
    ...fromPipeline(mayEdit ? pipeline.definition : withoutAddresses(pipeline.definition)),
    warnings: checkPipeline(pipeline.definition, facts).warnings,
  };
}

function withoutAddresses(pipeline: Pipeline): Pipeline {
  const process = pipeline.process.map((step) =>
    step.kind === 'notify' ? { ...step, url: shortenedAddress(step.url) } : step,
  );
  return { ...pipeline, process };
}

/** The same in a list, in the shape of the schema `listedPipeline`. */
export function listedPipelineView(project: string, pipeline: StoredPipeline) {
  return { ...fieldsOf(project, pipeline), phases: pipeline.definition.phases.map(({ name }) => name) };
}

function fieldsOf(project: string, pipeline: StoredPipeline) {
  return {
    project,
    name: pipeline.slug,
    version: pipeline.version,
    latestVersion: pipeline.latestVersion,
    createdAt: toInstant(pipeline.createdAt),
    savedAt: toInstant(pipeline.savedAt),
    savedBy: pipeline.savedBy,
  };
}
