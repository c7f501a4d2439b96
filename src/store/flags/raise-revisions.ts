import type { Unit } from '../store';

/**
 * Tells that what clients of these environments see has changed (FLG-3): one new revision each for the transaction, and
 * a notice after commit. Rows are locked in sorted order, so that no two transactions wait for each other.
 */
export async function raiseRevisions(unit: Unit, environmentIds: Iterable<string>): Promise<void> {
  const ids = [...new Set(environmentIds)].sort();
  if (ids.length === 0) return;

  const rows = unit.sql.selectFrom('environments').select('id').where('id', 'in', ids).orderBy('id');
  await unit.forUpdate(rows).execute();
  await unit.sql
    .updateTable('environments')
    .set((row) => ({ revision: row('revision', '+', 1) }))
    .where('id', 'in', ids)
    .execute();
  unit.notify({ kind: 'flags-changed', environmentIds: ids });
}
