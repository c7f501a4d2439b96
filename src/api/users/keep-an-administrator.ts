import type { Unit } from '../../store/store';
import { hasGlobalAdministrator } from '../../store/users/administrators';
import { Problem } from '../problem';

/**
 * Refuses to take the last administrator away (SEC-1); to be called at the end of the transaction that could have, which
 * began with `lockAdministrators`.
 *
 * @throws Problem 409 `user.last-administrator`
 */
export async function keepAnAdministrator(unit: Unit): Promise<void> {
  if (!(await hasGlobalAdministrator(unit.sql))) {
    throw new Problem('user.last-administrator', 'Afterwards nobody would be administrator everywhere');
  }
}
