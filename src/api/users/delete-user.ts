import { lockAdministrators } from '../../store/users/administrators';
import { deleteUser } from '../../store/users/delete-user';
import { defineRoute } from '../define-route';
import { answerDeletion } from '../deletion';
import type { Deps } from '../deps';
import { checkPreconditions } from '../etag';
import { keepAnAdministrator } from './keep-an-administrator';
import { readUser, userParams } from './user-view';

export const deleteUserRoute = ({ store, now, authenticator }: Deps) =>
  defineRoute({
    method: 'delete',
    path: '/v1/users/:user',
    operationId: 'deleteUser',
    summary: 'Delete a user',
    description: 'The user’s tokens are dead at once; what the user did stays under the name, which is not reused.',
    permission: { name: 'Administration' },
    params: userParams,
    answers: { 204: { description: 'It is deleted.' } },
    problems: ['user.unknown', 'user.gone', 'user.last-administrator', 'request.precondition-failed'],
    handle: async ({ params, caller, preconditions }) => {
      const kind = await store.write(async (unit) => {
        await lockAdministrators(unit);
        const outcome = await deleteUser(unit, {
          slug: params.user,
          by: caller.userId,
          at: now(),
          judge: async (current) => checkPreconditions(preconditions, (await readUser(unit.sql, current)).etag),
        });
        await keepAnAdministrator(unit);
        return outcome;
      });
      authenticator.forget();
      return answerDeletion('user', params.user, { kind });
    },
  });
