import type { Selectable } from 'kysely';

import type { FlagChange } from '../../domain/flag';
import type { ReleasePlan, ReleaseState } from '../../domain/release';
import type { Unit } from '../store';
import type { Tables } from '../tables';

/** A pinned change together with the ids of what it names, so that no later renaming or deletion can redirect it. */
export interface StoredChange extends FlagChange {
  flagId: string;
  /** By slug: the environments of `environments`. */
  environmentIds: Record<string, string>;
  /** What the trigger said the change was made from (HTTP-7); judged again when a queued release starts (REL-3). */
  base: string | null;
}

/** A flag's pre-release state, by environment id (REL-1, CHG-3). */
export type FlagSnapshot = Record<string, { version: number; optedOut: boolean }>;

export type ReleaseRow = Selectable<Tables['releases']>;

/** Names a flag as a target that one release at a time may hold (REL-3). */
export function flagTarget(flagId: string): string {
  return `flag:${flagId}`;
}

/** Names a service as a target that one release at a time may hold (REL-3). */
export function serviceTarget(serviceId: string): string {
  return `service:${serviceId}`;
}

/** The id of the flag that a target names. */
export function flagOfTarget(target: string): string {
  return target.slice('flag:'.length);
}

/** The release's row, locked until the transaction ends: acceptance and decisions take turns (REL-28, REL-30). */
export async function lockRelease(unit: Unit, releaseId: string): Promise<ReleaseRow | undefined> {
  return unit
    .forUpdate(unit.sql.selectFrom('releases').where('id', '=', releaseId))
    .selectAll()
    .executeTakeFirst();
}

export function positionOf(row: Pick<ReleaseRow, 'position'>): ReleaseState {
  return JSON.parse(row.position) as ReleaseState;
}

export function planOfRow(row: Pick<ReleaseRow, 'plan'>): ReleasePlan {
  return JSON.parse(row.plan) as ReleasePlan;
}

export function changesOf(row: Pick<ReleaseRow, 'changes'>): StoredChange[] {
  return JSON.parse(row.changes) as StoredChange[];
}
