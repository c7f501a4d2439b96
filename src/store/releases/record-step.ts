import { createHash } from 'node:crypto';

import type { AcceptedAction, ActionOutcome } from '../../domain/accepted-action';
import { canonicalJson } from '../../domain/canonical-json';
import { evolveAll } from '../../domain/evolve';
import type { Step } from '../../domain/next-step';
import { afterStep } from '../../domain/next-step';
import { refuseEnded } from '../../domain/refuse-ended';
import type { ReleaseState } from '../../domain/release';
import { isTerminal } from '../../domain/release';
import type { ReleaseEvent } from '../../domain/release-event';
import { isAllBack } from '../../domain/roll-out';
import type { Unit } from '../store';
import { giveUpEffects } from '../effects/give-up-effects';
import { isOfCallback, settleCallbacks } from '../effects/settle-callbacks';
import { blockingRelease } from '../interruptions/blocking-release';
import { lockBlocking, lockWithWaiting } from '../interruptions/lock-blocking';
import { saveProcess } from '../process/save-process';
import { lockTargets } from './queue';
import { dropQueued, queueDeployments } from './queue-deployments';
import { recordEvents } from './record-events';
import { saveDeployments } from './save-deployments';
import { saveRelease } from './save-release';
import { showFlags } from './show-flags';
import type { ReleaseRow } from './stored-release';
import { lockRelease, positionOf } from './stored-release';
import { takeEffect } from './take-effect';
import { tryStart } from './try-start';
import { TOLD_AT_ONCE, undecidedActions } from './undecided-actions';

/** A step as the workflow sends it. */
export interface StepToRecord {
  release: string;
  epoch: number;
  seq: number;
  step: Step;
  /** Run that decided it, and how long its history was then: what tells it from an older copy of itself. */
  runId: string;
  historyLength: number;
}

/** What only the one who records can know. */
export interface RecordingFacts {
  /** The step was decided long ago: its times are no longer those at which it would take effect. */
  isLate?: boolean;
  /** Nothing in the project asks what others wait for; left out: that is looked up, and locked (INT-9). */
  isFree?: true;
}

/** What is stored after a step; `held`: a queue, or a person's answer that others wait for (INT-9), kept it up. */
export type RecordedStep =
  { recorded: false; why: string } | { recorded: true; state: ReleaseState; actions: AcceptedAction[]; held: boolean };

/** A workflow and the store disagree about what has happened: never papered over. */
export class Divergence extends Error {
  override readonly name = 'Divergence';
}

/**
 * Records what a workflow decided and, where nothing undecided stands in the way, takes effect in the same transaction
 * (REL-30). The first statement takes the step's number: the same step again gets the stored answer, another one under
 * the same number is a `Divergence`. A late step takes no effect and is decided anew, as the bake of a phase starts
 * when it takes effect (PIPE-3); a revert is never too late (REL-19).
 */
export async function recordStep(
  unit: Unit,
  input: StepToRecord,
  { isLate = false, isFree }: RecordingFacts = {},
): Promise<RecordedStep> {
  const digest = createHash('sha256').update(canonicalJson(input.step)).digest('hex');
  // In this order whoever does it: the project, targets, releases by their ids, interruptions.
  const isBlocking = !isFree && concernsOthers(input.step) && (await lockBlocking(unit, input.release));
  if (concernsTargets(input.step)) {
    await lockTargets(unit, input.release);
  }
  if (isBlocking) {
    await lockWithWaiting(unit, input.release);
  }
  const row = await lockRelease(unit, input.release);
  if (!row) {
    return { recorded: false, why: 'The store does not know the release' };
  }
  // First of all: what an older epoch would add is compared with nothing, as another workflow is in charge by now.
  if (row.epoch < input.epoch) {
    throw new Divergence(`Step ${input.seq} of ${input.release} is of epoch ${input.epoch}, the store in ${row.epoch}`);
  }
  if (row.epoch !== input.epoch) {
    return { recorded: false, why: `The release is in epoch ${row.epoch} by now` };
  }
  const before = await recordedBefore(unit, input, digest);
  if (before) {
    return before;
  }
  if (row.seq + 1 !== input.seq) {
    throw new Divergence(`Step ${input.seq} of ${input.release} came after step ${row.seq}`);
  }

  const result = await recordNew(unit, row, input, { isLate, isBlocking });
  await unit.sql
    .insertInto('releaseSteps')
    .values({ releaseId: row.id, seq: input.seq, digest, result: JSON.stringify(result) })
    .execute();
  return result;
}

/** Whether the step may give the release its targets or end it, so that they go to others, or tells what a target has. */
function concernsTargets({ events, reach }: Step): boolean {
  const isEnd = events.some(({ type }) => type === 'release-aborted');
  return isEnd || events.some(isOfCallback) || (reach !== null && reach.kind !== 'timer' && reach.kind !== 'phase');
}

/** Whether the step may have to wait for what another release asks, or end what others wait for (INT-9). */
function concernsOthers({ events, reach }: Step): boolean {
  return [...events, ...(reach?.events ?? [])].some(({ type }) => CONCERNING_OTHERS.has(type));
}

