import { findUser, type UserRow } from '../../store/users/find-user';
import type { Store } from '../../store/store';
import type { Scope, ScopeRequest } from '../define-route';
import { gone, unknown } from '../deletion';

export interface UserScope extends Scope {
  user: UserRow;
}

/**
 * The user that `:user` names: oneself, or anybody for administrators. All others are told that the role is missing,
 * whether that user exists or not (SEC-1).
 */
export const userScope =
  (store: Store) =>
  async ({ params, caller }: ScopeRequest): Promise<UserScope> => {
    const name = params['user'] ?? '';
    const permitted = name === caller.user || caller.may('Administration', null);
    const user = permitted ? await findUser(store.read, name) : null;
    if (permitted && !user) {
      throw unknown('user', name);
    }
    if (user && user.deletedAt !== null) {
      throw gone('user', name);
    }
    // Without permission nothing is read, and `handle` is never reached.
    return { projectId: null, permitted, user: user as UserRow };
  };
