import type { Kysely } from 'kysely';

import type { Tables } from '../tables';
import type { FlagSnapshot, ServiceSnapshot, StoredFlagChange, StoredServiceChange } from './stored-release';
import { environmentIdOf, flagTarget, serviceTarget } from './stored-release';

/** The pre-release states of a release's targets, by target (REL-1). */
export type Snapshots = ReadonlyMap<string, FlagSnapshot | ServiceSnapshot>;

export async function snapshotsOf(sql: Kysely<Tables>, releaseId: string): Promise<Snapshots> {
  const rows = await sql
    .selectFrom('releaseTargets')
    .select(['target', 'snapshot'])
    .where('releaseId', '=', releaseId)
    .execute();
  return new Map(rows.map((row) => [row.target, JSON.parse(row.snapshot ?? '{}') as FlagSnapshot | ServiceSnapshot]));
}

/** The version of a flag that was live in an environment before the release; `null`: it was in none there. */
export function versionBefore(snapshots: Snapshots, flagId: string, environmentId: string): number | null {
  return flagSnapshot(snapshots, flagId)[environmentId]?.version ?? null;
}

/** Whether the environment was opted out when the release got its targets: what counts while it runs (CHG-3). */
export function wasOptedOut(snapshots: Snapshots, change: StoredFlagChange, environmentId: string): boolean {
  return flagSnapshot(snapshots, change.flagId)[environmentId]?.optedOut ?? false;
}

/** The version of a service that an environment had before the release; `null`: none that Sluice knows of. */
export function serviceVersionBefore(
  snapshots: Snapshots,
  change: StoredServiceChange,
  environment: string,
): string | null {
  const snapshot = (snapshots.get(serviceTarget(change.serviceId)) ?? {}) as ServiceSnapshot;
  return snapshot[environmentIdOf(change, environment)] ?? null;
}

function flagSnapshot(snapshots: Snapshots, flagId: string): FlagSnapshot {
  return (snapshots.get(flagTarget(flagId)) ?? {}) as FlagSnapshot;
}
