import type { Unit } from '../store';
import type { EffectsTable } from '../tables';

/**
 * What the target of an effect has now, unless something newer was sent to it. The service's row is locked before the
 * release's, as by whoever starts or ends one.
 */
export async function noteVersion(
  unit: Unit,
  effect: Pick<EffectsTable, 'serviceId' | 'environmentId' | 'sequence'>,
  version: string | null,
): Promise<void> {
  await unit.sql
    .updateTable('serviceVersions')
    .set({ version })
    .where('serviceId', '=', effect.serviceId)
    .where('environmentId', '=', effect.environmentId)
    .where('sequence', '=', effect.sequence)
    .execute();
  // Whoever reads the service by its ETag sees what is there.
  await unit.sql
    .updateTable('services')
    .set((row) => ({ version: row('version', '+', 1) }))
    .where('id', '=', effect.serviceId)
    .execute();
}
