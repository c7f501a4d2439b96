import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { teamScope } from './team-scope';
import { readTeam, teamParams, teamView } from './team-view';

export const getTeamRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/teams/:team',
    operationId: 'getTeam',
    summary: 'Read a team',
    description: 'Members may read their teams.',
    permission: { name: 'Administration', in: teamScope(store) },
    params: teamParams,
    answers: { 200: { description: 'The team.', body: teamView, headers: { ETag: 'Of this content.' } } },
    problems: ['team.unknown', 'team.gone'],
    handle: async ({ scope }) => {
      const { view, etag } = await readTeam(store.read, scope.team);
      return ok(view, { etag });
    },
  });
