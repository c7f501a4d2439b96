import type { StartedRelease } from '../../store/dispatch/started-releases';
import type { RepairCause } from '../../store/releases/repair-release';
import type { WorkflowPosition } from '../../workflows/messages';
import type { EngineRun } from './engine-view';

/** What is wrong between a release in the store and its workflow: why it is to be repaired (REL-33). */
export interface Finding {
  why: RepairCause;
  detail: string;
}

/**
 * What a look from outside shows. The release is as it was read *before* Temporal was asked: whatever was recorded of a
 * run by then is in its history, so a history that is shorter is an older copy's. null: nothing is wrong.
 */
export function judgeRun(before: StartedRelease, run: EngineRun | null): Finding | null {
  if (!run) {
    return { why: 'missing', detail: 'Temporal knows no workflow of the release' };
  }
  if (run.epoch > before.epoch) {
    const detail = `Temporal is in epoch ${run.epoch}, the store in epoch ${before.epoch}: it is an older one`;
    return { why: 'store-behind', detail };
  }
  if (!run.isRunning) {
    return { why: 'closed', detail: `The workflow does not run: ${run.status}` };
  }
  if (run.epoch < before.epoch) {
    const detail = `The workflow is of epoch ${run.epoch}, the store in epoch ${before.epoch}`;
    return { why: 'temporal-behind', detail };
  }
  if (run.runId === before.runId && run.historyLength < before.historyLength) {
    const detail = `The workflow has ${run.historyLength} events and had ${before.historyLength} when it was last heard of`;
    return { why: 'temporal-behind', detail };
  }
  return null;
}

/** The release as it was read before and after its workflow was asked, and what that said. */
export interface Asked {
  before: StartedRelease;
  run: EngineRun;
  position: WorkflowPosition;
  after: StartedRelease;
}

/**
 * What the workflow's own word shows. It learns of what is recorded after the store has it, so one that knows more than
 * the store read *after* it was asked has recorded that in another store. null: nothing is wrong for certain.
 */
export function judgePosition({ before, run, position, after }: Asked): Finding | null {
  if (position.seq === null) {
    return null;
  }
  if (after.claimedBy === null) {
    return { why: 'store-behind', detail: 'The workflow has claimed the release, and the store knows nothing of it' };
  }
  if (position.seq > after.seq) {
    const detail = `The workflow has recorded step ${position.seq}, the store's last is step ${after.seq}`;
    return { why: 'store-behind', detail };
  }
  // One that was heard of meanwhile may have gone on in a new run.
  if (after.runId === before.runId && after.runId !== run.runId) {
    const detail = `Run ${run.runId} goes on, and the store has last heard of run ${String(after.runId)}`;
    return { why: 'temporal-behind', detail };
  }
  return null;
}

/** A workflow that has not heard of the last step and waits for nothing that would tell it; certain when it lasts. */
export function isBehind({ before, run, position, after }: Asked): boolean {
  return position.seq !== null && position.seq < after.seq && before.seq === after.seq && !run.isRecording;
}
