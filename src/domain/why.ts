import type { Instant } from './instant';
import type { Permission } from './permission';
import type { ActionVerb, ReviewOutcome } from './pipeline';
import type { AcceptedAction, DeploymentState, Hold, PhaseState, ReleasePlan, ReleaseState, UserId } from './release';
import { currentPhase, planAt, shownState } from './release';
import { processBlockers, type ProcessWaits } from './why-process';

/**
 * What a person can do about a blocker, and the right it takes: a permission, membership of one of the teams, or both.
 */
export interface Remedy {
  action: Exclude<ActionVerb, 'callback'> | 'resolve-defect' | 'end-freeze' | 'repair';
  needs: { permission: Permission } | { teams: string[] } | { permission: Permission; teams: string[] };
  /** Those who are left out although they hold that right: authors, and those who have approved (REL-10). */
  except: UserId[];
  /** The only one of them who may by now; left out: each of them may. */
  only?: UserId;
}

/** A release that is before this one in one of its queues (REL-3). */
export interface ReleaseAhead {
  release: string;
  target: string;
}

/**
 * What is wrong with the engine that moves releases: it does not answer, nobody takes its work, or the code of this
 * release's workflow throws.
 */
export interface EngineTrouble {
  trouble: 'temporal-down' | 'no-worker' | 'workflow-failing';
  since: Instant;
  /** What was said last. */
  detail: string;
}

/** One thing a release waits for: its facts, a sentence for people, and what they can do about it (REL-26). */
export type Blocker = { detail: string; remedies: Remedy[] } & (
  | { kind: 'engine'; trouble: EngineTrouble['trouble']; since: Instant }
  | { kind: 'start'; since: Instant }
  | { kind: 'queue'; position: number; ahead: ReleaseAhead[] }
  | {
      kind: 'review';
      phase: string;
      openedAt: Instant;
      /** Who has approved so far, in order, and how many it takes. */
      approvals: UserId[];
      needed: number;
      deadlineAt: Instant | null;
      /** What the deadline brings; null without one. */
      outcome: ReviewOutcome | null;
    }
  | { kind: 'bake-timer'; phase: string; endsAt: Instant }
  | { kind: 'paused'; phase: string; by: UserId; since: Instant; remainingMs: number }
  | { kind: 'roll-out'; phase: string | null; running: string[]; waiting: string[] }
  | { kind: 'failed'; phase: string; attempt: number; environments: string[] }
  | { kind: 'defect' | 'freeze'; id: string }
  /** A person is asked; `release`: by another one, for which this one waits (INT-9). */
  | {
      kind: 'interruption';
      phase: string | null;
      environment: string;
      interruption: string;
      /** Name of who has taken it; null: nobody. */
      responsibleUser: string | null;
      release: string | null;
      since: Instant;
      deadlineAt: Instant | null;
    }
  /** A step whose endpoint, mail server or chat has not done it, and is asked again. */
  | {
      kind: 'step';
      phase: string;
      step: string;
      environment: string;
      since: Instant;
      nextAttemptAt: Instant | null;
    }
  | { kind: 'undecided-action'; action: string; verb: ActionVerb; by: UserId; since: Instant }
  /** A target that has not done what it was asked for, and is asked again. */
  | ({ kind: 'target'; phase: string } & TargetFacts)
  /** A target that has taken the request and is to call back (PRO-6). */
  | { kind: 'callback'; phase: string; service: string; environment: string; since: Instant; until: Instant }
  /** A service that is not back; or, with nulls, the release as a whole. */
  | ({ kind: 'revert' } & (TargetFacts | { service: null; environment: null; since: Instant; nextAttemptAt: null }))
);

interface TargetFacts {
  service: string;
  environment: string;
  since: Instant;
  /** null: it is asked right now, or waits for another one. */
  nextAttemptAt: Instant | null;
}

