import { namedGrantsOf } from '../../store/users/grants';
import { findToken } from '../../store/users/list-tokens';
import { defineRoute, ok } from '../define-route';
import { gone, unknown } from '../deletion';
import type { Deps } from '../deps';
import { showToken, tokenParams, tokenView } from './token-view';
import { userScope } from './user-scope';

export const getTokenRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/users/:user/tokens/:token',
    operationId: 'getToken',
    summary: 'Read about a token',
    permission: { name: 'Administration', in: userScope(store) },
    params: tokenParams,
    answers: { 200: { description: 'All but the token itself.', body: tokenView } },
    problems: ['user.unknown', 'user.gone', 'token.unknown', 'token.gone'],
    handle: async ({ params, scope }) => {
      const row = await findToken(store.read, scope.user.id, params.token);
      if (!row) {
        throw unknown('token', params.token);
      }
      if (row.deletedAt !== null) {
        throw gone('token', params.token);
      }
      return ok(showToken(row, await namedGrantsOf(store.read, row.id)));
    },
  });
