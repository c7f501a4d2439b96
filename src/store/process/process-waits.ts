import type { Kysely } from 'kysely';

import { mayTake, type Person } from '../../domain/interruption';
import type { OpenQuestion, ProcessWaits, StepTriedAgain } from '../../domain/why-process';
import {
  blockingInterruptions,
  heldOf,
  openInterruptionsOf,
  teamsOf,
  type InterruptionRecord,
} from '../interruptions/find-interruption';
import type { ReleaseRow } from '../releases/stored-release';
import { changesOf, environmentIdOf, planOfRow } from '../releases/stored-release';
import type { Tables } from '../tables';
import { holdersOf } from '../users/holders-of';
import { membersOf } from '../users/members-of';

/** What the processes of a release wait for: people, steps that are tried again, another release's interruption. */
export async function processWaits(sql: Kysely<Tables>, release: ReleaseRow): Promise<ProcessWaits> {
  const hasProcess = planOfRow(release).process.length > 0;
  const questions = hasProcess ? await openInterruptionsOf(sql, release.id) : [];
  const steps = hasProcess ? await stepsTriedAgain(sql, release) : [];
  const blocking = release.blockedBy === null ? [] : await blockingQuestions(sql, release);
  // What has an answer waits for its decision, which stands among the undecided actions, and for nobody any more.
  const unanswered = questions.filter(({ submitAction }) => submitAction === null);
  return {
    questions: await Promise.all(unanswered.map((row) => questionOf(sql, row))),
    steps,
    blockedBy: await Promise.all(blocking.map((row) => questionOf(sql, row))),
  };
}

/** What other releases ask where this one would go on: its queued deployments, else all that it changes (REL-20). */
async function blockingQuestions(sql: Kysely<Tables>, release: ReleaseRow): Promise<InterruptionRecord[]> {
  const queued = await sql
    .selectFrom('deployments')
    .select('environmentId')
    .where('releaseId', '=', release.id)
    .where('state', '=', 'queued')
    .execute();
  const changed = changesOf(release).flatMap((change) =>
    change.environments.map((environment) => environmentIdOf(change, environment)),
  );
  const reached = queued.length > 0 ? queued.map(({ environmentId }) => environmentId) : changed;
  return blockingInterruptions(sql, release, [...new Set(reached)]);
}

async function questionOf(sql: Kysely<Tables>, row: InterruptionRecord): Promise<OpenQuestion> {
  const { id, kind, title, responsibleUser, phase, environment, raisedAt, deadlineAt, releaseId: release } = row;
  const held = heldOf(row);
  const { teams, excluded, proceeded, responsibleUser: responsibleUserId } = held;
  return {
    ...{ id, kind, title, phase, environment, raisedAt, deadlineAt, release },
    ...{ teams: [...teams], excluded, proceeded, needed: row.approvals },
    ...{ responsibleUser, responsibleUserId },
    isHolderGone: responsibleUserId !== null && !mayTake(held, await personAt(sql, row, responsibleUserId)),
  };
}

/** What somebody brings along in the project by now; a token of theirs may be narrower, and they have others. */
async function personAt(
  sql: Kysely<Tables>,
  { projectId, ...row }: InterruptionRecord,
  userId: string,
): Promise<Person> {
  const teams = teamsOf(row);
  const [members, submitters, deployers] = await Promise.all([
    membersOf(sql, teams),
    holdersOf(sql, 'InterruptionSubmit', projectId),
    holdersOf(sql, 'DeploymentCreate', projectId),
  ]);
  return {
    userId,
    // Of which of them does not matter: any will do (INT-3).
    teams: members.includes(userId) ? teams : [],
    maySubmit: submitters.includes(userId),
    mayDeploy: deployers.includes(userId),
  };
}

async function stepsTriedAgain(sql: Kysely<Tables>, release: ReleaseRow): Promise<StepTriedAgain[]> {
  const rows = await sql
    .selectFrom('stepEffects')
    .innerJoin('deploymentSteps', (join) =>
      join
        .onRef('deploymentSteps.deploymentId', '=', 'stepEffects.deploymentId')
        .onRef('deploymentSteps.position', '=', 'stepEffects.position'),
    )
    .innerJoin('deployments', 'deployments.id', 'stepEffects.deploymentId')
    .innerJoin('environments', 'environments.id', 'deployments.environmentId')
    .select([
      'deploymentSteps.name as step',
      'deployments.phase',
      'environments.slug as environment',
      'stepEffects.tries',
      'stepEffects.startedAt as since',
      'stepEffects.nextAttemptAt',
      'stepEffects.detail',
    ])
    .where('stepEffects.releaseId', '=', release.id)
    .where('stepEffects.status', '=', 'under-way')
    .orderBy('stepEffects.startedAt')
    .orderBy('stepEffects.key')
    .execute();
  return rows.flatMap(({ detail, ...row }) => (detail === null ? [] : [{ ...row, detail }]));
}
