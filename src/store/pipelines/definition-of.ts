import type { Kysely } from 'kysely';

import { completePipeline, type AnyPipeline, type Pipeline } from '../../domain/pipeline';
import type { Tables } from '../tables';

/** The definition of one version of a pipeline, also one that an earlier version of this software stored. */
export async function definitionOf(sql: Kysely<Tables>, pipelineId: string, version: number): Promise<Pipeline> {
  const { definition } = await sql
    .selectFrom('pipelineVersions')
    .select('definition')
    .where('pipelineId', '=', pipelineId)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  return completePipeline(JSON.parse(definition) as AnyPipeline);
}
