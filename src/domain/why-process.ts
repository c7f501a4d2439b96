import type { Instant } from './instant';
import type { UserId } from './release';
import { remedy, type Blocker, type Remedy } from './blocker';

/** What a release asks a person, as far as `why` tells of it. */
export interface OpenQuestion {
  id: string;
  kind: 'manual' | 'failure';
  title: string;
  /** Slugs; empty: whoever holds `DeploymentCreate` (INT-3). */
  teams: string[];
  /** Name of who has taken it; null: nobody. */
  responsibleUser: string | null;
  /** The same by id. */
  responsibleUserId: UserId | null;
  /** Who has taken it has lost what it takes since: a team, a permission, the account (INT-4). */
  isHolderGone: boolean;
  /** Authors of the release, where they may not answer (INT-6). */
  excluded: readonly UserId[];
  /** Those who have proceeded already, in order, and how many have to (INT-6). */
  proceeded: readonly UserId[];
  needed: number;
  phase: string;
  environment: string;
  raisedAt: Instant;
  deadlineAt: Instant | null;
  /** The release that asks. */
  release: string;
}

/** A step that was carried out in vain, and is tried again. */
export interface StepTriedAgain {
  step: string;
  phase: string;
  environment: string;
  tries: number;
  since: Instant;
  nextAttemptAt: Instant | null;
  /** What the last try came to. */
  detail: string;
}

/** What processes of a release wait for (REL-26). */
export interface ProcessWaits {
  /** In the order in which they were raised. */
  questions: readonly OpenQuestion[];
  steps: readonly StepTriedAgain[];
  /** Interruptions of other releases for which this one's deployments wait, in the environments they go to (INT-9). */
  blockedBy: readonly OpenQuestion[];
}

/** What people are asked stands first: nothing else of the release moves without them. */
export function processBlockers({ questions, steps, blockedBy }: ProcessWaits): Blocker[] {
  return [
    ...questions.map(questionBlocker),
    ...blockedBy.map(blockedByBlocker),
    ...steps.map(({ step, phase, environment, tries, since, nextAttemptAt, detail }): Blocker => ({
      kind: 'step',
      detail: `${step} in ${environment} has not succeeded after ${tries === 1 ? '1 try' : `${tries} tries`}: ${detail}`,
      phase,
      step,
      environment,
      since,
      nextAttemptAt,
      remedies: [],
    })),
  ];
}

function questionBlocker(question: OpenQuestion): Blocker {
  const { title, phase, environment } = question;
  return {
    ...ofQuestion(question),
    detail: `${title} in ${environment} ${waitsFor(question)}${soFar(question)}`,
    phase,
    release: null,
  };
}

function waitsFor({ teams, responsibleUser, isHolderGone }: OpenQuestion): string {
  if (responsibleUser === null) {
    return `waits for ${teams.length > 0 ? `somebody of ${teams.join(' or ')}` : 'somebody who may deploy'} to take it`;
  }
  return isHolderGone
    ? `is taken by ${responsibleUser}, who can no longer answer it`
    : `waits for ${responsibleUser}, who has taken it`;
}

/** With one person to ask there is nothing to count. */
function soFar({ proceeded, needed }: OpenQuestion): string {
  return needed > 1 ? `; ${proceeded.length} of ${needed} have proceeded` : '';
}

function blockedByBlocker(question: OpenQuestion): Blocker {
  const { title, responsibleUser, isHolderGone, environment, release } = question;
  const taken = `${responsibleUser} has taken it${isHolderGone ? ' and can no longer answer it' : ''}`;
  const whom = responsibleUser === null ? 'nobody has taken it' : taken;
  return {
    ...ofQuestion(question),
    detail: `Deployments to ${environment} wait until ${title} of release ${release} is answered: ${whom}`,
    phase: null,
    release,
  };
}

function ofQuestion(question: OpenQuestion) {
  const { id, responsibleUser, environment, raisedAt, deadlineAt, proceeded, needed } = question;
  return {
    kind: 'interruption' as const,
    environment,
    interruption: id,
    responsibleUser,
    approvals: [...proceeded],
    needed,
    since: raisedAt,
    deadlineAt,
    remedies: remediesOf(question),
  } satisfies Partial<Blocker>;
}

/** What only its holder could answer, who cannot, has to come to somebody else first (INT-4). */
function remediesOf(question: OpenQuestion): Remedy[] {
  return question.isHolderGone
    ? [remedy('reassign', 'InterruptionReassign'), remedy('release', 'InterruptionReassign')]
    : [answer(question)];
}

/** Those whose answer counts (INT-2, INT-3): members need the permission, too, and once one has taken it, only that one. */
function answer({ teams, excluded, proceeded, responsibleUserId }: OpenQuestion): Remedy {
  return {
    action: 'submit',
    needs: teams.length > 0 ? { permission: 'InterruptionSubmit', teams } : { permission: 'DeploymentCreate' },
    except: [...excluded, ...proceeded],
    ...(responsibleUserId !== null && { only: responsibleUserId }),
  };
}
