import type { ReleaseEvent } from '../../domain/release';
import type { ReleaseRow } from '../releases/stored-release';
import type { Unit } from '../store';
import { isOpenInterruption } from './open-interruption';

/**
 * Another release with an interruption that keeps deployments to these environments from starting (INT-9); null: none
 * has. The one that waits longest is named, and locked: whoever answers it sees who waits for it, or was quicker.
 */
export async function blockingRelease(
  unit: Unit,
  release: Pick<ReleaseRow, 'id' | 'projectId'>,
  events: readonly ReleaseEvent[],
): Promise<string | null> {
  const environments = events.flatMap((event) => (event.type === 'phase-started' ? event.environments : []));
  if (environments.length === 0) {
    return null;
  }
  const reached = unit.sql
    .selectFrom('environments')
    .select('id')
    .where('projectId', '=', release.projectId)
    .where('slug', 'in', environments);
  const blocking = await unit
    .forUpdate(
      unit.sql
        .selectFrom('interruptions')
        .where('projectId', '=', release.projectId)
        .where('blockConcurrent', '=', 1)
        .where(isOpenInterruption)
        .where('releaseId', '!=', release.id)
        .where('environmentId', 'in', reached),
    )
    .select('releaseId')
    .orderBy('raisedAt')
    .limit(1)
    .executeTakeFirst();
  return blocking?.releaseId ?? null;
}
