import type { Instant } from '../../domain/instant';
import { startRelease } from '../../domain/start-release';
import { evolveAll } from '../../domain/evolve';
import type { AcceptedAction } from '../../domain/accepted-action';
import type { ReleaseState } from '../../domain/release';
import { isTerminal } from '../../domain/release';
import type { ReleasePlan } from '../../domain/release-plan';
import type { Unit } from '../store';
import { lockTargets } from './queue';
import { recordEvents } from './record-events';
import { saveRelease } from './save-release';
import { lockRelease, planOfRow, positionOf } from './stored-release';
import { tryStart } from './try-start';
import { TOLD_AT_ONCE, undecidedActions } from './undecided-actions';

/** Asks for a release: the first thing a workflow does, at first start, continue-as-new and repair alike (REL-33). */
export interface ReleaseClaim {
  release: string;
  epoch: number;
  /** Run id of the chain's first run: the same after continue-as-new, another in a second start. */
  claimant: string;
  /** Run that asks, and how long its history is: what tells it from an older copy of itself. */
  runId: string;
  historyLength: number;
  /** Workflow time. */
  now: Instant;
}

/** What a claimed release goes on from, or why this workflow has no business with it. */
export type ClaimedRelease =
  | { claimed: false; why: string }
  | {
      claimed: true;
      plan: ReleasePlan;
      state: ReleaseState;
      /** Number of the last recorded step. */
      seq: number;
      /** The first that are undecided. */
      actions: AcceptedAction[];
      /** It waits for its turn in a queue. */
      held: boolean;
    };

/**
 * Gives a release to the workflow that asks, and starts it when its turn has come and nobody has acted on it yet. Safe
 * to repeat: the same claimant gets the same release as it is now, any other nothing, and so does an older epoch.
 */
export async function claimRelease(unit: Unit, claim: ReleaseClaim): Promise<ClaimedRelease> {
  await lockTargets(unit, claim.release);
  const row = await lockRelease(unit, claim.release);
  if (!row) {
    return { claimed: false, why: 'The store does not know the release' };
  }
  let state = positionOf(row);
  if (isTerminal(state)) {
    return { claimed: false, why: `The release is ${state.stage}` };
  }
  if (row.epoch !== claim.epoch || (row.claimedBy !== null && row.claimedBy !== claim.claimant)) {
    return { claimed: false, why: `The release belongs to ${row.claimedBy ?? 'nobody'} in epoch ${row.epoch}` };
  }

  const plan = planOfRow(row);
  const actions = await undecidedActions(unit.sql, row.id, state.decided, TOLD_AT_ONCE);
  let held = false;
  if (state.stage === 'queued' && actions.length === 0) {
    const events = startRelease({ state, plan, holds: [] }, claim.now);
    const happened = await tryStart(unit, row, state, events, claim.now);
    held = happened === null;
    if (happened) {
      state = evolveAll(state, happened);
      await recordEvents(unit, row, [], happened);
    }
  }
  await saveRelease(unit, row, state, {
    claimedBy: claim.claimant,
    runId: claim.runId,
    historyLength: claim.historyLength,
    // The start has arrived, whether that was noted or not.
    startDeliveredAt: row.startDeliveredAt ?? claim.now,
    seq: row.seq,
  });
  return { claimed: true, plan, state, seq: row.seq, actions, held };
}
