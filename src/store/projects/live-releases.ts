import type { Kysely } from 'kysely';
import type { FlagChange } from '../../domain/flag';
import { completePipeline, environmentsOf, teamsOfStep, type AnyPipeline, type Pipeline } from '../../domain/pipeline';
import type { Tables } from '../tables';

/** A pipeline that somebody still needs: the newest version of one that exists, or one that a release has pinned. */
export interface PipelineInUse {
  projectId: string;
  /** As a refusal names it: `pipeline <name>` or `release <id>`. */
  user: string;
  pipeline: Pipeline;
  /** Environments reached without being named by a phase (CHG-3). */
  changed: string[];
}

/** The releases of a project that have not ended. */
export async function liveReleases(sql: Kysely<Tables>, projectId: string): Promise<{ id: string }[]> {
  return sql
    .selectFrom('releases')
    .select('id')
    .where('projectId', '=', projectId)
    .where('live', '=', 1)
    .orderBy('id')
    .execute();
}

/** Everything that names environments or teams and still counts, in one project or in all of them. */
export async function pipelinesInUse(sql: Kysely<Tables>, projectId: string | null): Promise<PipelineInUse[]> {
  const saved = await sql
    .selectFrom('pipelines')
    .innerJoin('projects', 'projects.id', 'pipelines.projectId')
    .innerJoin('pipelineVersions', (join) =>
      join
        .onRef('pipelineVersions.pipelineId', '=', 'pipelines.id')
        .onRef('pipelineVersions.version', '=', 'pipelines.version'),
    )
    .select(['pipelines.projectId', 'pipelines.slug', 'pipelineVersions.definition'])
    .where('pipelines.deletedAt', 'is', null)
    .where('projects.deletedAt', 'is', null)
    .$if(projectId !== null, (query) => query.where('pipelines.projectId', '=', projectId))
    .execute();
  const pinned = await sql
    .selectFrom('releases')
    .innerJoin('pipelineVersions', (join) =>
      join
        .onRef('pipelineVersions.pipelineId', '=', 'releases.pipelineId')
        .onRef('pipelineVersions.version', '=', 'releases.pipelineVersion'),
    )
    .select(['releases.projectId', 'releases.id', 'releases.changes', 'pipelineVersions.definition'])
    .where('releases.live', '=', 1)
    .$if(projectId !== null, (query) => query.where('releases.projectId', '=', projectId))
    .execute();

  return [
    ...saved.map((row) => ({
      projectId: row.projectId,
      user: `pipeline ${row.slug}`,
      pipeline: completePipeline(JSON.parse(row.definition) as AnyPipeline),
      changed: [],
    })),
    ...pinned.map((row) => ({
      projectId: row.projectId,
      user: `release ${row.id}`,
      pipeline: completePipeline(JSON.parse(row.definition) as AnyPipeline),
      changed: (JSON.parse(row.changes) as FlagChange[]).flatMap((change) => change.environments),
    })),
  ];
}

/** Whether a pipeline in use reaches an environment, or one of its steps is for it or not for it. */
export function needsEnvironment({ pipeline, changed }: PipelineInUse, environment: string): boolean {
  return (
    changed.includes(environment) ||
    pipeline.phases.some((phase) => environmentsOf(phase).includes(environment)) ||
    pipeline.process.some((step) => [...step.environments, ...step.notEnvironments].includes(environment))
  );
}

/** Whether one of its reviews or steps names a team. */
export function asksTeam({ pipeline }: PipelineInUse, team: string): boolean {
  return (
    pipeline.phases.some((phase) => phase.requiredReview?.teams.includes(team) ?? false) ||
    pipeline.process.some((step) => teamsOfStep(step).includes(team))
  );
}
