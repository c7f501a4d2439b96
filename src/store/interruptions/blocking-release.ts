import type { Reach } from '../../domain/next-reach';
import { changesOf, type ReleaseRow } from '../releases/stored-release';
import type { Unit } from '../store';
import { isOpenInterruption } from './open-interruption';

/**
 * Another release with an interruption that keeps what is about to happen from these environments (INT-9); null: none
 * has. The one that waits longest is named. The project is locked: whoever answers it sees who waits for it, or was
 * quicker.
 */
export async function blockingRelease(
  unit: Unit,
  release: Pick<ReleaseRow, 'id' | 'projectId' | 'changes'>,
  reach: Reach,
): Promise<string | null> {
  const environments = environmentsOf(release, reach);
  if (environments.length === 0) {
    return null;
  }
  const reached = unit.sql
    .selectFrom('environments')
    .select('id')
    .where('projectId', '=', release.projectId)
    .where('slug', 'in', [...new Set(environments)]);
  const blocking = await unit.sql
    .selectFrom('interruptions')
    .where('projectId', '=', release.projectId)
    .where('blockConcurrent', '=', 1)
    .where(isOpenInterruption)
    .where('releaseId', '!=', release.id)
    .where('environmentId', 'in', reached)
    .select('releaseId')
    .orderBy('raisedAt')
    .limit(1)
    .executeTakeFirst();
  return blocking?.releaseId ?? null;
}

/** Where deployments would start; a full roll-out that has only flags to switch goes everywhere at once (REL-20). */
function environmentsOf(release: Pick<ReleaseRow, 'changes'>, { kind, events }: Reach): string[] {
  return events.flatMap((event) => {
    switch (event.type) {
      case 'phase-started':
        return event.environments;
      case 'release-completed':
        return kind === 'full-rollout' ? changesOf(release).flatMap(({ environments }) => environments) : [];
      default:
        return [];
    }
  });
}
