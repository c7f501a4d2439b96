import type { Unit } from '../store';

/**
 * Locks flags until the transaction ends, in sorted order so that no two transactions wait for each other: what edit,
 * trigger and the start of a queued release take before they judge who holds a flag (REL-3, REL-4).
 */
export async function lockFlags(unit: Unit, flagIds: readonly string[]): Promise<void> {
  if (flagIds.length === 0) {
    return;
  }
  await unit
    .forUpdate(
      unit.sql
        .selectFrom('flags')
        .where('id', 'in', [...flagIds])
        .orderBy('id'),
    )
    .select('id')
    .execute();
}
