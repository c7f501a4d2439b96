import type { Kysely } from 'kysely';
import type { Tables } from '../tables';

export interface LiveEvaluationKey {
  keyHash: string;
  keyId: string;
  kind: 'server' | 'client';
  projectId: string;
  environmentId: string;
}

/** All evaluation keys that open something now. */
export async function liveEvaluationKeys(sql: Kysely<Tables>): Promise<LiveEvaluationKey[]> {
  return sql
    .selectFrom('evaluationKeys')
    .innerJoin('environments', 'environments.id', 'evaluationKeys.environmentId')
    .innerJoin('projects', 'projects.id', 'environments.projectId')
    .select([
      'evaluationKeys.keyHash',
      'evaluationKeys.id as keyId',
      'evaluationKeys.kind',
      'projects.id as projectId',
      'environments.id as environmentId',
    ])
    .where('evaluationKeys.deletedAt', 'is', null)
    .where('environments.deletedAt', 'is', null)
    .where('projects.deletedAt', 'is', null)
    .execute();
}
