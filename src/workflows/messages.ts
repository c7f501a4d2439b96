import type { AcceptedAction } from '../domain/accepted-action';

/**
 * Everything that the release workflow and its callers say to each other: wire names and shapes. Names here are the
 * names on the wire, for ever; histories hold them.
 */

/** Name of the workflow type. */
export const RELEASE_WORKFLOW = 'releaseWorkflow';

/** Operator actions, all undecided ones in order; a repeated one is dropped by its number (REL-28). */
export const ACTIONS_SIGNAL = 'actions';

/** A hold may have ended: try the next step again. */
export const HOLDS_CHANGED_SIGNAL = 'holds-changed';

/** Where the workflow believes to be; asked when it is suspected not to be where the store is (REL-33). */
export const POSITION_QUERY = 'position';

/** Answer to `position`; `seq` is the last recorded step's number, null before the release is claimed. */
export interface WorkflowPosition {
  epoch: number;
  seq: number | null;
}

/** What is written on every run from outside, so that it need not be asked. */
export interface ReleaseWorkflowMemo {
  epoch: number;
}

export type ActionsSignalArgs = [AcceptedAction[]];

/** All that a release workflow is started with: its position is in the store (REL-33). */
export interface ReleaseWorkflowInput {
  release: string;
  /** Raised whenever the release is started anew from the store. */
  epoch: number;
}

/** Workflow id of a release; the installation keeps two of them on one Temporal apart. */
export function releaseWorkflowId(installation: string, release: string): string {
  return `${installation}/release/${release}`;
}

/** Task queue of an installation's workers. */
export function taskQueueOf(installation: string): string {
  return `${installation}/releases`;
}
