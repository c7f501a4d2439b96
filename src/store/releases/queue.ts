import type { Kysely } from 'kysely';

import type { Unit } from '../store';
import { lockFlags } from '../flags/lock-flags';
import type { Tables } from '../tables';
import { lockServices } from '../services/lock-services';
import type { FlagSnapshot, ServiceSnapshot, StoredServiceChange } from './stored-release';
import {
  flagChangesOf,
  flagTarget,
  idsOfTargets,
  serviceChangesOf,
  serviceTarget,
  type ReleaseRow,
} from './stored-release';

/** A release that holds or waits for a target, in the order of the queue (REL-3). */
export interface QueuedRelease {
  releaseId: string;
  target: string;
  ticket: number;
  held: boolean;
}

/** The queues of these targets, first come first; whoever judges them has locked the targets. */
export async function queuesOf(sql: Kysely<Tables>, targets: readonly string[]): Promise<QueuedRelease[]> {
  if (targets.length === 0) {
    return [];
  }
  const rows = await sql
    .selectFrom('releaseTargets')
    .where('target', 'in', [...targets])
    .where('live', '=', 1)
    .orderBy('ticket')
    .orderBy('target')
    .select(['releaseId', 'target', 'ticket', 'held'])
    .execute();
  return rows.map((row) => ({ ...row, held: row.held === 1 }));
}

/**
 * Locks a release's targets, before its row: what it takes to start or to end. Whoever ends a release wakes others, and
 * would wait for rows that wait for the targets; and whoever finds a target taken is seen when its holder ends.
 */
export async function lockTargets(unit: Unit, releaseId: string): Promise<void> {
  const targets = await unit.sql
    .selectFrom('releaseTargets')
    .select('target')
    .where('releaseId', '=', releaseId)
    .execute();
  const { flagIds, serviceIds } = idsOfTargets(targets.map(({ target }) => target));
  await lockFlags(unit, flagIds);
  await lockServices(unit, serviceIds);
}

/** Gives a release its targets, and takes the pre-release state in the same transaction (REL-1). */
export async function holdTargets(unit: Unit, release: Pick<ReleaseRow, 'id' | 'changes'>): Promise<void> {
  await holdFlags(
    unit,
    release.id,
    flagChangesOf(release).map(({ flagId }) => flagId),
  );
  for (const change of serviceChangesOf(release)) {
    await holdService(unit, release.id, change);
  }
}

/** What Sluice last brought to each environment of the change. */
async function holdService(unit: Unit, releaseId: string, change: StoredServiceChange): Promise<void> {
  const rows = await unit.sql
    .selectFrom('serviceVersions')
    .select(['environmentId', 'version'])
    .where('serviceId', '=', change.serviceId)
    .execute();
  const snapshot: ServiceSnapshot = Object.fromEntries(
    Object.values(change.environmentIds).map((id) => [
      id,
      rows.find(({ environmentId }) => environmentId === id)?.version ?? null,
    ]),
  );
  await hold(unit, releaseId, serviceTarget(change.serviceId), snapshot);
}

async function hold(
  unit: Unit,
  releaseId: string,
  target: string,
  snapshot: FlagSnapshot | ServiceSnapshot,
): Promise<void> {
  await unit.sql
    .updateTable('releaseTargets')
    .set({ held: 1, snapshot: JSON.stringify(snapshot) })
    .where('releaseId', '=', releaseId)
    .where('target', '=', target)
    .execute();
}

async function holdFlags(unit: Unit, releaseId: string, flagIds: readonly string[]): Promise<void> {
  if (flagIds.length === 0) {
    return;
  }
  const rows = await unit.sql
    .selectFrom('flagEnvironments')
    .innerJoin('environments', 'environments.id', 'flagEnvironments.environmentId')
    .where('flagEnvironments.flagId', 'in', [...flagIds])
    .select([
      'flagEnvironments.flagId',
      'flagEnvironments.environmentId',
      'flagEnvironments.version',
      'environments.requiresPipeline',
    ])
    .execute();

  for (const flagId of flagIds) {
    const snapshot: FlagSnapshot = Object.fromEntries(
      rows
        .filter((row) => row.flagId === flagId)
        .map((row) => [row.environmentId, { version: row.version, optedOut: row.requiresPipeline === 0 }]),
    );
    await hold(unit, releaseId, flagTarget(flagId), snapshot);
  }
}

/**
 * Takes a release that has ended out of its queues, and wakes those that waited for it (REL-32); the targets are locked
 * already.
 */
export async function leaveQueues(unit: Unit, releaseId: string): Promise<void> {
  await unit.sql.updateTable('releaseTargets').set({ live: 0 }).where('releaseId', '=', releaseId).execute();
  const targets = await unit.sql
    .selectFrom('releaseTargets')
    .select('target')
    .where('releaseId', '=', releaseId)
    .execute();
  const waiting = (
    await queuesOf(
      unit.sql,
      targets.map((row) => row.target),
    )
  ).filter((queued) => !queued.held);
  const ids = [...new Set(waiting.map((queued) => queued.releaseId))].sort();
  if (ids.length === 0) {
    return;
  }
  await unit.forUpdate(unit.sql.selectFrom('releases').select('id').where('id', 'in', ids).orderBy('id')).execute();
  await unit.sql
    .updateTable('releases')
    .set((row) => ({ wake: row('wake', '+', 1) }))
    .where('id', 'in', ids)
    .execute();
  for (const id of ids) {
    unit.notify({ kind: 'work', releaseId: id });
  }
}
