import type { Unit } from '../store';
import { raiseRevisions } from './raise-revisions';

/** Writes a flag's live definition in these environments and raises their revisions; the flag is locked already. */
export async function setLive(
  unit: Unit,
  flagId: string,
  definition: string,
  environmentIds: readonly string[],
): Promise<void> {
  if (environmentIds.length === 0) return;
  await unit.sql
    .updateTable('flagEnvironments')
    .set((row) => ({ definition, version: row('version', '+', 1) }))
    .where('flagId', '=', flagId)
    .where('environmentId', 'in', environmentIds)
    .execute();
  await raiseRevisions(unit, environmentIds);
}
