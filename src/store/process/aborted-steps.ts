import type { Kysely } from 'kysely';

import { inPieces } from '../in-pieces';
import type { Tables } from '../tables';

/** Names of the steps whose abort by a person was the first to end their deployment (INT-5), by deployment. */
export async function abortedSteps(
  sql: Kysely<Tables>,
  deployments: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const piece of inPieces(deployments)) {
    const rows = await sql
      .selectFrom('interruptions')
      .innerJoin('deploymentSteps', (join) =>
        join
          .onRef('deploymentSteps.deploymentId', '=', 'interruptions.deploymentId')
          .onRef('deploymentSteps.position', '=', 'interruptions.position'),
      )
      .select(['interruptions.deploymentId', 'deploymentSteps.name'])
      .where('interruptions.deploymentId', 'in', piece)
      .where('interruptions.result', '=', 'abort')
      .where('interruptions.submittedBy', 'is not', null)
      .orderBy('interruptions.endedAt', 'desc')
      .orderBy('interruptions.position', 'desc')
      .execute();
    // Of each the last one that is set is the first.
    rows.forEach(({ deploymentId, name }) => names.set(deploymentId, name));
  }
  return names;
}
