import { deleteToken } from '../../store/users/delete-token';
import { defineRoute } from '../define-route';
import { answerDeletion } from '../deletion';
import type { Deps } from '../deps';
import { tokenParams } from './token-view';
import { userScope } from './user-scope';

export const deleteTokenRoute = ({ store, now, authenticator }: Deps) =>
  defineRoute({
    method: 'delete',
    path: '/v1/users/:user/tokens/:token',
    operationId: 'deleteToken',
    summary: 'Take a token away',
    description: 'One’s own, or as administrator anybody’s. It is dead at once, and its streams end (SEC-3).',
    permission: { name: 'Administration', in: userScope(store) },
    params: tokenParams,
    answers: { 204: { description: 'It is deleted.' } },
    problems: ['user.unknown', 'user.gone', 'token.unknown', 'token.gone'],
    handle: async ({ params, scope, caller }) => {
      const kind = await store.write((unit) =>
        deleteToken(unit, { user: scope.user, id: params.token, by: caller.userId, at: now() }),
      );
      authenticator.forget();
      return answerDeletion('token', params.token, { kind });
    },
  });
