import type { AcceptedAction, InterruptionResult } from './accepted-action';
import type { Instant } from './instant';
import { openInterruptions, type FoundInterruption } from './process';
import type { Refusal } from './refusal';
import { isRefusal, refuse } from './refusal';
import type { ReleaseState, UserId } from './release';
import type { ReleaseEvent } from './release-event';
import type { ReleasePlan } from './release-plan';

/*
 * Interruptions: who holds one is judged here and kept by the store, under the release's lock; what they answer is an
 * action of the release and decided in its order (docs/adr/0017).
 */

/** An interruption as far as taking it goes. */
export interface HeldInterruption {
  state: 'pending' | 'taken' | 'submitted' | 'closed';
  /** Slugs of the responsible teams; empty: whoever may deploy (INT-3). */
  teams: readonly string[];
  responsibleUser: UserId | null;
  /** Authors of the release, where they may not answer (INT-6); empty where they may. */
  excluded: readonly UserId[];
  /** Those who have proceeded, while others are still to (INT-6). */
  proceeded: readonly UserId[];
  /** Its deadline has given it to other teams, whoever had it before (INT-6); left out: no. */
  isEscalated?: boolean;
  /** What whoever comes too late is told; null: it can be taken, or answered. */
  end: InterruptionEnd | null;
}

/** How an interruption ended, or that it has an answer which is not decided yet. People by name. */
export type InterruptionEnd =
  | { kind: 'submitted'; by: string; result: InterruptionResult; at: Instant }
  | { kind: 'deadline'; result: InterruptionResult; at: Instant }
  | { kind: 'closed'; by: string | null; why: string; at: Instant }
  | { kind: 'undecided'; by: string; action: string };

/** What a person brings along: teams, permissions in the project. */
export interface Person {
  userId: UserId;
  /** Slugs. */
  teams: readonly string[];
  maySubmit: boolean;
  mayDeploy: boolean;
}

/** Is one of those it is for, and none that it excludes: sees it, too, whatever else they see (INT-3, INT-6). */
export function isAsked(interruption: Pick<HeldInterruption, 'teams' | 'excluded'>, person: Person): boolean {
  return isFor(interruption, person) && !interruption.excluded.includes(person.userId);
}

/** May take responsibility, and answer: who has proceeded already leaves it to the others (INT-6). */
export function mayTake(
  interruption: Pick<HeldInterruption, 'teams' | 'excluded' | 'proceeded'>,
  person: Person,
): boolean {
  return isAsked(interruption, person) && !interruption.proceeded.includes(person.userId);
}

/** With teams it is for members who may submit, without them for whoever may deploy (INT-3). */
function isFor({ teams }: Pick<HeldInterruption, 'teams'>, person: Person): boolean {
  return teams.length === 0 ? person.mayDeploy : person.maySubmit && teams.some((team) => person.teams.includes(team));
}

/** What taking, giving back and handing over do; `none`: it is so already. */
export type Holding = { kind: 'none' } | { kind: 'held'; by: UserId } | { kind: 'freed' };

/** Takes it, if nobody has it; taking it twice changes nothing (INT-4). `name` names a user. */
export function take(
  interruption: HeldInterruption,
  person: Person,
  name: (user: UserId) => string,
): Holding | Refusal {
  const refusal = notOpen(interruption) ?? notTheirs(interruption, person);
  if (refusal) {
    return refusal;
  }
  if (interruption.responsibleUser === person.userId) {
    return { kind: 'none' };
  }
  return interruption.responsibleUser === null
    ? { kind: 'held', by: person.userId }
    : takenByOther(interruption.responsibleUser, name);
}

/** The holder gives it back (INT-4); whoever may hand it over can take it from them as well. */
export function giveBack(
  interruption: HeldInterruption,
  person: Person & { mayReassign: boolean },
  name: (user: UserId) => string,
): Holding | Refusal {
  const refusal = notOpen(interruption);
  if (refusal) {
    return refusal;
  }
  if (interruption.responsibleUser === null) {
    return refuse('interruption.not-taken', 'Nobody has taken the interruption');
  }
  return interruption.responsibleUser === person.userId || person.mayReassign
    ? { kind: 'freed' }
    : takenByOther(interruption.responsibleUser, name);
}

