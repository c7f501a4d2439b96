import type { Instant } from '../../domain/instant';
import type { UserId } from '../../domain/release';
import { isTerminal } from '../../domain/release';
import type { Unit } from '../store';
import { lockRelease, positionOf } from './stored-release';

/**
 * What was found of a release that is repaired. `missing`, `closed`: no workflow runs; `temporal-behind`: the one that
 * runs is an older copy; `store-behind`: the store is; `diverged`: they disagree about a step; `asked`: by a person.
 */
export type RepairCause = 'missing' | 'closed' | 'temporal-behind' | 'store-behind' | 'diverged' | 'asked';

/** Asks for a release to be started anew from the store. */
export interface RepairRequest {
  releaseId: string;
  /**
   * The latest epoch that whoever found it knows of, the store's or that of a workflow: in a later one it is repaired
   * already, and the new one is above it, so that nothing that runs belongs to it. null: whichever it is now.
   */
  epoch: number | null;
  why: RepairCause;
  /** One sentence: what was seen. */
  detail: string | null;
  /** Who asked; null: nobody did. */
  by: UserId | null;
  reason: string | null;
  at: Instant;
}

/**
 * What became of it: `superseded` by a repair that came first, or needless as the release has `ended`; `undefined` for
 * an unknown one.
 */
export type Repaired = 'repaired' | 'ended' | 'superseded' | undefined;

/**
 * Starts a release anew from the store: raises its epoch, so that whatever ran until now can record nothing more, and
 * leaves the start of the new one to the dispatcher (REL-33). What is undecided comes back with the claim (REL-28).
 */
export async function repairRelease(unit: Unit, request: RepairRequest): Promise<Repaired> {
  const row = await lockRelease(unit, request.releaseId);
  if (!row) {
    return undefined;
  }
  if (isTerminal(positionOf(row))) {
    return 'ended';
  }
  if (request.epoch !== null && row.epoch > request.epoch) {
    return 'superseded';
  }

  const epoch = Math.max(row.epoch, request.epoch ?? 0) + 1;
  await unit.sql
    .updateTable('releases')
    .set({ epoch, claimedBy: null, startDeliveredAt: null, runId: null, historyLength: 0 })
    .where('id', '=', row.id)
    .execute();
  const { why, detail, reason } = request;
  unit.record({
    type: 'release-repaired',
    at: request.at,
    actorId: request.by,
    projectId: row.projectId,
    releaseId: row.id,
    data: { epoch, why, detail, reason },
  });
  unit.notify({ kind: 'work', releaseId: row.id });
  return 'repaired';
}
