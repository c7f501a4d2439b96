import { lockAdministrators } from '../../store/users/administrators';
import { findUser } from '../../store/users/find-user';
import { putUser } from '../../store/users/put-user';
import { defineRoute } from '../define-route';
import { gone } from '../deletion';
import type { Deps } from '../deps';
import { checkPreconditions } from '../etag';
import { putAnswer } from '../put-answer';
import { keepAnAdministrator } from './keep-an-administrator';
import { readRoles } from './roles';
import { readUser, userBody, userParams, userView } from './user-view';

export const putUserRoute = ({ store, now, authenticator }: Deps) =>
  defineRoute({
    method: 'put',
    path: '/v1/users/:user',
    operationId: 'putUser',
    summary: 'Create or replace a user',
    description:
      'What `roles` grants must be held by the caller (SEC-1), and somebody must stay administrator everywhere. Left out, roles stay as they are. The same content changes nothing (HTTP-7).',
    permission: { name: 'Administration' },
    params: userParams,
    body: userBody,
    answers: {
      200: { description: 'It was there; this is it now.', body: userView, headers: { ETag: 'Of this content.' } },
      201: {
        description: 'It is new.',
        body: userView,
        headers: { ETag: 'Of this content.', Location: 'Its address.' },
      },
    },
    problems: ['user.gone', 'user.last-administrator', 'reference.unknown', 'grant.exceeds'],
    handle: async ({ params, body, caller, preconditions }) => {
      const outcome = await store.write(async (unit) => {
        await lockAdministrators(unit);
        const known = await findUser(unit.sql, params.user);
        const current = known && known.deletedAt === null ? (await readUser(unit.sql, known)).etag : null;
        const put = await putUser(unit, {
          slug: params.user,
          displayName: body.displayName ?? params.user,
          email: body.email ?? null,
          grants: body.roles ? await readRoles(unit.sql, body.roles, caller) : null,
          by: caller.userId,
          at: now(),
          judge: () => checkPreconditions(preconditions, current),
        });
        if (put.kind === 'gone') {
          throw gone('user', params.user);
        }
        await keepAnAdministrator(unit);
        return { isNew: put.kind === 'created', ...(await readUser(unit.sql, put.user)) };
      });
      authenticator.forget();
      return putAnswer(outcome.isNew, `/v1/users/${params.user}`, outcome.view, outcome.etag);
    },
  });
