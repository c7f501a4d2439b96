import { z } from 'zod';
import { namedGrants } from '../../store/users/grants';
import { listUsers } from '../../store/users/list-users';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { showUser, userView } from './user-view';

export const listUsersRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/users',
    operationId: 'listUsers',
    summary: 'List users',
    description: 'Administrators see all, everybody else themselves.',
    permission: 'authenticated',
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'One page.', body: pageOf(userView, 'UserPage') } },
    handle: async ({ query, caller }) => {
      const page = pageRequest(query);
      const rows = await listUsers(store.read, page, caller.may('Administration', null) ? null : caller.userId);
      const grants = await namedGrants(
        store.read,
        rows.map(({ id }) => id),
      );
      return ok(toPage(rows, page, (row) => showUser(row, grants.get(row.id) ?? [])));
    },
  });
