import { z } from 'zod';
import { namedGrants } from '../../store/users/grants';
import { listTeams } from '../../store/users/list-teams';
import { memberNames } from '../../store/users/members';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { showTeam, teamView } from './team-view';

export const listTeamsRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/teams',
    operationId: 'listTeams',
    summary: 'List teams',
    description: 'Administrators see all, everybody else their own.',
    permission: 'authenticated',
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'One page.', body: pageOf(teamView, 'TeamPage') } },
    handle: async ({ query, caller }) => {
      const page = pageRequest(query);
      const rows = await listTeams(store.read, page, caller.may('Administration', null) ? null : caller.teamIds);
      const ids = rows.map(({ id }) => id);
      const members = await memberNames(store.read, ids);
      const grants = await namedGrants(store.read, ids);
      return ok(toPage(rows, page, (row) => showTeam(row, members.get(row.id) ?? [], grants.get(row.id) ?? [])));
    },
  });
