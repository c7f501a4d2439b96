import type { Kysely } from 'kysely';

import type { ProcessStep } from '../../domain/pipeline';
import { definitionOf } from '../pipelines/definition-of';
import type { ReleaseRow } from '../releases/stored-release';
import { planOfRow } from '../releases/stored-release';
import type { Tables } from '../tables';

/**
 * The steps of the pipeline version that a release has pinned, by their index in its plan; a roll-out that is implied
 * has no entry.
 */
export async function processOf(
  sql: Kysely<Tables>,
  release: Pick<ReleaseRow, 'plan' | 'pipelineId' | 'pipelineVersion'>,
): Promise<Map<number, ProcessStep>> {
  const { process } = await definitionOf(sql, release.pipelineId, release.pipelineVersion);
  const byName = new Map(process.map((step) => [step.name, step]));
  return new Map(
    planOfRow(release).process.flatMap(({ name }, index): [number, ProcessStep][] => {
      const step = byName.get(name);
      return step ? [[index, step]] : [];
    }),
  );
}
