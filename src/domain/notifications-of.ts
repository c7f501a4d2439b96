import type { Instant } from './instant';
import type { NotificationType } from './notification';
import type { Failure, Notification } from './notification-data';
import type { Permission } from './permission';
import type { UserId } from './release';
import type { ReleaseEvent } from './release-event';
import { planAt, type ReleasePlan } from './release-plan';

/** Events of defects, as far as somebody is told of them. */
interface DefectEvent {
  type: 'defect-raised' | 'defect-resolved';
  at: Instant;
  defect: string;
  by: UserId | null;
  reason: string | null;
}

/** Whatever may happen to a release. */
export type AnyReleaseEvent = ReleaseEvent | DefectEvent;

/** Which mails people get without having subscribed; `except`: who could not give what is asked for. */
export type Audience =
  | { who: 'members'; teams: string[]; permission: Permission | null; except: UserId[] }
  | { who: 'holders'; permission: Permission; and: UserId[]; except: UserId[] }
  /** Subscribers alone. */
  | { who: 'nobody' };

/** A notification, when it came about, and who is told beside the project's subscribers. */
export type ToTell = Notification & { at: Instant; audience: Audience };

/** What an interruption says, as it is stored. */
export interface InterruptionFacts {
  id: string;
  title: string;
  kind: 'manual' | 'failure';
  step: string;
  /** Id of the deployment. */
  deployment: string;
  instructions: string;
  teams: string[];
  results: string[];
  authorMaySubmit: boolean;
  notes: string | null;
}

/** What is to be known beside the events themselves. */
export interface NotificationFacts {
  project: string;
  pipeline: string;
  release: string;
  plan: ReleasePlan;
  changes: string[];
  /** A full roll-out is under way: no phase of it is skipped (REL-20). */
  isFullRollout: boolean;
  triggeredBy: UserId;
  reason: string | null;
  nameOf: (user: UserId) => string;
  /** What the person said who asked for that action. */
  reasonOf: (action: string) => string | null;
  /** The deployments that have failed in the attempt of the phase of which such an event speaks. */
  failuresOf: (event: FailureEvent) => Failure[];
  interruptionOf: (interruption: number) => InterruptionFacts | null;
}

/** One that tells of a failure. */
export type FailureEvent = Extract<ReleaseEvent, { type: 'phase-failed' | 'deployment-failed' }>;

/** Longer texts of people end here: a notification says what it is about, the page says all. */
const LONGEST_TEXT = 4_000;

/** Who is responsible from a deadline on is asked as those before were (INT-6). */
const afterDeadline = { abort: 'interruption-aborted', escalate: 'interruption-raised', proceed: null } as const;

/** What a notification about this event is called; null: nobody is told of it. */
export function notificationTypeOf(event: AnyReleaseEvent): NotificationType | null {
  switch (event.type) {
    case 'review-opened':
      return 'review-due';
    case 'interruption-submitted':
      return event.result === 'abort' ? 'interruption-aborted' : null;
    case 'interruption-deadline-passed':
      return afterDeadline[event.outcome];
    case 'release-aborting':
      // Not with its end: whoever waits for the release is to know at once, however long a target takes to come back.
      return 'release-aborted';
    case 'interruption-raised':
    case 'deployment-failed':
    case 'phase-failed':
    case 'release-completed':
    case 'defect-raised':
    case 'defect-resolved':
      return event.type;
    default:
      return null;
  }
}

/** Whether people are told of it without having subscribed: they are to decide something (NOT-1). */
export function isForPeople(type: NotificationType): boolean {
  switch (type) {
    case 'review-due':
    case 'interruption-raised':
    case 'deployment-failed':
    case 'phase-failed':
      return true;
    case 'interruption-aborted':
    case 'release-aborted':
    case 'release-completed':
    case 'defect-raised':
    case 'defect-resolved':
      return false;
  }
}

/**
 * What is to be told of events that were recorded together, in their order. People are told of failures once: where the
 * phase has failed, that is what they are told, and which deployments brought it about.
 */
export function notificationsOf(events: readonly AnyReleaseEvent[], facts: NotificationFacts): ToTell[] {
  const failed = new Set(events.flatMap((event) => (event.type === 'phase-failed' ? [event.phase] : [])));
  return events.flatMap((event): ToTell[] => {
    const told = toTell(event, facts);
    if (told === null) {
      return [];
    }
    const isToldBefore = event.type === 'deployment-failed' && failed.has(event.phase);
    return [{ ...told, at: event.at, audience: isToldBefore ? { who: 'nobody' } : told.audience }];
  });
}

type Told = Notification & { audience: Audience };

