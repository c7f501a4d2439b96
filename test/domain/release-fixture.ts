import type { AcceptedAction, ActionRights } from '../../src/domain/accepted-action';
import { evolveAll } from '../../src/domain/evolve';
import type { Instant } from '../../src/domain/instant';
import { HOUR, SECOND } from '../../src/domain/instant';
import type { ActionVerb, Review, StepKind } from '../../src/domain/pipeline';
import type { ReleaseState } from '../../src/domain/release';
import { triggeredRelease } from '../../src/domain/release';
import type { ReleaseEvent } from '../../src/domain/release-event';
import type { ManualPlan, PhasePlan, PlanItem, ReleasePlan, StepPlan } from '../../src/domain/release-plan';

/** When the releases of these tests are triggered and started. */
export const NOON: Instant = Date.UTC(2026, 0, 5, 12);

export const PHASES = ['staff', 'beta', 'everyone'] as const;

/** A review that one holder of `ReleaseApprove` gives, without a deadline. */
export const review = (more: Partial<Review> = {}): Review => ({
  teams: [],
  approvals: 1,
  authorMayApprove: false,
  deadline: null,
  ...more,
});

/** A phase that bakes for an hour in two environments, without a review. */
export const phase = (name: string, more: Partial<PhasePlan> = {}): PhasePlan => ({
  name,
  bakeMs: HOUR,
  review: null,
  environments: ['staging', 'production'],
  unconditional: [],
  ...more,
});

/** A service that a change brings to these environments. */
export const service = (name: string, environments = ['staging', 'production']): PlanItem => ({
  kind: 'service',
  service: name,
  environments,
});

/** A step that calls an endpoint after the one before it, everywhere, and may be left out. */
export const step = (name: string, more: Partial<StepPlan> = {}): StepPlan => ({
  name,
  kind: 'http',
  environments: [],
  notEnvironments: [],
  phases: [],
  runWhen: 'success',
  start: 'after-previous',
  required: false,
  skipped: false,
  ...more,
});

export const rollOut = (more: Partial<StepPlan> = {}): StepPlan =>
  step('Roll out', { kind: 'roll-out', required: true, ...more });

/** A step that asks one person, who may be an author, for as long as it takes. */
export const manual = (name: string, asks: Partial<ManualPlan> = {}, more: Partial<StepPlan> = {}): StepPlan =>
  step(name, {
    kind: 'manual',
    manual: { approvals: 1, notesRequired: false, authorMaySubmit: true, deadline: null, ...asks },
    ...more,
  });

/** Three phases without reviews, triggered by ada. */
export const plan = (more: Partial<ReleasePlan> = {}): ReleasePlan => ({
  phases: PHASES.map((name) => phase(name)),
  items: [{ kind: 'flags' }],
  process: [],
  guidedFailure: false,
  revertWaitMs: 10 * SECOND,
  onFailure: 'hold',
  reasonRequired: [],
  authors: ['ada'],
  triggeredWithOwnToken: null,
  ...more,
});

/** The same with these phases. */
export const planOfPhases = (...phases: PhasePlan[]): ReleasePlan => plan({ phases });

/** Someone who may do everything. */
export const allRights = (of: ReleasePlan): ActionRights => ({
  mayApprove: of.phases.map(({ name }) => name),
  administrator: true,
  hasReason: true,
  tokenMaker: null,
});

/** Someone who may approve every phase and is no administrator. */
export const approver = (of: ReleasePlan): ActionRights => ({
  ...allRights(of),
  administrator: false,
  hasReason: false,
});

/** An action of olga's, accepted at noon, that names no phase. */
export const action = (verb: ActionVerb, of: ReleasePlan, more: Partial<AcceptedAction> = {}): AcceptedAction => ({
  id: `action-${more.number ?? 1}`,
  number: 1,
  verb,
  by: 'olga',
  phase: null,
  attempt: null,
  acceptedAt: NOON,
  expiresAt: null,
  rights: allRights(of),
  ...more,
});

/** The position of a release that was triggered at noon, after these events. */
export const after = (of: ReleasePlan, ...events: ReleaseEvent[]): ReleaseState =>
  evolveAll(triggeredRelease(of, NOON), events);

const by = { by: 'olga', action: 'action-0' };

