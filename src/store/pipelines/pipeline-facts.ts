import type { Kysely } from 'kysely';
import type { PipelineFacts } from '../../domain/pipeline-check';
import { teamsOfStep, type Pipeline } from '../../domain/pipeline';
import type { ProcessJudges } from '../../domain/process-check';
import type { Tables } from '../tables';
import { holdersOf } from '../users/holders-of';
import { membersByTeam } from '../users/members-of';
import { variableRecords } from '../variables/variable-record';

/**
 * What a definition is judged against now (PIPE-4): the project's environments, the people of the teams it names, and
 * those who hold `ReleaseApprove`; for a process also those who hold `DeploymentCreate` or `InterruptionSubmit`, and what
 * its variables are named by.
 *
 * @param judges what the store cannot judge
 */
export async function pipelineFacts(
  sql: Kysely<Tables>,
  projectId: string,
  pipeline: Pipeline,
  judges: ProcessJudges,
): Promise<PipelineFacts> {
  const environments = await sql
    .selectFrom('environments')
    .select(['slug', 'requiresPipeline', 'requiresReview'])
    .where('projectId', '=', projectId)
    .where('deletedAt', 'is', null)
    .orderBy('position')
    .orderBy('id')
    .execute();
  return {
    environments: environments.map(({ slug, requiresPipeline, requiresReview }) => ({
      slug,
      requiresPipeline: requiresPipeline === 1,
      requiresReview: requiresReview === 1,
    })),
    teams: await membersByTeam(sql, teamsOf(pipeline)),
    approvers: await holdersOf(sql, 'ReleaseApprove', projectId),
    ...(pipeline.process.length > 0 ? await processFacts(sql, projectId) : NO_PROCESS),
    ...judges,
  };
}

/** Where nothing asks for them they are not read. */
const NO_PROCESS = {
  ...{ deployers: [], submitters: [], variables: [], sensitive: [], services: [] },
  valuesIn: new Map<string, string[]>(),
};

async function processFacts(sql: Kysely<Tables>, projectId: string) {
  const variables = await sql
    .selectFrom('variables')
    .selectAll()
    .where('projectId', '=', projectId)
    .where('deletedAt', 'is', null)
    .execute();
  const limited = await variableRecords(
    sql,
    projectId,
    variables.filter(({ environments }) => environments !== '[]'),
  );
  const services = await sql
    .selectFrom('services')
    .select('slug')
    .where('projectId', '=', projectId)
    .where('deletedAt', 'is', null)
    .execute();
  return {
    deployers: await holdersOf(sql, 'DeploymentCreate', projectId),
    submitters: await holdersOf(sql, 'InterruptionSubmit', projectId),
    variables: variables.map(({ name }) => name),
    sensitive: variables.filter(({ sensitive }) => sensitive === 1).map(({ name }) => name),
    valuesIn: new Map(limited.map(({ name, environments }) => [name, environments])),
    services: services.map(({ slug }) => slug),
  };
}

/** More teams than a sound definition names; what lies beyond is refused by its number alone. */
const MOST_TEAMS = 500;

function teamsOf(pipeline: Pipeline): string[] {
  const named = [
    ...pipeline.phases.flatMap((phase) => phase.requiredReview?.teams ?? []),
    ...pipeline.process.flatMap(teamsOfStep),
  ];
  return [...new Set(named)].slice(0, MOST_TEAMS);
}