/** Hands it over to somebody who could take it (INT-4); the right to is judged by whoever asks. */
export function handOver(
  interruption: HeldInterruption,
  to: Person,
  name: (user: UserId) => string,
): Holding | Refusal {
  const refusal = notOpen(interruption);
  if (refusal) {
    return refusal;
  }
  const missing = missingFor(interruption, to);
  if (missing) {
    return refuse(
      'interruption.not-assignable',
      `${name(to.userId)} could not take it. ${missing.detail}`,
      missing.facts,
    );
  }
  const theirs = notTheirs(interruption, to);
  if (theirs) {
    const { refused } = theirs;
    return refuse(
      refused,
      refused === 'interruption.already-proceeded'
        ? `${name(to.userId)} has proceeded already; others have to`
        : `${name(to.userId)} is an author of the release, and authors cannot answer this one`,
    );
  }
  return interruption.responsibleUser === to.userId ? { kind: 'none' } : { kind: 'held', by: to.userId };
}

/** Whether this person may answer now: the one who holds it, still entitled (INT-2, INT-4); null: yes. */
export function mayAnswer(
  interruption: HeldInterruption,
  person: Person,
  name: (user: UserId) => string,
): Refusal | null {
  const refusal = notOpen(interruption);
  if (refusal) {
    return refusal;
  }
  if (interruption.responsibleUser === null) {
    return refuse(
      'interruption.not-taken',
      interruption.isEscalated
        ? `${escalatedTo(interruption)}: nobody has taken it`
        : 'Take the interruption before you answer it',
    );
  }
  if (interruption.responsibleUser !== person.userId) {
    const refused = takenByOther(interruption.responsibleUser, name);
    return interruption.isEscalated
      ? { ...refused, detail: `${escalatedTo(interruption)}: ${refused.detail}` }
      : refused;
  }
  return notTheirs(interruption, person);
}

/** Whoever had it is told why it is theirs no longer. */
function escalatedTo({ teams }: HeldInterruption): string {
  return `Its deadline has passed, and it is for ${teams.join(' or ')} now`;
}

function notOpen({ end }: Pick<HeldInterruption, 'end'>): Refusal | null {
  switch (end?.kind) {
    case undefined:
      return null;
    case 'submitted':
      return refuse('interruption.submitted', `${end.by} answered ${end.result} at ${toIso(end.at)}`, {
        submittedBy: end.by,
        result: end.result,
      });
    case 'deadline':
      return refuseDeadline(end.result, `at ${toIso(end.at)}`);
    case 'closed':
      return refuse(
        'interruption.closed',
        `${end.by === null ? 'It was closed' : `${end.by} closed it`} at ${toIso(end.at)}: ${end.why}`,
        {
          closedBy: end.by,
          why: end.why,
        },
      );
    case 'undecided':
      return refuse('interruption.submitted', `${end.by} has answered, which is accepted and not decided yet`, {
        submittedBy: end.by,
        result: null,
        pendingAction: end.action,
      });
  }
}

/** Nobody answered in time: what the deadline brought stands for an answer (INT-6). */
export function refuseDeadline(result: InterruptionResult, when: string): Refusal {
  return refuse('interruption.submitted', `Nobody answered before the deadline: ${result} ${when}`, {
    submittedBy: null,
    result,
  });
}

function toIso(at: Instant): string {
  return new Date(at).toISOString();
}

function notTheirs(interruption: HeldInterruption, person: Person): Refusal | null {
  const { excluded, proceeded } = interruption;
  const missing = missingFor(interruption, person);
  if (missing) {
    return refuse('interruption.not-allowed', missing.detail, missing.facts);
  }
  return excluded.includes(person.userId) ? ofAuthor() : proceeded.includes(person.userId) ? hasProceeded() : null;
}