function toTell(event: AnyReleaseEvent, facts: NotificationFacts): Told | null {
  const { plan } = facts;
  const ofRelease = releaseOf(facts);
  const personOf = (user: UserId | null): string | null => (user === null ? null : facts.nameOf(user));

  switch (event.type) {
    case 'review-opened': {
      const { name, environments, review } = planAt(plan, event.phase);
      if (!review) {
        return null;
      }
      return {
        type: 'review-due',
        data: {
          ...ofRelease,
          phase: name,
          environments,
          changes: facts.changes,
          triggeredBy: facts.nameOf(facts.triggeredBy),
          reason: cut(facts.reason),
          teams: review.teams,
          approvals: review.approvals,
          deadline: toIso(event.deadlineAt),
          deadlineOutcome: event.deadlineAt === null ? null : (review.deadline?.outcome ?? null),
        },
        audience: whoMay(review.teams, null, 'ReleaseApprove', review.authorMayApprove ? [] : plan.authors),
      };
    }
    case 'interruption-raised':
      return interruptionRaised(event, facts, event.deadlineAt);
    case 'interruption-submitted':
      return event.result === 'abort' ? interruptionAborted(event, facts, facts.nameOf(event.by)) : null;
    case 'interruption-deadline-passed':
      switch (event.outcome) {
        case 'escalate':
          return interruptionRaised(event, facts, null);
        case 'abort':
          return interruptionAborted(event, facts, null);
        case 'proceed':
          return null;
      }
    case 'deployment-failed': {
      const known = facts.failuresOf(event).find(({ environment }) => environment === event.environment);
      return {
        type: 'deployment-failed',
        data: {
          ...ofRelease,
          phase: planAt(plan, event.phase).name,
          environment: event.environment,
          step: known?.step ?? null,
          detail: cut(event.detail ?? known?.detail ?? null),
          errored: event.errored ?? false,
          endedBy: known ? cutNotes(known.endedBy) : null,
        },
        audience: whoMends(plan),
      };
    }
    case 'phase-failed':
      return {
        type: 'phase-failed',
        data: {
          ...ofRelease,
          phase: planAt(plan, event.phase).name,
          failures: facts
            .failuresOf(event)
            .map((failure) => ({ ...failure, detail: cut(failure.detail), endedBy: cutNotes(failure.endedBy) })),
          aborts: plan.onFailure === 'abort',
          maySkip: event.phase < plan.phases.length - 1 && !facts.isFullRollout,
        },
        audience: whoMends(plan),
      };
    case 'release-aborting':
      return {
        type: 'release-aborted',
        data: {
          ...ofRelease,
          by: personOf(event.by),
          reason: cut(event.action === null ? null : facts.reasonOf(event.action)),
          cause: event.cause,
          detail: cut(event.detail ?? null),
        },
        audience: { who: 'nobody' },
      };
    case 'release-completed':
      return { type: 'release-completed', data: ofRelease, audience: { who: 'nobody' } };
    case 'defect-raised':
    case 'defect-resolved':
      return {
        type: event.type,
        data: { ...ofRelease, defect: event.defect, by: personOf(event.by), reason: cut(event.reason) },
        audience: { who: 'nobody' },
      };
    default:
      return null;
  }
}

/** An event of one interruption. */
interface OfInterruption {
  phase: number;
  environment: string;
  step: number;
  interruption: number;
}

function interruptionRaised(event: OfInterruption, facts: NotificationFacts, deadlineAt: Instant | null): Told | null {
  const interruption = facts.interruptionOf(event.interruption);
  if (!interruption) {
    return null;
  }
  const { kind, step, deployment, instructions, teams, results, authorMaySubmit } = interruption;
  return {
    type: 'interruption-raised',
    data: {
      ...whatIsAsked(event, facts, interruption),
      ...{ kind, step, deployment },
      instructions: cut(instructions),
      teams,
      results,
      deadline: toIso(deadlineAt),
    },
    audience: whoMay(teams, 'InterruptionSubmit', 'DeploymentCreate', authorMaySubmit ? [] : facts.plan.authors),
  };
}

function interruptionAborted(event: OfInterruption, facts: NotificationFacts, by: string | null): Told | null {
  const interruption = facts.interruptionOf(event.interruption);
  if (!interruption) {
    return null;
  }
  return {
    type: 'interruption-aborted',
    data: { ...whatIsAsked(event, facts, interruption), by, notes: cut(interruption.notes) },
    audience: { who: 'nobody' },
  };
}

/** Which interruption it is, and where. */
function whatIsAsked(
  { phase, environment, step }: OfInterruption,
  facts: NotificationFacts,
  { id, title }: Pick<InterruptionFacts, 'id' | 'title'>,
) {
  const where = { ...releaseOf(facts), phase: planAt(facts.plan, phase).name, environment };
  return { ...where, interruption: id, title, step: facts.plan.process[step]?.name ?? title };
}

function releaseOf({ project, pipeline, release }: NotificationFacts) {
  return { project, pipeline, release };
}

function whoMay(teams: string[], ofMember: Permission | null, otherwise: Permission, except: UserId[]): Audience {
  return teams.length > 0
    ? { who: 'members', teams, permission: ofMember, except }
    : { who: 'holders', permission: otherwise, and: [], except };
}

/** Of a failure those are told who can retry, skip or abort, and those whose change it is. */
function whoMends(plan: ReleasePlan): Audience {
  return { who: 'holders', permission: 'ReleaseControl', and: plan.authors, except: [] };
}

function toIso(at: Instant | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

function cutNotes(endedBy: Failure['endedBy']): Failure['endedBy'] {
  return endedBy && { ...endedBy, notes: cut(endedBy.notes) };
}

function cut<T extends string | null>(text: T): T | string {
  return text !== null && text.length > LONGEST_TEXT
    ? `${text.slice(0, LONGEST_TEXT).replace(/[\uD800-\uDBFF]$/, '')}…`
    : text;
}
