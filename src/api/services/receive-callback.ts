import { z } from 'zod';

import type { Callback } from '../../domain/accepted-action';
import { refuseSettled } from '../../domain/callback';
import { acceptCallback } from '../../store/effects/accept-callback';
import { defineRoute, ok, type AnswerSpec } from '../define-route';
import type { Deps } from '../deps';
import { DECISION_WAIT_MS } from '../releases/request-action';
import { invalidRequest, Problem, problemOf } from '../problem';
import { callbackAnswerExample, callbackExample } from '../schemas/examples';

/** Where a target that was given this token calls back. */
export function callbackPath(token: string): string {
  return `/v1/callbacks/${token}`;
}

const body = z
  .strictObject({
    state: z.enum(['succeeded', 'failed']).describe('Whether the version is there now.'),
    detail: z.string().trim().min(1).max(2_000).optional().describe('For people: what went wrong, or of note.'),
    currentVersion: z
      .string()
      .max(200)
      .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'Must not hold control characters')
      .nullable()
      .optional()
      .describe('What is there now, null being nothing; of one that has succeeded the version that was asked for.'),
  })
  .meta({
    id: 'Callback',
    examples: [callbackExample],
    description: 'What became of an apply that was answered with 202 (PRO-6).',
  });

const answer = z
  .strictObject({
    state: z
      .enum(['applied', 'pending'])
      .describe('`pending`: accepted and not yet decided; it counts unless the release is being aborted.'),
  })
  .meta({ id: 'CallbackAnswer', examples: [callbackAnswerExample], description: 'What became of a callback.' });

const answers = {
  200: { description: 'It counts: the release goes on, or its phase has failed.', body: answer },
  202: {
    description: 'Accepted and not yet decided. Sent again with the same body, it is the same callback.',
    body: answer,
  },
} satisfies Record<number, AnswerSpec>;

/** `POST /v1/callbacks/{token}`: the later answer of a target (PRO-6). The token is the permission, so the path is a secret. */
export const receiveCallback = (deps: Deps) =>
  defineRoute({
    method: 'post',
    path: '/v1/callbacks/:token',
    operationId: 'receiveCallback',
    summary: 'Tell what became of an apply that was answered with 202',
    description:
      'The address is the `callbackUrl` of the request (PRO-6); who knows it may call back about that one apply and see ' +
      'nothing else. It is taken from the first send on, also before that was answered, and once: when the apply has come ' +
      'to its end, or the release is being aborted, the answer is 409.',
    permission: 'public',
    params: z.strictObject({ token: z.string().describe('From `callbackUrl`.') }),
    body,
    answers,
    problems: ['callback.unknown', 'callback.settled'],
    handle: async ({ params, body: { state, detail = null, currentVersion } }) => {
      const callback: Callback = { state, ...(currentVersion !== undefined && { currentVersion }) };
      const actionId = await accept(deps, params.token, callback, detail);
      const action = await deps.outcomes.wait(actionId, DECISION_WAIT_MS);
      switch (action?.status) {
        case 'applied':
          return ok({ state: 'applied' as const });
        case 'undecided':
          return { status: 202 as const, body: { state: 'pending' as const } };
        default:
          throw problemOf(refuseSettled());
      }
    },
  });

async function accept(deps: Deps, token: string, callback: Callback, detail: string | null): Promise<string> {
  const key = deps.callbackTokens.keyOf(token);
  if (key === null) {
    throw unknown();
  }
  const now = deps.now();
  const accepted = await deps.store.write((unit) => acceptCallback(unit, { key, callback, detail, now }));
  switch (accepted.kind) {
    case 'accepted':
      return accepted.actionId;
    case 'unknown':
      throw unknown();
    case 'settled':
      throw problemOf(refuseSettled());
    case 'other-version':
      throw invalidRequest([
        {
          path: 'currentVersion',
          message: 'Must be the version that was asked for, or be left out, where it has succeeded',
        },
      ]);
  }
}

/** The same for every token that does not fit, whatever is wrong with it. */
function unknown(): Problem {
  return new Problem('callback.unknown', 'The token is not one that was given out');
}