/** What is known of a request to a webhook target that is under way. */
export interface EffectUnderWay {
  service: string;
  environment: string;
  direction: 'apply' | 'revert';
  phase: string;
  /** How often it was sent. */
  tries: number;
  since: Instant;
  nextAttemptAt: Instant | null;
  /** When the time for the callback that is awaited is over; null: none is (PRO-6). */
  awaitedUntil: Instant | null;
  /** What the last try came to; null: none has ended. */
  detail: string | null;
}

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
  /** Who aborted it, by name, and what they wrote; null: it was no person (INT-5). */
  endedBy: { user: string; notes: string | null } | null;
}

/** Why a release stands where it stands, and when at the earliest it goes on if nobody does anything. */
export interface Why {
  blockers: Blocker[];
  /** null: it waits for a person, or for something that has no known end. */
  nextTransitionAt: Instant | null;
}

/** What the question is answered from. */
export interface WhyInput {
  state: ReleaseState;
  plan: ReleasePlan;
  /** Those on what comes next. */
  holds: readonly Hold[];
  /** Place among those that wait for the same targets, 1 being next; null when all of its targets are its own. */
  queue: { position: number; ahead: ReleaseAhead[] } | null;
  /** Accepted, not yet decided, in order. */
  undecided: readonly AcceptedAction[];
  /** Requests to webhook targets that have not come to an end. */
  effects: readonly EffectUnderWay[];
  /** Applies that have failed, of whatever phase and attempt; the last one first. */
  failures: readonly FailedEffect[];
  /** Deployments that have failed, of whatever phase and attempt; the last one first. Left out: none is known. */
  failedDeployments?: readonly FailedDeployment[];
  /** What processes wait for; left out: the release has none. */
  waits?: ProcessWaits;
  /** null: none is known. */
  engine: EngineTrouble | null;
  now: Instant;
}

/**
 * Every blocker of the current state (REL-26): an engine in trouble, without which nothing moves, then what a release of
 * that state waits for, the holds on what comes next, actions on their way. Who holds a permission is for the reader to
 * fill in.
 */
export function blockersOf(input: WhyInput): Why {
  const { state, holds, undecided, engine } = input;
  if (state.stage === 'completed' || state.stage === 'aborted') {
    return { blockers: [], nextTransitionAt: null };
  }
  const isHeld = state.stage !== 'aborting';
  return {
    blockers: [
      ...(engine ? [engineBlocker(engine)] : []),
      ...ownBlockers(input),
      ...(isHeld ? holds.map(holdBlocker) : []),
      ...undecided.map(undecidedBlocker),
    ],
    nextTransitionAt: engine ? null : nextTransition(input),
  };
}

/** Only a workflow that fails is lifted by a person here: the rest is for whoever runs the service. */
function engineBlocker({ trouble, since, detail }: EngineTrouble): Blocker {
  const of = { kind: 'engine', trouble, since } as const;
  switch (trouble) {
    case 'temporal-down':
      return { ...of, detail: `Temporal does not answer, and nothing moves until it does: ${detail}`, remedies: [] };
    case 'no-worker':
      return { ...of, detail: `No worker takes work, and nothing moves until one does: ${detail}`, remedies: [] };
    case 'workflow-failing':
      return {
        ...of,
        detail: `The workflow of the release fails: ${detail}`,
        remedies: [remedy('repair', 'Repair')],
      };
  }
}

function ownBlockers(input: WhyInput): Blocker[] {
  switch (input.state.stage) {
    case 'running': {
      const own = runningBlocker(input);
      const waits = input.waits ? processBlockers(input.waits) : [];
      return [...waits, ...(own ? [own] : []), ...targetBlockers(input)];
    }
    case 'aborting':
      return revertBlockers(input);
    default:
      return [waitingBlocker(input)];
  }
}

/** Targets that were asked and have not done it yet: they are asked again, or will call back (REL-26, PRO-6). */
function targetBlockers({ effects }: WhyInput): Blocker[] {
  return effects.flatMap(({ direction, service, environment, phase, since, nextAttemptAt, ...effect }): Blocker[] => {
    const until = effect.awaitedUntil;
    if (until !== null) {
      const detail = `${service} in ${environment} has taken the request and is to call back`;
      return [{ kind: 'callback', detail, phase, service, environment, since, until, remedies: [] }];
    }
    return direction === 'apply' && effect.detail !== null
      ? [
          {
            kind: 'target',
            detail: `${service} in ${environment} has not taken its version after ${triesOf(effect.tries)}: ${effect.detail}`,
            phase,
            service,
            environment,
            since,
            nextAttemptAt,
            remedies: [],
          },
        ]
      : [];
  });
}

