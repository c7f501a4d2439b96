import type { Selectable } from 'kysely';

import type { ServiceChange } from '../../domain/change';
import { isServiceChange } from '../../domain/change';
import type { FlagChange } from '../../domain/flag';
import { completePlan, completeState, type AnyPlan, type AnyState } from '../../domain/older-release';
import type { ReleaseState } from '../../domain/release';
import type { ReleasePlan } from '../../domain/release-plan';
import type { Unit } from '../store';
import type { Tables } from '../tables';

/** By slug: the environments of a change. Pinned, so that no later renaming or deletion can redirect it. */
interface PinnedIds {
  environmentIds: Record<string, string>;
}

/** A pinned change of a flag together with the ids of what it names. */
export interface StoredFlagChange extends FlagChange, PinnedIds {
  flagId: string;
  /** What the trigger said the change was made from (HTTP-7); judged again when a queued release starts (REL-3). */
  base: string | null;
}

/** A pinned version of a service together with the ids of what it names. */
export interface StoredServiceChange extends ServiceChange, PinnedIds {
  serviceId: string;
}

export type StoredChange = StoredFlagChange | StoredServiceChange;

/** A flag's pre-release state, by environment id (REL-1, CHG-3). */
export type FlagSnapshot = Record<string, { version: number; optedOut: boolean }>;

/** The version that a service had before the release, by environment id; null: none (REL-1). */
export type ServiceSnapshot = Record<string, string | null>;

export type ReleaseRow = Selectable<Tables['releases']>;

/** Names a flag as a target that one release at a time may hold (REL-3). */
export function flagTarget(flagId: string): string {
  return `flag:${flagId}`;
}

/** Names a service as a target that one release at a time may hold (REL-3). */
export function serviceTarget(serviceId: string): string {
  return `service:${serviceId}`;
}

/** The target that a change holds. */
export function targetOf(change: StoredChange): string {
  return isServiceChange(change) ? serviceTarget(change.serviceId) : flagTarget(change.flagId);
}

/** The ids of the flags and services that targets name. */
export function idsOfTargets(targets: readonly string[]): { flagIds: string[]; serviceIds: string[] } {
  const idsBehind = (prefix: string) =>
    targets.flatMap((target) => (target.startsWith(prefix) ? [target.slice(prefix.length)] : []));
  return { flagIds: idsBehind('flag:').sort(), serviceIds: idsBehind('service:').sort() };
}

/** The release's row, locked until the transaction ends: acceptance and decisions take turns (REL-28, REL-30). */
export async function lockRelease(unit: Unit, releaseId: string): Promise<ReleaseRow | undefined> {
  return unit
    .forUpdate(unit.sql.selectFrom('releases').where('id', '=', releaseId))
    .selectAll()
    .executeTakeFirst();
}

/** The position, also one that an earlier version stored. */
export function positionOf(row: Pick<ReleaseRow, 'position'>): ReleaseState {
  return completeState(JSON.parse(row.position) as AnyState);
}

/** The plan, also one that an earlier version pinned. */
export function planOfRow(row: Pick<ReleaseRow, 'plan'>): ReleasePlan {
  return completePlan(JSON.parse(row.plan) as AnyPlan);
}

export function changesOf(row: Pick<ReleaseRow, 'changes'>): StoredChange[] {
  return JSON.parse(row.changes) as StoredChange[];
}

/** The flags of the change set, in their order. */
export function flagChangesOf(row: Pick<ReleaseRow, 'changes'>): StoredFlagChange[] {
  return changesOf(row).filter((change): change is StoredFlagChange => !isServiceChange(change));
}

/** The services of the change set, in their order. */
export function serviceChangesOf(row: Pick<ReleaseRow, 'changes'>): StoredServiceChange[] {
  return changesOf(row).filter((change): change is StoredServiceChange => isServiceChange(change));
}

/** The id of an environment that a change names. */
export function environmentIdOf(change: StoredChange, environment: string): string {
  const id = change.environmentIds[environment];
  if (id === undefined) {
    throw new Error(
      `The change of ${isServiceChange(change) ? change.service : change.flag} has no id of environment ${environment}`,
    );
  }
  return id;
}
