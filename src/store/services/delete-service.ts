import type { Instant } from '../../domain/instant';
import { usesVariable } from '../../domain/variable-uses';
import { versionName } from '../../domain/variables';
import { pipelinesInUse } from '../projects/live-releases';
import { queuesOf } from '../releases/queue';
import { serviceTarget } from '../releases/stored-release';
import type { Unit } from '../store';
import { replaceEndpoints } from './endpoints';
import { lockService } from './find-service';
import { serviceRecords, type ServiceRecord } from './service-record';

/** `busy` names the releases that hold it or wait for it, and the pipelines and releases whose process names its version. */
export type DeleteServiceOutcome =
  { kind: 'deleted' } | { kind: 'unknown' } | { kind: 'gone' } | { kind: 'busy'; users: string[] };

export interface ServiceToDelete {
  projectId: string;
  slug: string;
  by: string;
  at: Instant;
  /** Judges the deletion inside its transaction, with the service as it is then. */
  judge: (current: ServiceRecord) => void;
}

/**
 * Deletes a service softly (HTTP-7): its name is not given again and its history stays readable. Where it was sent to
 * and what it was signed with are erased, as nothing is sent any more. A trigger locks the same row, so that of a race
 * one always sees the other.
 */
export async function deleteService(unit: Unit, input: ServiceToDelete): Promise<DeleteServiceOutcome> {
  const { projectId, slug, by, at } = input;
  const known = await lockService(unit, projectId, slug);
  const [record] = await serviceRecords(unit.sql, known ? [known] : []);
  if (!record) {
    return { kind: 'unknown' };
  }
  if (record.deletedAt !== null) {
    return { kind: 'gone' };
  }
  input.judge(record);

  const releases = await queuesOf(unit.sql, [serviceTarget(record.id)]);
  const naming = (await pipelinesInUse(unit.sql, projectId)).filter(({ pipeline }) =>
    usesVariable(pipeline, versionName(slug)),
  );
  const users = [...releases.map(({ releaseId }) => `release ${releaseId}`), ...naming.map(({ user }) => user)];
  if (users.length > 0) {
    return { kind: 'busy', users: [...new Set(users)] };
  }
  await replaceEndpoints(unit, record.id, []);
  await unit.sql.deleteFrom('serviceSecrets').where('serviceId', '=', record.id).execute();
  await unit.sql
    .updateTable('services')
    .set((row) => ({ deletedAt: at, version: row('version', '+', 1) }))
    .where('id', '=', record.id)
    .execute();
  unit.record({
    type: 'service-deleted',
    at,
    actorId: by,
    projectId,
    releaseId: null,
    data: { service: slug, serviceId: record.id },
  });
  return { kind: 'deleted' };
}
