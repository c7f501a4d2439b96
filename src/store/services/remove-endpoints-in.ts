import type { Instant } from '../../domain/instant';
import type { Unit } from '../store';
import { endpointsOf } from './endpoints';
import { lockServices } from './lock-services';

/** Locks the services that are deployed to an environment: before the environment itself, as everybody does. */
export async function lockServicesIn(unit: Unit, environmentId: string): Promise<void> {
  const endpoints = await unit.sql
    .selectFrom('serviceEndpoints')
    .select('serviceId')
    .where('environmentId', '=', environmentId)
    .execute();
  await lockServices(
    unit,
    endpoints.map(({ serviceId }) => serviceId),
  );
}

/** Takes the endpoints in an environment that is being deleted away, and tells it of each service. */
export async function removeEndpointsIn(
  unit: Unit,
  { projectId, environmentId, by, at }: { projectId: string; environmentId: string; by: string; at: Instant },
): Promise<void> {
  const removed = await unit.sql
    .deleteFrom('serviceEndpoints')
    .where('environmentId', '=', environmentId)
    .returning('serviceId')
    .execute();
  if (removed.length === 0) {
    return;
  }
  const ids = removed.map(({ serviceId }) => serviceId).sort();
  await unit.sql
    .updateTable('services')
    .set((row) => ({ version: row('version', '+', 1) }))
    .where('id', 'in', ids)
    .execute();
  const services = await unit.sql.selectFrom('services').selectAll().where('id', 'in', ids).orderBy('id').execute();
  const left = await endpointsOf(unit.sql, ids);
  for (const { id, slug, displayName, timeoutMs, callback, callbackTimeoutMs } of services) {
    unit.record({
      type: 'service-changed',
      at,
      actorId: by,
      projectId,
      releaseId: null,
      data: {
        service: slug,
        serviceId: id,
        displayName,
        timeoutMs,
        callback: callback === 1,
        callbackTimeoutMs,
        endpoints: Object.fromEntries(left.get(id) ?? []),
      },
    });
  }
}
