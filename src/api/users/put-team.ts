import { lockAdministrators } from '../../store/users/administrators';
import { findTeam } from '../../store/users/find-team';
import { putTeam } from '../../store/users/put-team';
import { defineRoute } from '../define-route';
import { gone } from '../deletion';
import type { Deps } from '../deps';
import { checkPreconditions } from '../etag';
import { Problem } from '../problem';
import { putAnswer } from '../put-answer';
import { keepAnAdministrator } from './keep-an-administrator';
import { readRoles } from './roles';
import { readTeam, teamBody, teamParams, teamView } from './team-view';

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
    answers: {
      200: { description: 'It was there; this is it now.', body: teamView, headers: { ETag: 'Of this content.' } },
      201: {
        description: 'It is new.',
        body: teamView,
        headers: { ETag: 'Of this content.', Location: 'Its address.' },
      },
    },
    problems: ['team.gone', 'user.last-administrator', 'reference.unknown', 'grant.exceeds'],
    handle: async ({ params, body, caller, preconditions }) => {
      const outcome = await store.write(async (unit) => {
        await lockAdministrators(unit);
        const known = await findTeam(unit.sql, params.team);
        const current = known && known.deletedAt === null ? (await readTeam(unit.sql, known)).etag : null;
        const put = await putTeam(unit, {
          slug: params.team,
          displayName: body.displayName ?? params.team,
          members: body.members ?? null,
          grants: body.roles ? await readRoles(unit.sql, body.roles, caller) : null,
          by: caller.userId,
          at: now(),
          judge: () => checkPreconditions(preconditions, current),
        });
        if (put.kind === 'gone') {
          throw gone('team', params.team);
        }
        if (put.kind === 'unknown-members') {
          throw new Problem('reference.unknown', 'A member does not exist', {
            errors: put.at.map((index) => ({
              path: `members[${index}]`,
              message: `There is no user ${body.members?.[index]}`,
            })),
          });
        }
        await keepAnAdministrator(unit);
        return { isNew: put.kind === 'created', ...(await readTeam(unit.sql, put.team)) };
      });
      authenticator.forget();
      return putAnswer(outcome.isNew, `/v1/teams/${params.team}`, outcome.view, outcome.etag);
    },
  });
