import { newId } from '../new-id';
import type { Unit } from '../store';

/** Makes an evaluation key and returns its id; of the key itself only the hash is kept. */
export async function createEvaluationKey(
  unit: Unit,
  input: {
    projectId: string;
    environment: { id: string; slug: string };
    kind: 'server' | 'client';
    name: string;
    keyHash: string;
    by: string;
    at: number;
  },
): Promise<string> {
  const { environment, kind, name, keyHash, by, at } = input;
  const id = newId();
  await unit.sql
    .insertInto('evaluationKeys')
    .values({ id, environmentId: environment.id, kind, name, keyHash, createdAt: at, deletedAt: null })
    .execute();
  unit.record({
    type: 'evaluation-key-created',
    at,
    actorId: by,
    projectId: input.projectId,
    releaseId: null,
    data: { environment: environment.slug, id, kind, name },
  });
  return id;
}
