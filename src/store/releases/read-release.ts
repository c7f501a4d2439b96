import { sql as sqlText, type CompiledQuery, type Kysely } from 'kysely';

import type { Tables } from '../tables';
import type { ReleaseRow } from './stored-release';

/** A release with the names of what it belongs to. */
export interface ReleaseRecord extends ReleaseRow {
  project: string;
  pipeline: string;
  /** Name of the user who triggered it. */
  trigger: string;
}

/** Filters and place of a page of releases, newest first (HTTP-5). */
export interface ReleaseFilter {
  project?: string | undefined;
  pipeline?: string | undefined;
  /** Name of a flag in the change set. */
  flag?: string | undefined;
  /** Name of a service in the change set. */
  service?: string | undefined;
  states?: readonly string[] | undefined;
  /** Name of the user who triggered it. */
  triggeredBy?: string | undefined;
  live?: boolean | undefined;
  /** Only what is older than this release. */
  before: { createdAt: number; id: string } | null;
  limit: number;
}

/** The query for one release, by the store it is for: its text is always the same, and costs more to make than the row. */
const queriesForOne = new WeakMap<Kysely<Tables>, CompiledQuery<ReleaseRecord>>();

/** One release, or `undefined`. */
export async function readRelease(sql: Kysely<Tables>, releaseId: string): Promise<ReleaseRecord | undefined> {
  const query = queriesForOne.get(sql) ?? releases(sql).where('releases.id', '=', releaseId).compile();
  queriesForOne.set(sql, query);
  const { rows } = await sql.executeQuery<ReleaseRecord>({ ...query, parameters: [releaseId] });
  return rows[0];
}

/** A page of releases, newest first by (created, id). */
export async function listReleases(sql: Kysely<Tables>, filter: ReleaseFilter): Promise<ReleaseRecord[]> {
  let query = releases(sql).orderBy('releases.createdAt', 'desc').orderBy('releases.id', 'desc').limit(filter.limit);
  if (filter.project !== undefined) {
    query = query.where('projects.slug', '=', filter.project);
  }
  if (filter.pipeline !== undefined) {
    query = query.where('pipelines.slug', '=', filter.pipeline);
  }
  const { flag } = filter;
  if (flag !== undefined) {
    query = query.where('releases.id', 'in', (where) =>
      where
        .selectFrom('releaseTargets')
        .innerJoin('flags', (join) => join.on(sqlText<boolean>`"releaseTargets"."target" = 'flag:' || "flags"."id"`))
        .where('flags.slug', '=', flag)
        .select('releaseTargets.releaseId'),
    );
  }
  const { service } = filter;
  if (service !== undefined) {
    query = query.where('releases.id', 'in', (where) =>
      where
        .selectFrom('releaseTargets')
        .innerJoin('services', (join) =>
          join.on(sqlText<boolean>`"releaseTargets"."target" = 'service:' || "services"."id"`),
        )
        .where('services.slug', '=', service)
        .select('releaseTargets.releaseId'),
    );
  }
  if (filter.states !== undefined) {
    query = query.where('releases.state', 'in', filter.states);
  }
  if (filter.triggeredBy !== undefined) {
    query = query.where('users.slug', '=', filter.triggeredBy);
  }
  if (filter.live !== undefined) {
    query = query.where('releases.live', '=', filter.live ? 1 : 0);
  }
  const { before } = filter;
  if (before) {
    query = query.where((where) =>
      where.or([
        where('releases.createdAt', '<', before.createdAt),
        where.and([where('releases.createdAt', '=', before.createdAt), where('releases.id', '<', before.id)]),
      ]),
    );
  }
  return query.execute();
}

/** Names of users by id, for what a release says about people. */
export async function userNames(sql: Kysely<Tables>, ids: Iterable<string>): Promise<Map<string, string>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) {
    return new Map();
  }
  const rows = await sql.selectFrom('users').where('id', 'in', wanted).select(['id', 'slug']).execute();
  return new Map(rows.map((row) => [row.id, row.slug]));
}

function releases(sql: Kysely<Tables>) {
  return sql
    .selectFrom('releases')
    .innerJoin('projects', 'projects.id', 'releases.projectId')
    .innerJoin('pipelines', 'pipelines.id', 'releases.pipelineId')
    .innerJoin('users', 'users.id', 'releases.triggeredBy')
    .selectAll('releases')
    .select(['projects.slug as project', 'pipelines.slug as pipeline', 'users.slug as trigger']);
}
