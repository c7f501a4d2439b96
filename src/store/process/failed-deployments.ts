import type { Kysely } from 'kysely';

import type { FailedDeployment } from '../../domain/why-phase';
import type { ReleaseRow } from '../releases/stored-release';
import type { Tables } from '../tables';
import { abortedSteps } from './aborted-steps';

/** The deployments of a release that have failed, each with the first step that did; the last one first. */
export async function failedDeployments(
  sql: Kysely<Tables>,
  release: Pick<ReleaseRow, 'id'>,
): Promise<FailedDeployment[]> {
  const rows = await sql
    .selectFrom('deployments')
    .innerJoin('environments', 'environments.id', 'deployments.environmentId')
    .innerJoin('deploymentSteps', 'deploymentSteps.deploymentId', 'deployments.id')
    .leftJoin('users', 'users.id', 'deployments.endedBy')
    // Who was asked what to do about it, and let it fail (INT-10).
    .leftJoin('interruptions', (join) =>
      join
        .onRef('interruptions.deploymentId', '=', 'deployments.id')
        .onRef('interruptions.position', '=', 'deploymentSteps.position')
        .on('interruptions.result', '=', 'fail'),
    )
    .leftJoin('users as answerer', 'answerer.id', 'interruptions.submittedBy')
    .select([
      'deployments.id',
      'environments.slug as environment',
      'deployments.attempt',
      'deploymentSteps.name as step',
      'deploymentSteps.error',
      'deploymentSteps.detail',
      'users.slug as user',
      'deployments.endedNotes as notes',
      'answerer.slug as answeredBy',
      'interruptions.notes as answer',
    ])
    .where('deployments.releaseId', '=', release.id)
    .where('deployments.state', '=', 'failed')
    .where('deploymentSteps.state', '=', 'failed')
    .orderBy('deployments.endedAt', 'desc')
    .orderBy('deployments.id', 'desc')
    .orderBy('deploymentSteps.position')
    .execute();
  const ended = rows.flatMap(({ id, user }) => (user === null ? [] : [id]));
  const aborted = await abortedSteps(sql, [...new Set(ended)]);
  return rows
    .filter((row, index) => row.id !== rows[index - 1]?.id)
    .map(({ id, environment, attempt, step, error, detail, user, notes, answeredBy, answer }) => ({
      environment,
      attempt,
      step,
      detail: error ?? detail,
      endedBy: user === null ? null : { user, notes, step: aborted.get(id) ?? step },
      letFailBy: answeredBy === null ? null : { user: answeredBy, notes: answer },
    }));
}
