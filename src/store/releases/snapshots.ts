import type { Kysely } from 'kysely';

import type { Tables } from '../tables';
import { flagTarget, type FlagSnapshot, type StoredChange } from './stored-release';

/** The pre-release states of a release's targets, by target (REL-1). */
export type Snapshots = ReadonlyMap<string, FlagSnapshot>;

export async function snapshotsOf(sql: Kysely<Tables>, releaseId: string): Promise<Snapshots> {
  const rows = await sql
    .selectFrom('releaseTargets')
    .select(['target', 'snapshot'])
    .where('releaseId', '=', releaseId)
    .execute();
  return new Map(rows.map((row) => [row.target, JSON.parse(row.snapshot ?? '{}') as FlagSnapshot]));
}

/** The version of a flag that was live in an environment before the release; `null`: it was in none there. */
export function versionBefore(snapshots: Snapshots, flagId: string, environmentId: string): number | null {
  return snapshots.get(flagTarget(flagId))?.[environmentId]?.version ?? null;
}

/** Whether the environment was opted out when the release got its targets: what counts while it runs (CHG-3). */
export function wasOptedOut(snapshots: Snapshots, change: StoredChange, environmentId: string): boolean {
  return snapshots.get(flagTarget(change.flagId))?.[environmentId]?.optedOut ?? false;
}
