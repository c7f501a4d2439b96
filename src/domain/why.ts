import type { AcceptedAction } from './accepted-action';
import { remedy, type Blocker, type EngineTrouble, type ReleaseAhead } from './blocker';
import type { Instant } from './instant';
import { nextTransition } from './next-transition';
import type { DeploymentState, Hold, ReleaseState } from './release';
import type { ReleasePlan } from './release-plan';
import { runningBlocker, type FailedDeployment, type FailedEffect } from './why-phase';
import { processBlockers, type ProcessWaits } from './why-process';
import { revertBlockers, targetBlockers, type EffectUnderWay } from './why-target';

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
      const isTold = own === null || (own.kind === 'roll-out' && isExplained(input.state, waits));
      return [...waits, ...(isTold ? [] : [own]), ...targetBlockers(input)];
    }
    case 'aborting':
      return revertBlockers(input);
    default:
      return [waitingBlocker(input)];
  }
}

/**
 * Whether people and steps that are waited for are all there is to say of the deployments that have not ended: nothing is
 * being rolled out meanwhile, be it not yet or no longer.
 */
function isExplained({ phases }: ReleaseState, waits: readonly Blocker[]): boolean {
  const environments = waits.flatMap((wait) => ('environment' in wait ? [wait.environment] : []));
  return (
    environments.length > 0 &&
    phases
      .flatMap(({ deployments }) => deployments)
      .filter(({ state }) => state === 'running' || state === 'waiting')
      .every((deployment) => !isRollingOut(deployment) && environments.includes(deployment.environment))
  );
}

function isRollingOut({ steps }: DeploymentState): boolean {
  return steps?.some(({ kind, state }) => kind === 'roll-out' && state === 'running') ?? true;
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
