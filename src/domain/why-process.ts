import type { Instant } from './instant';
import type { UserId } from './release';
import type { Blocker, Remedy } from './blocker';

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
  /** Who may not answer: authors of the release where they may not, and those who have proceeded already (INT-6). */
  excluded: readonly UserId[];
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
  const { id, title, teams, responsibleUser, phase, environment, raisedAt, deadlineAt } = question;
  const whom = teams.length > 0 ? `somebody of ${teams.join(' or ')}` : 'somebody who may deploy';
  return {
    kind: 'interruption',
    detail:
      responsibleUser === null
        ? `${title} in ${environment} waits for ${whom} to take it`
        : `${title} in ${environment} waits for ${responsibleUser}, who has taken it`,
    phase,
    environment,
    interruption: id,
    responsibleUser,
    release: null,
    since: raisedAt,
    deadlineAt,
    remedies: [answer(question)],
  };
}

function blockedByBlocker(question: OpenQuestion): Blocker {
  const { id, title, responsibleUser, environment, raisedAt, deadlineAt, release } = question;
  const whom = responsibleUser === null ? 'nobody has taken it' : `${responsibleUser} has taken it`;
  return {
    kind: 'interruption',
    detail: `Deployments to ${environment} wait until ${title} of release ${release} is answered: ${whom}`,
    phase: null,
    environment,
    interruption: id,
    responsibleUser,
    release,
    since: raisedAt,
    deadlineAt,
    remedies: [answer(question)],
  };
}

/** Those whose answer counts (INT-2, INT-3): members need the permission, too, and once one has taken it, only that one. */
function answer({ teams, excluded, responsibleUserId }: OpenQuestion): Remedy {
  return {
    action: 'submit',
    needs: teams.length > 0 ? { permission: 'InterruptionSubmit', teams } : { permission: 'DeploymentCreate' },
    except: [...excluded],
    ...(responsibleUserId !== null && { only: responsibleUserId }),
  };
}
