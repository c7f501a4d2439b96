import { z } from 'zod';
import { createToken } from '../../store/users/create-token';
import { hashSecret, newSecret } from '../../store/secret-hash';
import { created, defineRoute } from '../define-route';
import type { Deps } from '../deps';
import { Problem } from '../problem';
import { displayName, duration } from '../schemas/common';
import { answerWithSecret } from '../sealed-answer';
import { readRoles } from './roles';
import { userScope } from './user-scope';
import { rolesField, userParams } from './user-view';

export const createTokenRoute = (deps: Deps) =>
  defineRoute({
    method: 'post',
    path: '/v1/users/:user/tokens',
    operationId: 'createToken',
    summary: 'Make a token',
    description:
      'For oneself, or as administrator for anybody. It can never do more than its user may do at that moment (SEC-3). A token that is narrowed makes only tokens that are narrowed too. A repetition with the same `Idempotency-Key` gets the same token again.',
    permission: { name: 'Administration', in: userScope(deps.store) },
    params: userParams,
    body: z
      .strictObject({
        name: displayName.optional().describe('For people; `token` if left out.'),
        expiresAfter: duration.optional().describe('How long it lives; left out: until it is deleted.'),
        roles: rolesField.optional().describe('Narrower than the user’s; left out: all that the user may do.'),
      })
      .meta({ id: 'NewToken', description: 'A token to be made.' }),
    answers: {
      201: {
        description: 'It is made.',
        headers: { Location: 'Its address.' },
        body: z
          .strictObject({
            id: z.string().describe('Names the token, to delete it.'),
            token: z.string().describe('The token itself, shown this once.'),
          })
          .meta({ id: 'TokenSecret', description: 'A token as it is made.' }),
      },
    },
    problems: ['user.unknown', 'user.gone', 'reference.unknown', 'grant.exceeds'],
    handle: async ({ body, scope, caller, idempotency }) => {
      const { user } = scope;
      if (!body.roles && caller.rights.token !== null) {
        throw new Problem('grant.exceeds', 'The token of this request is narrowed: give roles that lie within it', {
          errors: [{ path: 'roles', message: 'Required with a token that is narrowed' }],
        });
      }
      const answer = await answerWithSecret(deps, idempotency, async (unit, at) => {
        const token = newSecret('sluice');
        const id = await createToken(unit, {
          user,
          name: body.name ?? 'token',
          hash: hashSecret(token),
          grants: body.roles ? await readRoles(unit.sql, body.roles, caller) : null,
          expiresAt: body.expiresAfter === undefined ? null : at + body.expiresAfter,
          by: caller.userId,
          at,
        });
        return { id, token };
      });
      return created(`/v1/users/${user.slug}/tokens/${answer.id}`, answer);
    },
  });
