import type { Kysely } from 'kysely';
import { completePipeline, type AnyPipeline, type Pipeline } from '../../domain/pipeline';
import { liesBehind, type PageRequest } from '../page';
import type { Tables } from '../tables';

/** One version of a pipeline. */
export interface StoredPipeline {
  id: string;
  projectId: string;
  slug: string;
  version: number;
  latestVersion: number;
  definition: Pipeline;
  /** When the pipeline was made. */
  createdAt: number;
  /** When this version was saved. */
  savedAt: number;
  /** Name of the user who saved this version; null: Sluice itself. */
  savedBy: string | null;
  deletedAt: number | null;
}

/** A version of a pipeline, by default the latest; deleted ones too. Undefined when there is no such one. */
export async function findPipeline(
  sql: Kysely<Tables>,
  projectId: string,
  slug: string,
  version?: number,
): Promise<StoredPipeline | undefined> {
  const query = versions(sql).where('pipelines.projectId', '=', projectId).where('pipelines.slug', '=', slug);
  const row = await (
    version === undefined
      ? query.whereRef('pipelineVersions.version', '=', 'pipelines.version')
      : query.where('pipelineVersions.version', '=', version)
  ).executeTakeFirst();
  return row && toStored(row);
}

/** One page of a project's pipelines and one more, newest first, each in its latest version. */
export async function listPipelines(
  sql: Kysely<Tables>,
  projectId: string,
  page: PageRequest,
): Promise<StoredPipeline[]> {
  const rows = await versions(sql)
    .whereRef('pipelineVersions.version', '=', 'pipelines.version')
    .where('pipelines.projectId', '=', projectId)
    .where('pipelines.deletedAt', 'is', null)
    .where(liesBehind('pipelines', page.after))
    .orderBy('pipelines.createdAt', 'desc')
    .orderBy('pipelines.id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return rows.map(toStored);
}

function versions(sql: Kysely<Tables>) {
  return sql
    .selectFrom('pipelines')
    .innerJoin('pipelineVersions', 'pipelineVersions.pipelineId', 'pipelines.id')
    .leftJoin('users', 'users.id', 'pipelineVersions.createdBy')
    .select([
      'pipelines.id',
      'pipelines.projectId',
      'pipelines.slug',
      'pipelines.version as latestVersion',
      'pipelines.createdAt',
      'pipelines.deletedAt',
      'pipelineVersions.version',
      'pipelineVersions.definition',
      'pipelineVersions.createdAt as savedAt',
      'users.slug as savedBy',
    ]);
}

function toStored({ definition, ...row }: Omit<StoredPipeline, 'definition'> & { definition: string }): StoredPipeline {
  return { ...row, definition: completePipeline(JSON.parse(definition) as AnyPipeline) };
}
