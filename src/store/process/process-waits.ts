import type { Kysely } from 'kysely';

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

/** What the processes of a release wait for: people, steps that are tried again, another release's interruption. */
export async function processWaits(sql: Kysely<Tables>, release: ReleaseRow): Promise<ProcessWaits> {
  const hasProcess = planOfRow(release).process.length > 0;
  const questions = hasProcess ? await openInterruptionsOf(sql, release.id) : [];
  const steps = hasProcess ? await stepsTriedAgain(sql, release) : [];
  const blocking = release.blockedBy === null ? [] : await blockingQuestions(sql, release);
  return { questions: questions.map(questionOf), steps, blockedBy: blocking.map(questionOf) };
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

function questionOf(row: InterruptionRecord): OpenQuestion {
  const { id, kind, title, responsibleUser, phase, environment, raisedAt, deadlineAt, releaseId: release } = row;
  const { excluded, proceeded, responsibleUser: responsibleUserId } = heldOf(row);
  const who = { teams: teamsOf(row), responsibleUser, responsibleUserId, excluded: [...excluded, ...proceeded] };
  return { id, kind, title, ...who, phase, environment, raisedAt, deadlineAt, release };
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
