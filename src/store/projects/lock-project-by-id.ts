import type { Unit } from '../store';

/**
 * Locks a project until the transaction ends: what a new flag and a new environment take, so that each sees the other
 * and every flag has a definition in every environment; and a new variable, so that they are counted one by one.
 */
export async function lockProjectById(unit: Unit, projectId: string): Promise<void> {
  await unit.forUpdate(unit.sql.selectFrom('projects').select('id').where('id', '=', projectId)).execute();
}
