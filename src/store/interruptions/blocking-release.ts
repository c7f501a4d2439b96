import type { ReleaseEvent } from '../../domain/release';
import type { ReleaseRow } from '../releases/stored-release';
import type { Unit } from '../store';

/**
 * Another release with an interruption that keeps deployments to these environments from starting (INT-9); null: none
 * has. The one that waits longest is named.
 */
export async function blockingRelease(
  unit: Unit,
  release: ReleaseRow,
  events: readonly ReleaseEvent[],
): Promise<string | null> {
  const environments = events.flatMap((event) => (event.type === 'phase-started' ? event.environments : []));
  if (environments.length === 0) {
    return null;
  }
  const blocking = await unit.sql
    .selectFrom('interruptions')
    .innerJoin('environments', 'environments.id', 'interruptions.environmentId')
    .select('interruptions.releaseId')
    .where('interruptions.projectId', '=', release.projectId)
    .where('interruptions.blockConcurrent', '=', 1)
    .where('interruptions.state', 'in', ['pending', 'taken'])
    .where('interruptions.releaseId', '!=', release.id)
    .where('environments.slug', 'in', environments)
    .orderBy('interruptions.raisedAt')
    .limit(1)
    .executeTakeFirst();
  return blocking?.releaseId ?? null;
}