/** What an abort waits for: each service that is not back, the next one to come back first (REL-19). */
function revertBlockers({ state, effects }: WhyInput): Blocker[] {
  const left = [...state.touched].reverse().filter(({ state: progress }) => !isSettled(progress));
  if (!state.flagsReverted || left.length === 0) {
    return [
      {
        kind: 'revert',
        detail: 'The release is being aborted: its targets go back to their pre-release state',
        service: null,
        environment: null,
        since: state.lastAt,
        nextAttemptAt: null,
        remedies: [],
      },
    ];
  }
  return left.map(({ service, environment, revertingSince }): Blocker => {
    const effect = effects.find(
      (each) => each.direction === 'revert' && each.service === service && each.environment === environment,
    );
    return {
      kind: 'revert',
      detail: revertDetail(`${service} in ${environment}`, revertingSince !== null, effect),
      service,
      environment,
      since: revertingSince ?? state.lastAt,
      nextAttemptAt: effect?.nextAttemptAt ?? null,
      remedies: [remedy('accept-drift', 'ReleaseControl')],
    };
  });
}

function revertDetail(target: string, hasStarted: boolean, effect: EffectUnderWay | undefined): string {
  if (!hasStarted) {
    return `${target} goes back to its pre-release version after those touched later`;
  }
  return effect?.detail == null
    ? `${target} is going back to its pre-release version`
    : `${target} is not back after ${triesOf(effect.tries)}: ${effect.detail}`;
}

function triesOf(tries: number): string {
  return tries === 1 ? '1 try' : `${tries} tries`;
}

function isSettled(progress: ReleaseState['touched'][number]['state']): boolean {
  return progress === 'reverted' || progress === 'drifted';
}

/** What keeps a release that is not under way: its queue, or its start. */
function waitingBlocker({ state, queue }: WhyInput): Blocker {
  if (queue && queue.ahead.length > 0) {
    const releases = [...new Set(queue.ahead.map(({ release }) => release))];
    return {
      kind: 'queue',
      detail: `The release is number ${queue.position} in its queue, behind ${releases.join(', ')}`,
      ...queue,
      remedies: [],
    };
  }
  return {
    kind: 'start',
    detail: 'Start pending: the engine has not recorded the start of the release yet',
    since: state.lastAt,
    remedies: [],
  };
}

