import { defineRoute } from '../define-route';
import type { Deps } from '../deps';
import { putAnswer, putAnswers } from '../put-answer';
import { saveTeam } from './save-team';
import { teamBody, teamParams, teamView } from './team-view';

export const putTeamRoute = ({ store, now, authenticator }: Deps) =>
  defineRoute({
    method: 'put',
    path: '/v1/teams/:team',
    operationId: 'putTeam',
    summary: 'Create or replace a team',
    description:
      'What `roles` grants must be held by the caller (SEC-1), and somebody must stay administrator everywhere. Left out, members and roles stay as they are. The same content changes nothing (HTTP-7).',
    permission: { name: 'Administration' },
    params: teamParams,
    body: teamBody,
    answers: putAnswers(teamView),
    problems: ['team.gone', 'user.last-administrator', 'reference.unknown', 'grant.exceeds'],
    handle: async ({ params, body, caller, preconditions }) => {
      const outcome = await store.write((unit) =>
        saveTeam(unit, { slug: params.team, body, caller, at: now(), preconditions }),
      );
      authenticator.forget();
      return putAnswer(outcome.kind === 'created', `/v1/teams/${params.team}`, outcome.view, outcome.etag);
    },
  });
