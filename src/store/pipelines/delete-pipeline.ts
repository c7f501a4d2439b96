import type { Unit } from '../store';
import type { PipelineVersion } from './put-pipeline';

/** What became of it; `users` are the ids of the releases that run on it (PIPE-5). */
export type DeletePipelineOutcome =
  { kind: 'deleted' } | { kind: 'unknown' } | { kind: 'gone' } | { kind: 'busy'; users: string[] };

/** How many running releases a refusal names. */
const MOST_NAMED = 100;

/**
 * Deletes a pipeline softly (HTTP-7): its versions stay for the releases that pinned them, its name is not given again.
 * A trigger locks the same row, so that of a race one always sees the other.
 */
export async function deletePipeline(
  unit: Unit,
  pipeline: {
    projectId: string;
    slug: string;
    by: string;
    at: number;
    /** As in `putPipeline`. */
    judge: (current: PipelineVersion) => void;
  },
): Promise<DeletePipelineOutcome> {
  const { projectId, slug, by, at } = pipeline;
  const known = await unit
    .forUpdate(unit.sql.selectFrom('pipelines').where('projectId', '=', projectId).where('slug', '=', slug))
    .select(['id', 'version', 'deletedAt'])
    .executeTakeFirst();
  if (!known) {
    return { kind: 'unknown' };
  }
  if (known.deletedAt !== null) {
    return { kind: 'gone' };
  }
  pipeline.judge(known);

  const running = await unit.sql
    .selectFrom('releases')
    .select('id')
    .where('pipelineId', '=', known.id)
    .where('live', '=', 1)
    .orderBy('id')
    .limit(MOST_NAMED)
    .execute();
  if (running.length > 0) {
    return { kind: 'busy', users: running.map(({ id }) => id) };
  }
  await unit.sql.updateTable('pipelines').set({ deletedAt: at }).where('id', '=', known.id).execute();
  unit.record({
    type: 'pipeline-deleted',
    at,
    actorId: by,
    projectId,
    releaseId: null,
    data: { pipeline: slug, version: known.version },
  });
  return { kind: 'deleted' };
}
