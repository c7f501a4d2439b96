import type { Unit } from '../store';

export type DeleteEvaluationKeyOutcome = 'deleted' | 'unknown' | 'gone';

/** Takes an evaluation key away. */
export async function deleteEvaluationKey(
  unit: Unit,
  input: { projectId: string; environment: { id: string; slug: string }; id: string; by: string; at: number },
): Promise<DeleteEvaluationKeyOutcome> {
  const { environment, id, by, at } = input;
  const query = unit.sql.selectFrom('evaluationKeys').select('deletedAt');
  const known = await unit
    .forUpdate(query.where('id', '=', id).where('environmentId', '=', environment.id))
    .executeTakeFirst();
  if (!known) {
    return 'unknown';
  }
  if (known.deletedAt !== null) {
    return 'gone';
  }
  await unit.sql.updateTable('evaluationKeys').set({ deletedAt: at }).where('id', '=', id).execute();
  unit.record({
    type: 'evaluation-key-deleted',
    at,
    actorId: by,
    projectId: input.projectId,
    releaseId: null,
    data: { environment: environment.slug, id },
  });
  return 'deleted';
}