/** Events of a release at noon, to build a position from. */
export const did = {
  start: (): ReleaseEvent => ({ type: 'release-started', at: NOON }),
  openReview: (index: number, deadlineAt: Instant | null = null): ReleaseEvent => ({
    type: 'review-opened',
    at: NOON,
    phase: index,
    deadlineAt,
  }),
  approve: (index: number, who = 'rita'): ReleaseEvent => ({
    type: 'approval-given',
    at: NOON,
    phase: index,
    by: who,
    tokenMaker: null,
    action: 'action-0',
  }),
  passReview: (index: number): ReleaseEvent => ({ type: 'review-passed', at: NOON, phase: index, how: 'approvals' }),
  rollOut: (
    index: number,
    attempt = 1,
    environments = ['staging', 'production'],
    steps?: StepKind[],
  ): ReleaseEvent => ({
    type: 'phase-started',
    at: NOON,
    phase: index,
    attempt,
    environments,
    ...(steps && { steps }),
  }),
  succeed: (index: number, environment: string): ReleaseEvent => ({
    type: 'deployment-succeeded',
    at: NOON,
    phase: index,
    environment,
  }),
  fail: (index: number, environment: string): ReleaseEvent => ({
    type: 'deployment-failed',
    at: NOON,
    phase: index,
    environment,
  }),
  /** Of a deployment that has a manual step and nothing else. */
  wait: (index: number, environment: string): ReleaseEvent => ({
    type: 'interruption-raised',
    at: NOON,
    phase: index,
    environment,
    attempt: 1,
    step: 0,
    interruption: 1,
    kind: 'manual',
    deadlineAt: null,
  }),
  touch: (name: string, environment: string, index = 0): ReleaseEvent => ({
    type: 'service-apply-started',
    at: NOON,
    phase: index,
    attempt: 1,
    environment,
    service: name,
    version: '2',
  }),
  arrive: (name: string, environment: string, index = 0): ReleaseEvent => ({
    type: 'service-applied',
    at: NOON,
    phase: index,
    environment,
    service: name,
  }),
  miss: (name: string, environment: string, index = 0): ReleaseEvent => ({
    type: 'service-apply-failed',
    at: NOON,
    phase: index,
    environment,
    service: name,
    detail: 'The target answered 500',
  }),
  revertFlags: (): ReleaseEvent => ({ type: 'flags-reverted', at: NOON }),
  revert: (name: string, environment: string): ReleaseEvent => ({
    type: 'service-revert-started',
    at: NOON,
    environment,
    service: name,
  }),
  bringBack: (name: string, environment: string): ReleaseEvent => ({
    type: 'service-reverted',
    at: NOON,
    environment,
    service: name,
  }),
  drift: (name: string, environment: string): ReleaseEvent => ({
    type: 'service-drifted',
    at: NOON,
    environment,
    service: name,
    detail: 'The target has version "3"',
  }),
  failPhase: (index: number): ReleaseEvent => ({ type: 'phase-failed', at: NOON, phase: index }),
  bake: (index: number, endsAt: Instant = NOON + HOUR): ReleaseEvent => ({
    type: 'bake-started',
    at: NOON,
    phase: index,
    endsAt,
  }),
  pause: (index: number, remainingMs: number = HOUR): ReleaseEvent => ({
    type: 'bake-paused',
    at: NOON,
    phase: index,
    remainingMs,
    ...by,
  }),
  endBake: (index: number): ReleaseEvent => ({
    type: 'bake-ended',
    at: NOON,
    phase: index,
    how: 'elapsed',
    by: null,
    action: null,
  }),
  arm: (index: number, intent: 'pause' | 'skip' | 'full-rollout'): ReleaseEvent => ({
    type: 'intent-armed',
    at: NOON,
    phase: index,
    intent,
    ...by,
  }),
  fullRollout: (): ReleaseEvent => ({ type: 'full-rollout-started', at: NOON, passedReviews: [], ...by }),
  abort: (): ReleaseEvent => ({ type: 'release-aborting', at: NOON, cause: 'person', ...by }),
  end: (how: 'release-aborted' | 'release-completed'): ReleaseEvent => ({ type: how, at: NOON }),
};

/** Phase by phase up to the end of the bake before phase `index`. */
export const upTo = (index: number): ReleaseEvent[] => [
  did.start(),
  ...Array.from({ length: index }, (_, before) => [
    did.rollOut(before),
    did.succeed(before, 'staging'),
    did.succeed(before, 'production'),
    did.bake(before),
    did.endBake(before),
  ]).flat(),
];
