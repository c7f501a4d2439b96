import { lockProjectById } from '../projects/lock-project-by-id';
import type { Unit } from '../store';
import { isOpenInterruption } from './open-interruption';

/**
 * Whether anything in the release's project asks what others wait for (INT-9). If so, the project is locked, before the
 * rows of targets and releases: who is about to start sees the answer, or whoever answers sees who waits. What is asked
 * only from now on finds a release that has been there before it.
 */
export async function lockBlocking(unit: Unit, releaseId: string): Promise<boolean> {
  const projectId = await projectThatAsks(unit, releaseId);
  if (projectId === null) {
    return false;
  }
  await lockProjectById(unit, projectId);
  return true;
}

/** The same, of a release whose row is locked: too late to lock more. */
export async function isAnythingBlocking(unit: Unit, releaseId: string): Promise<boolean> {
  return (await projectThatAsks(unit, releaseId)) !== null;
}

async function projectThatAsks(unit: Unit, releaseId: string): Promise<string | null> {
  const asked = await unit.sql
    .selectFrom('interruptions')
    .select('projectId')
    .where('projectId', '=', (where) =>
      where.selectFrom('releases').select('releases.projectId').where('releases.id', '=', releaseId),
    )
    .where('blockConcurrent', '=', 1)
    .where(isOpenInterruption)
    .limit(1)
    .executeTakeFirst();
  return asked?.projectId ?? null;
}

/** Locks a release together with those that wait for its answer, in the order in which whoever locks several does. */
export async function lockWithWaiting(unit: Unit, releaseId: string): Promise<void> {
  await unit
    .forUpdate(
      unit.sql
        .selectFrom('releases')
        .where((where) => where.or([where('id', '=', releaseId), where('blockedBy', '=', releaseId)]))
        .orderBy('id'),
    )
    .select('id')
    .execute();
}
