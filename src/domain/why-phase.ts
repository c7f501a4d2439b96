import { remedy, type Blocker, type Remedy } from './blocker';
import { withNotes } from './one-line';
import type { DeploymentState, PhaseState } from './release';
import { currentPhase, mayLeaveOut } from './release';
import { planAt, type ReleasePlan } from './release-plan';
import { shownState } from './shown-state';
import type { WhyInput } from './why';

/** What a target would not take, for good: the deployment it was a part of has failed with it. */
export interface FailedEffect {
  service: string;
  environment: string;
  attempt: number;
  detail: string | null;
}

/** A deployment that has ended `failed`, and what ended it. */
export interface FailedDeployment {
  environment: string;
  attempt: number;
  /** The first step that failed. */
  step: string;
  /** What went wrong in it; null: nothing is known. */
  detail: string | null;
  /** Who aborted it, by name, at which step, and what they wrote; null: it was no person (INT-5). */
  endedBy: { user: string; notes: string | null; step: string } | null;
  /** Who was asked about it and answered `fail`, by name, and what they wrote; left out or null: nobody (INT-10). */
  letFailBy?: { user: string; notes: string | null } | null;
}

/** What a release under way waits for in its current phase; null where nothing but a hold can be in its way. */
export function runningBlocker(input: WhyInput): Blocker | null {
  const { state, plan, holds } = input;
  if (state.fullRollout) {
    return fullRolloutBlocker(input);
  }
  if (state.finishing) {
    return holds.length > 0 ? null : rollOutBlocker(null, []);
  }
  const phase = currentPhase(state);
  const { name, review } = planAt(plan, state.current);
  const { progress } = phase;
  switch (progress.status) {
    case 'waiting-for-review': {
      const approvals = phase.approvals.map(({ by }) => by);
      const needed = review?.approvals ?? 1;
      const authors = review?.authorMayApprove === false ? plan.authors : [];
      return {
        kind: 'review',
        detail: `Phase ${name} waits for its review: ${approvals.length} of ${needed} approvals are given`,
        phase: name,
        openedAt: progress.openedAt,
        approvals,
        needed,
        deadlineAt: progress.deadlineAt,
        outcome: review?.deadline?.outcome ?? null,
        remedies: [
          {
            action: 'approve',
            needs: rightToApprove(plan, state.current),
            except: [...new Set([...authors, ...approvals])],
          },
        ],
      };
    }
    case 'baking':
      return {
        kind: 'bake-timer',
        detail: `Phase ${name} bakes`,
        phase: name,
        endsAt: progress.endsAt,
        remedies: [remedy('skip', 'ReleaseControl')],
      };
    case 'paused':
      return {
        kind: 'paused',
        detail: `${progress.by} paused the bake timer of phase ${name}`,
        phase: name,
        by: progress.by,
        since: progress.since,
        remainingMs: progress.remainingMs,
        remedies: [remedy('unpause', 'ReleaseControl')],
      };
    case 'failed':
      return failedBlocker(latestOf(phase), input);
    case 'rolling-out':
      return rollOutBlocker(name, phase.deployments);
    case 'pending':
    case 'ready':
      return holds.length > 0 ? null : rollOutBlocker(name, []);
    case 'released':
    case 'skipped':
    case 'reverted':
      return null;
  }
}

/** A full roll-out has deployments in several phases at once (REL-20). */
function fullRolloutBlocker(input: WhyInput): Blocker | null {
  const { state, holds } = input;
  const latest = state.phases.flatMap(({ progress, attempt, deployments }) =>
    progress.status === 'skipped' ? [] : deployments.filter((deployment) => deployment.attempt === attempt),
  );
  if (shownState(state, holds) === 'failed') {
    const { attempt } = currentPhase(state);
    return failedBlocker({ attempt, deployments: latest }, input);
  }
  return holds.length > 0 ? null : rollOutBlocker(null, latest);
}

function rollOutBlocker(phase: string | null, deployments: PhaseState['deployments']): Blocker {
  const within = (wanted: 'running' | 'waiting') =>
    deployments.filter(({ state }) => state === wanted).map(({ environment }) => environment);
  return {
    kind: 'roll-out',
    detail: phase === null ? 'The change is being released to everyone' : `Phase ${phase} is being rolled out`,
    phase,
    running: within('running'),
    waiting: within('waiting'),
    remedies: [],
  };
}

/**
 * What a target said, or where a step ended, is told with a failed phase: whoever is to retry has to know whether that can
 * help. A person's abort is told as theirs (INT-5).
 */
function failedBlocker(phase: Pick<PhaseState, 'attempt' | 'deployments'>, input: WhyInput): Blocker {
  const { state: release, plan, failures, failedDeployments = [] } = input;
  const { name } = planAt(plan, release.current);
  const failed = phase.deployments.filter(({ state }) => state === 'failed');
  const reasonOf = ({ environment, attempt }: DeploymentState): string => {
    const isIt = (each: { environment: string; attempt: number }) =>
      each.environment === environment && each.attempt === attempt;
    const ended = failedDeployments.find(isIt);
    if (ended?.endedBy) {
      const { user, notes, step } = ended.endedBy;
      // What failed before it, or beside it, may be what a retry is to help against.
      const first = ended.step === step || ended.detail === null ? '' : `${ended.step}: ${ended.detail}; `;
      return ` (${first}${withNotes(`${user} aborted ${step}`, notes)})`;
    }
    const { letFailBy } = ended ?? {};
    const answer = letFailBy ? `; ${withNotes(`${letFailBy.user} answered fail`, letFailBy.notes)}` : '';
    const failure = failures.find(isIt);
    if (failure?.detail != null) {
      return ` (${failure.service}: ${failure.detail}${answer})`;
    }
    return ended?.detail == null ? '' : ` (${ended.step}: ${ended.detail}${answer})`;
  };
  return {
    kind: 'failed',
    detail: `Phase ${name} failed in ${failed.map((each) => `${each.environment}${reasonOf(each)}`).join(', ')}`,
    phase: name,
    attempt: phase.attempt,
    environments: failed.map(({ environment }) => environment),
    remedies: afterFailure(input),
  };
}

/** A hold refuses a retry (REL-22); skipping takes the right to approve the phase (REL-16); authors abort, too (REL-19). */
function afterFailure({ state, plan, holds }: WhyInput): Remedy[] {
  const { review } = planAt(plan, state.current);
  const teams = review?.teams ?? [];
  return [
    ...(holds.length > 0 ? [] : [remedy('retry', 'ReleaseControl')]),
    ...(mayLeaveOut(state)
      ? [
          {
            action: 'skip' as const,
            ...(teams.length > 0
              ? { needs: { permission: 'ReleaseControl' as const, teams } }
              : { needs: { permission: 'ReleaseControl' as const }, besides: 'ReleaseApprove' as const }),
            except: review?.authorMayApprove === false ? [...plan.authors] : [],
          },
        ]
      : []),
    { ...remedy('abort', 'ReleaseControl'), also: [...plan.authors] },
  ];
}

function latestOf({ attempt, deployments }: PhaseState): Pick<PhaseState, 'attempt' | 'deployments'> {
  return { attempt, deployments: deployments.filter((deployment) => deployment.attempt === attempt) };
}

/** Who may give the review of a phase (SEC-4). */
function rightToApprove(plan: ReleasePlan, index: number): Remedy['needs'] {
  const teams = planAt(plan, index).review?.teams ?? [];
  return teams.length > 0 ? { teams } : { permission: 'ReleaseApprove' };
}