/** What a release under way waits for in its current phase; null where nothing but a hold can be in its way. */
function runningBlocker(input: WhyInput): Blocker | null {
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
      return failedBlocker(name, latestOf(phase), input);
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
  const { state, plan, holds } = input;
  const latest = state.phases.flatMap(({ progress, attempt, deployments }) =>
    progress.status === 'skipped' ? [] : deployments.filter((deployment) => deployment.attempt === attempt),
  );
  if (shownState(state, holds) === 'failed') {
    const { attempt } = currentPhase(state);
    return failedBlocker(planAt(plan, state.current).name, { attempt, deployments: latest }, input);
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
 * A failed phase is retried, unless a hold would refuse that (REL-22); skipping it is another matter (REL-16). What a
 * target said, or where a step ended, is told with it: whoever is to retry has to know whether that can help. A person's
 * abort is told as theirs (INT-5).
 */
function failedBlocker(
  name: string,
  phase: Pick<PhaseState, 'attempt' | 'deployments'>,
  { holds, failures, failedDeployments = [] }: Pick<WhyInput, 'holds' | 'failures' | 'failedDeployments'>,
): Blocker {
  const failed = phase.deployments.filter(({ state }) => state === 'failed');
  const reasonOf = ({ environment, attempt }: DeploymentState): string => {
    const isIt = (each: { environment: string; attempt: number }) =>
      each.environment === environment && each.attempt === attempt;
    const ended = failedDeployments.find(isIt);
    if (ended?.endedBy) {
      const { user, notes } = ended.endedBy;
      return ` (${user} aborted ${ended.step}${notes === null || notes.trim() === '' ? '' : `: ${notes}`})`;
    }
    const failure = failures.find(isIt);
    if (failure?.detail != null) {
      return ` (${failure.service}: ${failure.detail})`;
    }
    return ended?.detail == null ? '' : ` (${ended.step}: ${ended.detail})`;
  };
  return {
    kind: 'failed',
    detail: `Phase ${name} failed in ${failed.map((each) => `${each.environment}${reasonOf(each)}`).join(', ')}`,
    phase: name,
    attempt: phase.attempt,
    environments: failed.map(({ environment }) => environment),
    remedies: holds.length > 0 ? [] : [remedy('retry', 'ReleaseControl')],
  };
}

function latestOf({ attempt, deployments }: PhaseState): Pick<PhaseState, 'attempt' | 'deployments'> {
  return { attempt, deployments: deployments.filter((deployment) => deployment.attempt === attempt) };
}

function holdBlocker({ kind, id, detail }: Hold): Blocker {
  return {
    kind,
    detail,
    id,
    remedies: [kind === 'defect' ? remedy('resolve-defect', 'DefectResolve') : remedy('end-freeze', 'FreezeEdit')],
  };
}

function undecidedBlocker({ id, verb, by, acceptedAt }: AcceptedAction): Blocker {
  return {
    kind: 'undecided-action',
    detail: `${verb} by ${by} is accepted and not decided yet`,
    action: id,
    verb,
    by,
    since: acceptedAt,
    remedies: [],
  };
}

/** Who may give the review of a phase (SEC-4). */
function rightToApprove(plan: ReleasePlan, index: number): Remedy['needs'] {
  const teams = planAt(plan, index).review?.teams ?? [];
  return teams.length > 0 ? { teams } : { permission: 'ReleaseApprove' };
}

function remedy(action: Remedy['action'], permission: Permission): Remedy {
  return { action, needs: { permission }, except: [] };
}

/** What is due in the past happens as soon as the engine gets to it: now, at the earliest. */
function nextTransition({ state, plan, holds, queue, undecided, effects, waits, now }: WhyInput): Instant | null {
  const shown = shownState(state, holds);
  const { progress } = currentPhase(state);
  if (undecided.length > 0) {
    return now;
  }
  if (shown === 'failed') {
    return null;
  }
  if (shown === 'waiting-for-intervention') {
    const deadlines = (waits?.questions ?? []).flatMap(({ deadlineAt }) => (deadlineAt === null ? [] : [deadlineAt]));
    return deadlines.length > 0 ? Math.max(now, Math.min(...deadlines)) : null;
  }
  // A target that is not asked again before then keeps the release at least until then.
  const asked = effects.map(({ nextAttemptAt, awaitedUntil }) => awaitedUntil ?? nextAttemptAt ?? now);
  if (shown === 'aborting' || (shown === 'rolling-out' && asked.length > 0)) {
    return Math.max(now, asked.length > 0 ? Math.min(...asked) : now);
  }
  if (shown === 'queued') {
    return holds.length > 0 || (queue && queue.ahead.length > 0) ? null : now;
  }
  if (shown === 'baking' && progress.status === 'baking') {
    return Math.max(now, progress.endsAt);
  }
  if (progress.status === 'waiting-for-review' && !state.fullRollout) {
    const outcome = planAt(plan, state.current).review?.deadline?.outcome;
    const changes = outcome === 'abort' || (outcome === 'proceed' && holds.length === 0);
    return progress.deadlineAt !== null && changes ? Math.max(now, progress.deadlineAt) : null;
  }
  const isAboutToGoOn =
    state.fullRollout !== null || state.finishing || progress.status === 'pending' || progress.status === 'ready';
  return isAboutToGoOn && holds.length === 0 ? now : null;
}