/** What keeps a person from being one of those it is for (INT-3): the permission, the teams, or both; null: nothing. */
function missingFor(
  interruption: Pick<HeldInterruption, 'teams'>,
  person: Person,
): { detail: string; facts: { permission: string; teams: string[]; missing: string[] } } | null {
  if (isFor(interruption, person)) {
    return null;
  }
  const teams = [...interruption.teams];
  if (teams.length === 0) {
    return {
      detail: 'The interruption is for those who hold DeploymentCreate',
      facts: { permission: 'DeploymentCreate', teams, missing: ['permission'] },
    };
  }
  const isMember = teams.some((team) => person.teams.includes(team));
  const members = `members of ${teams.join(' or ')}`;
  const told = (detail: string, missing: string[]) => ({
    detail,
    facts: { permission: 'InterruptionSubmit', teams, missing },
  });
  if (isMember) {
    return told(`The interruption is for ${members}, who need the permission InterruptionSubmit for it`, [
      'permission',
    ]);
  }
  return person.maySubmit
    ? told(`The interruption is for ${members} alone`, ['membership'])
    : told(`The interruption is for ${members} who hold InterruptionSubmit`, ['membership', 'permission']);
}

function ofAuthor(): Refusal {
  return refuse('interruption.author', 'An author of the release cannot answer this one');
}

function hasProceeded(): Refusal {
  return refuse('interruption.already-proceeded', 'This person has proceeded already; others have to');
}

function takenByOther(user: UserId, name: (user: UserId) => string): Refusal {
  return refuse('interruption.taken-by-other', `${name(user)} has taken the interruption`, {
    responsibleUser: name(user),
  });
}

/**
 * What can be answered to an open interruption: a failure that must not be ignored offers no `ignore`, nor does that of a
 * sign-off's condition, which would be one that nobody gave (INT-10).
 */
export function resultsOf({ open, step }: Pick<FoundInterruption, 'open' | 'step'>): InterruptionResult[] {
  if (open.kind === 'manual') {
    return ['proceed', 'abort'];
  }
  return step.required || step.kind === 'manual' ? ['fail', 'retry'] : ['fail', 'retry', 'ignore'];
}

/** An answer that an abort of the release was decided before (INT-7). */
export function refuseClosed(): Refusal {
  return refuse('interruption.closed', 'The abort of the release has closed the interruption');
}

/** Decides an accepted answer (INT-5, INT-6, INT-10): what happens, or why it does not count. */
export function submitAnswer(
  { state, plan }: { state: ReleaseState; plan: ReleasePlan },
  action: AcceptedAction,
  at: Instant,
): { events: ReleaseEvent[] } | Refusal {
  const { answer } = action;
  const found = openInterruptions(state, plan).find(({ open }) => open.number === answer?.interruption);
  if (!answer || !found) {
    return refuse('interruption.submitted', 'The interruption was answered, or its deadline had passed, before');
  }
  const refusal = mayCount(plan, found, action);
  if (isRefusal(refusal)) {
    return refusal;
  }
  const { place, open } = found;
  const told = { ...place, at, interruption: open.number, by: action.by, action: action.id };
  const missing = (found.step.manual?.approvals ?? 1) - open.proceeds.length - 1;
  return {
    events: [
      answer.result === 'proceed' && missing > 0
        ? { ...told, type: 'interruption-proceeded', tokenMaker: action.rights.tokenMaker }
        : { ...told, type: 'interruption-submitted', result: answer.result },
    ],
  };
}

function mayCount(plan: ReleasePlan, found: FoundInterruption, action: AcceptedAction): Refusal | object {
  const { answer, rights, by } = action;
  const { open, step } = found;
  const allowed = resultsOf(found);
  if (answer && !allowed.includes(answer.result)) {
    return refuse('interruption.result-unknown', `It can be answered with ${allowed.join(', ')}`, { results: allowed });
  }
  const { manual } = step;
  if (open.kind === 'manual' && manual) {
    if (manual.notesRequired && !answer?.hasNotes) {
      return refuse('interruption.notes-required', `Step ${step.name} asks for notes`);
    }
    if (!manual.authorMaySubmit && plan.authors.includes(by)) {
      return ofAuthor();
    }
    if (open.proceeds.some((proceed) => proceed.by === by) && answer?.result === 'proceed') {
      return hasProceeded();
    }
  }
  const maker = rights.tokenMaker;
  const makerProceeded = open.proceeds.some((proceed) => proceed.by === maker && proceed.tokenMaker === null);
  if (maker !== null && (plan.triggeredWithOwnToken === maker || makerProceeded)) {
    return refuse('interruption.token-maker', 'The token was made by someone who triggered or answered this already');
  }
  return {};
}
