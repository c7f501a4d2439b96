import { findTeam, type TeamRow } from '../../store/users/find-team';
import type { Store } from '../../store/store';
import type { Scope, ScopeRequest } from '../define-route';
import { gone, unknown } from '../deletion';

export interface TeamScope extends Scope {
  team: TeamRow;
}

/** The team that `:team` names: one's own teams, or any for administrators, as with users. */
export const teamScope =
  (store: Store) =>
  async ({ params, caller }: ScopeRequest): Promise<TeamScope> => {
    const name = params['team'] ?? '';
    const permitted = caller.teams.includes(name) || caller.may('Administration', null);
    const team = permitted ? await findTeam(store.read, name) : null;
    if (permitted && !team) {
      throw unknown('team', name);
    }
    if (team && team.deletedAt !== null) {
      throw gone('team', name);
    }
    // Without permission nothing is read, and `handle` is never reached.
    return { projectId: null, permitted, team: team as TeamRow };
  };
