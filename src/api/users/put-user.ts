import { defineRoute } from '../define-route';
import type { Deps } from '../deps';
import { putAnswer, putAnswers } from '../put-answer';
import { saveUser } from './save-user';
import { userBody, userParams, userView } from './user-view';

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
    answers: putAnswers(userView),
    problems: ['user.gone', 'user.last-administrator', 'reference.unknown', 'grant.exceeds'],
    handle: async ({ params, body, caller, preconditions }) => {
      const outcome = await store.write((unit) =>
        saveUser(unit, { slug: params.user, body, caller, at: now(), preconditions }),
      );
      authenticator.forget();
      return putAnswer(outcome.kind === 'created', `/v1/users/${params.user}`, outcome.view, outcome.etag);
    },
  });
