import type { Kysely } from 'kysely';
import type { PipelineFacts } from '../../domain/pipeline-check';
import type { Pipeline } from '../../domain/pipeline';
import type { Tables } from '../tables';
import { holdersOf } from '../users/holders-of';

/**
 * What a definition is judged against now (PIPE-4): the project's environments, the people of the teams it names, and
 * those who hold `ReleaseApprove`.
 *
 * @param authors user ids of the release's authors, at trigger; left out at save
 */
export async function pipelineFacts(
  sql: Kysely<Tables>,
  projectId: string,
  pipeline: Pipeline,
  authors?: readonly string[],
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
    teams: await membersOf(sql, teamsOf(pipeline)),
    approvers: await holdersOf(sql, 'ReleaseApprove', projectId),
    ...(authors && { authors }),
  };
}

/** More teams than a sound definition names; what lies beyond is refused by its number alone. */
const MOST_TEAMS = 500;

function teamsOf(pipeline: Pipeline): string[] {
  const named = pipeline.phases.flatMap((phase) => phase.requiredReview?.teams ?? []);
  return [...new Set(named)].slice(0, MOST_TEAMS);
}

async function membersOf(sql: Kysely<Tables>, slugs: string[]): Promise<Map<string, string[]>> {
  if (slugs.length === 0) {
    return new Map();
  }
  const teams = await sql
    .selectFrom('teams')
    .select(['id', 'slug'])
    .where('slug', 'in', slugs)
    .where('deletedAt', 'is', null)
    .execute();
  const members = await sql
    .selectFrom('teamMembers')
    .innerJoin('teams', 'teams.id', 'teamMembers.teamId')
    .innerJoin('users', 'users.id', 'teamMembers.userId')
    .select(['teamMembers.teamId', 'teamMembers.userId'])
    .where('teams.slug', 'in', slugs)
    .where('users.deletedAt', 'is', null)
    .execute();
  return new Map(
    teams.map(({ id, slug }) => [slug, members.filter(({ teamId }) => teamId === id).map(({ userId }) => userId)]),
  );
}