const CONCERNING_OTHERS: ReadonlySet<ReleaseEvent['type']> = new Set([
  'phase-started',
  'release-completed',
  'interruption-submitted',
  'interruption-deadline-passed',
  'release-aborting',
]);

async function recordedBefore(unit: Unit, input: StepToRecord, digest: string): Promise<RecordedStep | null> {
  const stored = await unit.sql
    .selectFrom('releaseSteps')
    .select(['digest', 'result'])
    .where('releaseId', '=', input.release)
    .where('seq', '=', input.seq)
    .executeTakeFirst();
  if (!stored) {
    return null;
  }
  if (stored.digest !== digest) {
    throw new Divergence(`Step ${input.seq} of ${input.release} was recorded with other contents`);
  }
  return JSON.parse(stored.result) as RecordedStep;
}

/** How a recording finds things. */
interface Found {
  isLate: boolean;
  /** Something in the project asks what others wait for, and the project is locked. */
  isBlocking: boolean;
}

async function recordNew(
  unit: Unit,
  row: ReleaseRow,
  { seq, step, runId, historyLength }: StepToRecord,
  found: Found,
): Promise<RecordedStep> {
  const position = positionOf(row);
  await saveOutcomes(unit, row, step.outcomes);

  const decided = afterStep(position, step, false);
  const { reached, held, actions, waiting } = await reach(unit, row, decided, step, found);
  const events = [...step.events, ...reached];
  const state = evolveAll(decided, reached);
  const ended = isTerminal(state) ? refuseEnded(state, await allUndecided(unit, row, decided)) : [];
  await saveOutcomes(unit, row, ended);

  await showFlags(unit, row, position, state);
  await saveDeployments(unit, row, position, events);
  const closed = await saveProcess(unit, row, state, events);
  await (waiting ? queueDeployments(unit, row, waiting) : dropQueued(unit, row, events));
  await settleCallbacks(unit, row, events);
  await giveUpEffects(unit, row, events);
  await recordEvents(unit, row, [...step.outcomes, ...ended], events, closed);
  await saveRelease(unit, row, state, { seq, runId, historyLength });
  return { recorded: true, state, held, actions: ended.length > 0 ? [] : actions };
}

function allUndecided(unit: Unit, row: ReleaseRow, { decided }: ReleaseState): Promise<AcceptedAction[]> {
  return undecidedActions(unit.sql, row.id, decided, row.lastAction);
}

/** What came of a step into the world; `waiting`: what would have happened, but for an answer to another release. */
interface Reached {
  reached: readonly ReleaseEvent[];
  held: boolean;
  actions: AcceptedAction[];
  waiting?: readonly ReleaseEvent[];
}

/** The step into the world, unless something undecided was found: that is decided first (REL-30). */
async function reach(
  unit: Unit,
  row: ReleaseRow,
  state: ReleaseState,
  step: Step,
  { isLate, isBlocking }: Found,
): Promise<Reached> {
  const actions = await undecidedActions(unit.sql, row.id, state.decided, TOLD_AT_ONCE);
  if (!step.reach || ((isLate || actions.length > 0) && step.reach.kind !== 'revert')) {
    return { reached: [], held: false, actions };
  }
  if (step.reach.events.some(({ type }) => type === 'release-aborted') && !isAllBack(state)) {
    // A job has touched something since this was decided: it comes back first (INV-3).
    return { reached: [], held: false, actions };
  }
  if (step.reach.kind === 'start') {
    const at = step.reach.events[0]?.at ?? state.lastAt;
    const started = await tryStart(unit, row, state, step.reach.events, at);
    return { reached: started ?? [], held: started === null, actions };
  }
  const blockedBy = isBlocking ? await blockingRelease(unit, row, step.reach) : null;
  if (blockedBy !== null || row.blockedBy !== null) {
    await unit.sql.updateTable('releases').set({ blockedBy }).where('id', '=', row.id).execute();
  }
  if (blockedBy !== null) {
    return { reached: [], held: true, actions, waiting: step.reach.events };
  }
  await takeEffect(unit, row, step.reach);
  return { reached: step.reach.events, held: false, actions };
}

async function saveOutcomes(unit: Unit, row: ReleaseRow, outcomes: readonly ActionOutcome[]): Promise<void> {
  for (const { action, at, refusal } of outcomes) {
    await unit.sql
      .updateTable('actions')
      .set({
        status: refusal ? 'refused' : 'applied',
        refusal: refusal ? JSON.stringify(refusal) : null,
        decidedAt: at,
        // It has arrived, whether that was noted or not.
        deliveredAt: (row) => row.fn.coalesce('deliveredAt', row.val(at)),
      })
      .where('id', '=', action)
      .execute();
    unit.notify({ kind: 'action-decided', actionId: action });
    if (refusal?.refused.startsWith('interruption.')) {
      await freeInterruption(unit, row, action);
    }
  }
}

/** An answer that was refused leaves its interruption to the one who holds it. */
async function freeInterruption(unit: Unit, row: ReleaseRow, action: string): Promise<void> {
  await unit.sql
    .updateTable('interruptions')
    .set({ submitAction: null })
    .where('releaseId', '=', row.id)
    .where('submitAction', '=', action)
    .where('state', 'in', ['pending', 'taken'])
    .execute();
}
