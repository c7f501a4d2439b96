import type { FlagDefinition } from '../../domain/flag';
import { queuesOf } from '../releases/queue';
import { flagTarget } from '../releases/stored-release';
import type { Unit } from '../store';
import { flagRecord, type FlagRecord } from './flag-record';

/** A flag with what clients see and who is changing it. */
export interface FlagInFull extends FlagRecord {
  /** In the environments' order. */
  environments: FlagInEnvironment[];
  /** The release that holds the flag (REL-3). */
  releaseId: string | null;
  /** Releases that wait for it, first come first. */
  queued: string[];
}

export interface FlagInEnvironment {
  environmentId: string;
  slug: string;
  /** What everyone gets whom no release reaches. */
  live: FlagDefinition;
  /** The release whose definition some clients get already. */
  releaseId: string | null;
}

/** A flag by its name, deleted ones included; undefined if there never was one. For `readTogether` or inside a write. */
export async function getFlag(sql: Unit['sql'], projectId: string, slug: string): Promise<FlagInFull | undefined> {
  const row = await sql
    .selectFrom('flags')
    .selectAll()
    .where('projectId', '=', projectId)
    .where('slug', '=', slug)
    .executeTakeFirst();
  if (row === undefined) return undefined;

  const environments = await sql
    .selectFrom('flagEnvironments')
    .innerJoin('environments', 'environments.id', 'flagEnvironments.environmentId')
    .leftJoin('overlays', (join) =>
      join
        .onRef('overlays.environmentId', '=', 'flagEnvironments.environmentId')
        .onRef('overlays.flagId', '=', 'flagEnvironments.flagId'),
    )
    .select(['environments.id', 'environments.slug', 'flagEnvironments.definition', 'overlays.releaseId'])
    .where('flagEnvironments.flagId', '=', row.id)
    .where('environments.deletedAt', 'is', null)
    .orderBy('environments.position')
    .orderBy('environments.id')
    .execute();
  const queue = await queuesOf(sql, [flagTarget(row.id)]);
  return {
    ...flagRecord(row),
    environments: environments.map((each) => ({
      environmentId: each.id,
      slug: each.slug,
      live: JSON.parse(each.definition) as FlagDefinition,
      releaseId: each.releaseId,
    })),
    releaseId: queue.find((each) => each.held)?.releaseId ?? null,
    queued: queue.filter((each) => !each.held).map((each) => each.releaseId),
  };
}
