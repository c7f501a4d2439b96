import {
  allHandlersFinished,
  condition,
  defineQuery,
  defineSignal,
  makeContinueAsNewFunc,
  proxyActivities,
  setHandler,
  workflowInfo,
  type WorkflowInfo,
} from '@temporalio/workflow';

import type { ReleaseActivities } from '../activities';
import type { JobEnd } from '../activities/roll-out';
import { MINUTE } from '../domain/instant';
import { nextStep } from '../domain/next-step';
import { completePlan, completeState } from '../domain/older-release';
import { isTerminal } from '../domain/release';
import type { Job } from '../domain/roll-out';
import { Jobs } from './jobs';
import { Mailbox } from './mailbox';
import type { ActionsSignalArgs, ReleaseWorkflowInput, ReleaseWorkflowMemo, WorkflowPosition } from './messages';
import { ACTIONS_SIGNAL, HOLDS_CHANGED_SIGNAL, POSITION_QUERY } from './messages';

const actionsSignal = defineSignal<ActionsSignalArgs>(ACTIONS_SIGNAL);
const holdsChangedSignal = defineSignal(HOLDS_CHANGED_SIGNAL);
const positionQuery = defineQuery<WorkflowPosition>(POSITION_QUERY);

/**
 * These activities are one transaction each and repeat for ever: a store that is down stops a release where it stands.
 * The short timeout is what a release loses when its worker dies in the middle of one.
 */
const { claimRelease, recordStep, checkCondition } = proxyActivities<ReleaseActivities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '100 milliseconds', backoffCoefficient: 2, maximumInterval: '5 seconds' },
});

/**
 * Jobs reach into the world and may be under way for long: they say that they live, so that a dead worker is noticed, and
 * ask for the time of their next try themselves.
 */
const { rollOut, revertService } = proxyActivities<ReleaseActivities>({
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: '5 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
});

/** The same for steps, whose endpoints may take 15 minutes: an answer at the last moment is still to be recorded. */
const { runStep } = proxyActivities<ReleaseActivities>({
  startToCloseTimeout: '20 minutes',
  heartbeatTimeout: '5 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
});

/** How long a release that waits for its turn trusts that it will be told; then it asks by itself. */
const RECHECK_MS = 10 * MINUTE;

/** Well before the server asks for it at 4,096 events; it may ask earlier, for many bytes or by its settings. */
const HISTORY_EVENTS_MAX = 3_000;

/** A job would be begun a second time beside its first, so it is waited for, as long as history has room. */
const HISTORY_EVENTS_WITH_JOBS_MAX = 20_000;

/** The same in bytes: the server ends a run at 50 MB, and each recorded step brings the position of all deployments. */
const HISTORY_BYTES_WITH_JOBS_MAX = 25_000_000;

/**
 * One release, from its start to its end, for minutes or for weeks: waits for actions and timers, asks the domain what
 * to do, has it recorded. What it knows it can be told again from the store (REL-33), so it may end and start anywhere.
 */
export async function releaseWorkflow(input: ReleaseWorkflowInput): Promise<void> {
  const mailbox = new Mailbox();
  let woken = false;
  setHandler(actionsSignal, (actions) => {
    mailbox.add(actions);
  });
  setHandler(holdsChangedSignal, () => {
    woken = true;
  });
  const position: WorkflowPosition = { epoch: input.epoch, seq: null };
  setHandler(positionQuery, () => position);

  const claimant = workflowInfo().firstExecutionRunId;
  const claim = await claimRelease({ ...input, ...runOf(workflowInfo()), claimant, now: Date.now() });
  if (!claim.claimed) {
    return;
  }
  const plan = completePlan(claim.plan);
  let state = completeState(claim.state);
  let { seq, held } = claim;
  position.seq = seq;
  mailbox.add(claim.actions);
  const of = { release: input.release, epoch: input.epoch };
  const begin = (job: Job): Promise<JobEnd> => {
    switch (job.kind) {
      case 'roll-out':
        return rollOut({ ...of, job });
      case 'revert':
        return revertService({ ...of, job });
      case 'step':
        return runStep({ ...of, job });
      case 'condition':
        return checkCondition({ ...of, job });
    }
  };
  const jobs = new Jobs(begin, (actions) => mailbox.add(actions));

  while (!isTerminal(state)) {
    const { historyLength, historySize, continueAsNewSuggested } = workflowInfo();
    const isLong = continueAsNewSuggested || historyLength > HISTORY_EVENTS_MAX;
    const isFull = historyLength > HISTORY_EVENTS_WITH_JOBS_MAX || historySize > HISTORY_BYTES_WITH_JOBS_MAX;
    if (isLong && (jobs.isIdle || isFull)) {
      // Undecided actions are not lost with the mailbox: the claim of the next run returns them.
      await condition(allHandlersFinished);
      const memo: ReleaseWorkflowMemo = { epoch: input.epoch };
      await makeContinueAsNewFunc<typeof releaseWorkflow>({ memo: { ...memo } })(input);
    }
    // A wake-up may also come when nothing is held any more: heard once, it must not keep the release from waiting.
    held &&= !woken;
    woken = false;
    const now = Date.now();
    const resumesAt = jobs.follow(state, now);
    const { finished } = jobs;
    const next = nextStep({ state, plan, holds: [], mailbox: mailbox.after(state.decided), finished, held, now });

    if ('step' in next) {
      seq += 1;
      const recorded = await recordStep({ ...input, ...runOf(workflowInfo()), seq, step: next.step });
      if (!recorded.recorded) {
        return;
      }
      position.seq = seq;
      state = completeState(recorded.state);
      ({ held } = recorded);
      mailbox.add(recorded.actions);
      continue;
    }

    const { decided } = state;
    const isCalled = () => mailbox.hasNext(decided) || woken || jobs.hasNews;
    const waitMs = Math.min(...timesToWait([next.waitUntil, resumesAt], held));
    if (!Number.isFinite(waitMs)) {
      await condition(isCalled);
    } else if (!(await condition(isCalled, Math.max(1, waitMs)))) {
      held = false;
    }
  }

  // What was signalled during the last recording is in the store, decided or refused there.
  await condition(allHandlersFinished);
}

/** What is stored with all that is recorded, so that an older copy of this run is known by its shorter history. */
function runOf({ runId, historyLength }: WorkflowInfo): { runId: string; historyLength: number } {
  return { runId, historyLength };
}

function timesToWait(instants: readonly (number | null)[], held: boolean): number[] {
  return [...instants.flatMap((until) => (until === null ? [] : [until - Date.now()])), ...(held ? [RECHECK_MS] : [])];
}
