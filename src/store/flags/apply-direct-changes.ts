import { canonicalJson } from '../../domain/canonical-json';
import type { Instant } from '../../domain/instant';
import type { Json } from '../../domain/json';
import type { StoredFlagChange } from '../releases/stored-release';
import type { Unit } from '../store';
import { setLive } from './set-live';

/** A trigger that changes opted-out environments only. */
export interface DirectChanges {
  projectId: string;
  changes: readonly StoredFlagChange[];
  actorId: string;
  at: Instant;
}

/**
 * Applies at once what a trigger changes in opted-out environments only, in the trigger's own transaction, which has
 * locked the flags: no release is started for it (PIPE-6). What is live already changes nothing.
 */
export async function applyDirectChanges(
  unit: Unit,
  { projectId, changes, actorId, at }: DirectChanges,
): Promise<void> {
  for (const change of changes) {
    const definition = canonicalJson(change.definition);
    const rows = await unit.sql
      .selectFrom('flagEnvironments')
      .select(['environmentId', 'definition'])
      .where('flagId', '=', change.flagId)
      .where('environmentId', 'in', Object.values(change.environmentIds))
      .execute();
    const changed = rows
      .filter((row) => canonicalJson(JSON.parse(row.definition)) !== definition)
      .map((row) => row.environmentId);
    if (changed.length === 0) continue;

    await setLive(unit, change.flagId, definition, changed);
    await unit.sql
      .updateTable('flags')
      .set((row) => ({ version: row('version', '+', 1) }))
      .where('id', '=', change.flagId)
      .execute();
    unit.record({
      type: 'flag-edited',
      at,
      actorId,
      projectId,
      releaseId: null,
      data: {
        flag: change.flag,
        flagId: change.flagId,
        definition: JSON.parse(definition) as Json,
        environments: change.environments.filter((slug) => changed.includes(change.environmentIds[slug] ?? '')),
        override: false,
      },
    });
  }
}
