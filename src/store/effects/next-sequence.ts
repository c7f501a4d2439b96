import type { Instant } from '../../domain/instant';
import type { Unit } from '../store';

/**
 * The next sequence of a target, its row locked until commit: strictly rising per service and environment (WHK-4). It
 * follows the clock, so that it also rises above what a target has seen after the store was restored from a backup.
 */
export async function nextSequence(
  unit: Unit,
  { serviceId, environmentId }: { serviceId: string; environmentId: string },
  now: Instant,
): Promise<number> {
  const known = await unit
    .forUpdate(
      unit.sql
        .selectFrom('serviceVersions')
        .where('serviceId', '=', serviceId)
        .where('environmentId', '=', environmentId),
    )
    .select('sequence')
    .executeTakeFirst();
  const sequence = Math.max((known?.sequence ?? 0) + 1, now);
  await unit.sql
    .insertInto('serviceVersions')
    .values({ serviceId, environmentId, version: null, sequence })
    .onConflict((conflict) => conflict.columns(['serviceId', 'environmentId']).doUpdateSet({ sequence }))
    .execute();
  return sequence;
}
