import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { userScope } from './user-scope';
import { readUser, userParams, userView } from './user-view';

export const getUserRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/users/:user',
    operationId: 'getUser',
    summary: 'Read a user',
    description: 'Everybody may read themselves.',
    permission: { name: 'Administration', in: userScope(store) },
    params: userParams,
    answers: { 200: { description: 'The user.', body: userView, headers: { ETag: 'Of this content.' } } },
    problems: ['user.unknown', 'user.gone'],
    handle: async ({ scope }) => {
      const { view, etag } = await readUser(store.read, scope.user);
      return ok(view, { etag });
    },
  });
