import type { Instant } from '../../domain/instant';
import type { Unit } from '../store';

/**
 * The next sequence of a target, its row locked until commit: strictly rising per service and environment (WHK-4), also
 * of two that ask for its first at once, so it is one statement. It follows the clock, so that it also rises above what
 * a target has seen after the store was restored from a backup.
 */
export async function nextSequence(
  unit: Unit,
  { serviceId, environmentId }: { serviceId: string; environmentId: string },
  now: Instant,
): Promise<number> {
  const { sequence } = await unit.sql
    .insertInto('serviceVersions')
    .values({ serviceId, environmentId, version: null, sequence: now })
    .onConflict((conflict) =>
      conflict.columns(['serviceId', 'environmentId']).doUpdateSet((row) => ({
        sequence: row
          .case()
          .when('serviceVersions.sequence', '>=', now)
          .then(row('serviceVersions.sequence', '+', 1))
          .else(now)
          .end(),
      })),
    )
    .returning('sequence')
    .executeTakeFirstOrThrow();
  return sequence;
}
