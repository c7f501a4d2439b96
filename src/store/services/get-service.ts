import type { Kysely } from 'kysely';
import { queuesOf } from '../releases/queue';
import { serviceTarget } from '../releases/stored-release';
import type { Tables } from '../tables';
import { findService } from './find-service';
import { serviceRecords, type ServiceRecord } from './service-record';

/** A service with what is deployed of it and who is changing it. */
export interface ServiceInFull extends ServiceRecord {
  /** In each of the project's environments, in their order; null: nothing that Sluice knows of. */
  versions: { environment: string; version: string | null }[];
  /** The release that holds the service (REL-3). */
  releaseId: string | null;
  /** Releases that wait for it, first come first. */
  queued: string[];
}

/** A service by its name, deleted ones included; undefined if there never was one. For `readTogether` or inside a write. */
export async function getService(
  sql: Kysely<Tables>,
  projectId: string,
  slug: string,
): Promise<ServiceInFull | undefined> {
  const row = await findService(sql, projectId, slug);
  const [record] = await serviceRecords(sql, row ? [row] : []);
  if (record === undefined) return undefined;

  const versions = await sql
    .selectFrom('environments')
    .leftJoin('serviceVersions', (join) =>
      join
        .onRef('serviceVersions.environmentId', '=', 'environments.id')
        .on('serviceVersions.serviceId', '=', record.id),
    )
    .select(['environments.slug as environment', 'serviceVersions.version'])
    .where('environments.projectId', '=', projectId)
    .where('environments.deletedAt', 'is', null)
    .orderBy('environments.position')
    .orderBy('environments.id')
    .execute();
  const queue = await queuesOf(sql, [serviceTarget(record.id)]);
  return {
    ...record,
    versions,
    releaseId: queue.find((each) => each.held)?.releaseId ?? null,
    queued: queue.filter((each) => !each.held).map((each) => each.releaseId),
  };
}
