import type { Instant } from './instant';
import type { Permission } from './permission';
import type { ActionVerb, ReviewOutcome } from './pipeline';
import type { UserId } from './release';

/**
 * What a person can do about a blocker, and the right it takes: a permission, membership of one of the teams, or both.
 */
export interface Remedy {
  action: Exclude<ActionVerb, 'callback'> | 'resolve-defect' | 'end-freeze' | 'repair' | 'reassign' | 'release';
  needs: { permission: Permission } | { teams: string[] } | { permission: Permission; teams: string[] };
  /** A permission that it takes besides: who leaves a phase out has to be able to approve it (REL-16). */
  besides?: Permission;
  /** Those who may without that right: authors abort what is theirs. */
  also?: UserId[];
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
      /** Who has proceeded so far, in order, and how many have to (INT-6). */
      approvals: UserId[];
      needed: number;
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

/** The remedy of everybody who holds that permission. */
export function remedy(action: Remedy['action'], permission: Permission): Remedy {
  return { action, needs: { permission }, except: [] };
}
