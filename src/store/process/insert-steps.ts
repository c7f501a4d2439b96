import type { StepPlan } from '../../domain/release-plan';
import { inPieces } from '../in-pieces';
import type { Unit } from '../store';

/** The steps of new deployments, none of which has begun; those of one that was queued are there already. */
export async function insertSteps(
  unit: Unit,
  deployments: readonly { id: string }[],
  process: readonly StepPlan[],
): Promise<void> {
  const rows = deployments.flatMap(({ id: deploymentId }) =>
    process.map(({ name, kind }, position) => ({
      deploymentId,
      position,
      name,
      kind,
      state: 'pending' as const,
      try: 1,
      startedAt: null,
      endedAt: null,
      detail: null,
      error: null,
      errored: 0 as const,
    })),
  );
  for (const piece of inPieces(rows)) {
    await unit.sql
      .insertInto('deploymentSteps')
      .values(piece)
      .onConflict((conflict) => conflict.columns(['deploymentId', 'position']).doNothing())
      .execute();
  }
}
