import type { Unit } from '../store';

/**
 * Locks services until the transaction ends, in sorted order so that no two transactions wait for each other: what a
 * trigger, the start of a queued release and a deletion take before they judge who holds a service (REL-3). Flags are
 * locked before services, environments after them.
 */
export async function lockServices(unit: Unit, serviceIds: readonly string[]): Promise<void> {
  if (serviceIds.length === 0) {
    return;
  }
  await unit
    .forUpdate(
      unit.sql
        .selectFrom('services')
        .where('id', 'in', [...serviceIds])
        .orderBy('id'),
    )
    .select('id')
    .execute();
}
