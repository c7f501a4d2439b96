import { z } from 'zod';
import { namedGrants } from '../../store/users/grants';
import { listTokens } from '../../store/users/list-tokens';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { showToken, tokenView } from './token-view';
import { userScope } from './user-scope';
import { userParams } from './user-view';

export const listTokensRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/users/:user/tokens',
    operationId: 'listTokens',
    summary: 'List the tokens of a user',
    description: 'One’s own, or as administrator anybody’s.',
    permission: { name: 'Administration', in: userScope(store) },
    params: userParams,
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'One page.', body: pageOf(tokenView, 'TokenPage') } },
    problems: ['user.unknown', 'user.gone'],
    handle: async ({ query, scope }) => {
      const page = pageRequest(query);
      const rows = await listTokens(store.read, scope.user.id, page);
      const grants = await namedGrants(
        store.read,
        rows.map(({ id }) => id),
      );
      return ok(toPage(rows, page, (row) => showToken(row, grants.get(row.id) ?? [])));
    },
  });
