import { lockAdministrators } from '../../store/users/administrators';
import { deleteTeam } from '../../store/users/delete-team';
import { defineRoute } from '../define-route';
import { answerDeletion } from '../deletion';
import type { Deps } from '../deps';
import { checkPreconditions } from '../etag';
import { keepAnAdministrator } from './keep-an-administrator';
import { readTeam, teamParams } from './team-view';

export const deleteTeamRoute = ({ store, now, authenticator }: Deps) =>
  defineRoute({
    method: 'delete',
    path: '/v1/teams/:team',
    operationId: 'deleteTeam',
    summary: 'Delete a team',
    description: 'Refused while a review of a pipeline or of a running release asks it.',
    permission: { name: 'Administration' },
    params: teamParams,
    answers: { 204: { description: 'It is deleted.' } },
    problems: ['team.unknown', 'team.gone', 'team.in-use', 'user.last-administrator', 'request.precondition-failed'],
    handle: async ({ params, caller, preconditions }) => {
      const deletion = await store.write(async (unit) => {
        await lockAdministrators(unit);
        const outcome = await deleteTeam(unit, {
          slug: params.team,
          by: caller.userId,
          at: now(),
          judge: async (current) => checkPreconditions(preconditions, (await readTeam(unit.sql, current)).etag),
        });
        await keepAnAdministrator(unit);
        return outcome;
      });
      authenticator.forget();
      return answerDeletion('team', params.team, deletion);
    },
  });
