import { checkPipeline } from '../../domain/pipeline-check';
import type { Pipeline } from '../../domain/pipeline';
import { checkExpression } from '../../expressions/check-expression';
import { pipelineFacts } from '../../store/pipelines/pipeline-facts';
import { putPipeline } from '../../store/pipelines/put-pipeline';
import type { Unit } from '../../store/store';
import { gone } from '../deletion';
import type { Deps } from '../deps';
import { checkPreconditions, type Preconditions } from '../etag';
import { faultyDefinition } from '../faulty-definition';
import { pipelineEtag } from './pipeline-view';

/** What PUT and `apply` save. */
export interface PipelineToSave {
  projectId: string;
  slug: string;
  definition: Pipeline;
  by: string;
  at: number;
  preconditions: Preconditions;
  /** Where the definition stands in the request; '' for the body itself. */
  path: string;
  endpointFault: Deps['endpointFault'];
}

/**
 * Checks a definition and saves it (PIPE-4, PIPE-5). The very content of the latest version is accepted at any time.
 *
 * @throws Problem 400 `pipeline.invalid` with all faults, 410 `pipeline.gone`, 412 `request.precondition-failed`
 */
export async function savePipeline(unit: Unit, pipeline: PipelineToSave): Promise<'created' | 'changed' | 'unchanged'> {
  const { projectId, slug, definition, by, at, preconditions, endpointFault } = pipeline;
  const facts = await pipelineFacts(unit.sql, projectId, definition, { checkExpression, endpointFault });
  const { faults } = checkPipeline(definition, facts);
  const outcome = await putPipeline(unit, {
    ...{ projectId, slug, definition, by, at },
    judge: (current) => checkPreconditions(preconditions, current && pipelineEtag(current)),
    judgeDefinition: () => {
      if (faults.length > 0) {
        throw faultyDefinition('pipeline.invalid', faults, pipeline.path);
      }
    },
  });
  if (outcome.kind === 'gone') {
    throw gone('pipeline', slug);
  }
  return outcome.kind;
}
