import type { Kysely } from 'kysely';

import type { ChangeSetFacts } from '../../domain/change-set';
import { knownServices, type KnownService } from '../services/known-services';
import type { Tables } from '../tables';
import { flagEtag } from './flag-etag';

/** A flag as the change set's rules ask for it, with the ids that a release pins. */
export interface KnownFlag {
  id: string;
  kind: 'gate' | 'config';
  etag: string;
}

/** What a change set is judged against, and the ids behind the names. */
export interface KnownProject extends ChangeSetFacts {
  flags: ReadonlyMap<string, KnownFlag>;
  services: ReadonlyMap<string, KnownService>;
  /** Environments by slug. */
  environmentIds: ReadonlyMap<string, { id: string; requiresPipeline: boolean }>;
}

/** The project's environments in their order, and those of these flags and services that exist. */
export async function knownProject(
  sql: Kysely<Tables>,
  projectId: string,
  { flags: flagSlugs, services }: { flags: readonly string[]; services: readonly string[] },
): Promise<KnownProject> {
  const environments = await sql
    .selectFrom('environments')
    .where('projectId', '=', projectId)
    .where('deletedAt', 'is', null)
    .orderBy('position')
    .orderBy('id')
    .select(['id', 'slug', 'requiresPipeline'])
    .execute();
  const flags =
    flagSlugs.length === 0
      ? []
      : await sql
          .selectFrom('flags')
          .where('projectId', '=', projectId)
          .where('slug', 'in', [...new Set(flagSlugs)])
          .where('deletedAt', 'is', null)
          .select(['id', 'slug', 'kind', 'version'])
          .execute();
  return {
    environments: environments.map(({ slug }) => slug),
    environmentIds: new Map(
      environments.map(({ slug, id, requiresPipeline }) => [slug, { id, requiresPipeline: requiresPipeline === 1 }]),
    ),
    services: await knownServices(sql, projectId, services),
    flags: new Map(flags.map((flag) => [flag.slug, { id: flag.id, kind: flag.kind, etag: flagEtag(flag) }])),
  };
}
