import { z } from 'zod';

import { findInterruption } from '../../store/interruptions/find-interruption';
import { accepted, defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { claimIdempotencyKey, type IdempotentRequest } from '../idempotency';
import type { ProblemCode } from '../problem-codes';
import { actionView } from '../releases/action-view';
import { id } from '../schemas/common';
import { submissionResultsExample } from '../schemas/examples';
import {
  interruption as interruptionSchema,
  submissionBody,
  submissionResult,
  submissionsBody,
} from '../schemas/interruption';
import { action as actionSchema } from '../schemas/release';
import { interruptionScope, maySeeInterruption, unknownInterruption } from './interruption-scope';
import { interruptionView } from './interruption-view';
import { submitAnswer, type Answered } from './submit-answer';

const PROBLEMS: ProblemCode[] = [
  'interruption.unknown',
  'interruption.not-allowed',
  'interruption.not-taken',
  'interruption.taken-by-other',
  'interruption.submitted',
  'interruption.closed',
  'interruption.author',
  'interruption.token-maker',
  'interruption.already-proceeded',
  'interruption.notes-required',
  'interruption.result-unknown',
  'release.ended',
];

/** `POST /v1/interruptions/{id}/submit`: the one who has taken it answers (INT-2, INT-5, INT-10). */
export const submitInterruption = (deps: Deps) =>
  defineRoute({
    method: 'post',
    path: '/v1/interruptions/:interruption/submit',
    operationId: 'submitInterruption',
    summary: 'Answer what a run asks: go on, or not',
    description:
      'Only the one who has taken it, while still entitled to (INT-4). Aborting fails the step and the deployment, with ' +
      'the caller’s name and notes; it does not abort the release (INT-5).',
    permission: {
      name: 'InterruptionSubmit',
      in: interruptionScope(deps.store),
      who: 'For whoever has taken it, and could take it still.',
    },
    params: z.strictObject({ interruption: id }),
    body: submissionBody,
    answers: {
      200: { description: 'Decided and recorded; the interruption as it is now.', body: interruptionSchema },
      202: {
        description: 'Accepted and not yet decided: it will be applied or refused, never lost.',
        body: actionSchema,
        headers: { location: 'Where to ask for the outcome.' },
      },
    },
    problems: PROBLEMS,
    handle: async ({ scope: { interruption }, body: { result, notes = '' }, caller, idempotency }) => {
      const answered = await submitAnswer(
        deps,
        { interruption, result, notes, takesFirst: false },
        caller,
        idempotency,
      );
      switch (answered.kind) {
        case 'applied':
          return ok(await interruptionView(deps.store, answered.interruption, caller), {
            location: `/v1/actions/${answered.action}`,
          });
        case 'undecided':
          return accepted(`/v1/actions/${answered.action.id}`, actionView(answered.action, caller.user));
        case 'refused':
          throw answered.problem;
      }
    },
  });

/** `POST /v1/interruptions/submit`: several at once, each free one is taken first (INT-8). */
export const submitInterruptions = (deps: Deps) =>
  defineRoute({
    method: 'post',
    path: '/v1/interruptions/submit',
    operationId: 'submitInterruptions',
    summary: 'Give several interruptions the same answer',
    description: 'Each free one is taken first; what became of each is told one by one (INT-8).',
    permission: 'authenticated',
    body: submissionsBody,
    answers: {
      200: {
        description: 'What became of each, in the order of the request.',
        body: z.strictObject({ items: z.array(submissionResult).describe('One for each id, in their order.') }).meta({
          id: 'SubmissionResults',
          examples: [submissionResultsExample],
          description: 'What became of one answer to several interruptions.',
        }),
      },
    },
    handle: async ({ body: { ids, result, notes = '' }, caller, idempotency, noteForbidden }) => {
      await claimWhole(deps, idempotency);
      const items = await Promise.all(
        ids.map(async (each) => {
          const interruption = await findInterruption(deps.store.read, each);
          const answered: Answered =
            interruption && maySeeInterruption(caller, interruption)
              ? await submitAnswer(
                  deps,
                  { interruption, result, notes, takesFirst: true },
                  caller,
                  keyOf(idempotency, each),
                )
              : { kind: 'refused', action: null, problem: unknownInterruption(each) };
          switch (answered.kind) {
            case 'applied':
              return {
                id: each,
                status: 200,
                action: answered.action,
                interruption: await interruptionView(deps.store, answered.interruption, caller),
                problem: null,
              };
            case 'undecided':
              return { id: each, status: 202, action: answered.action.id, interruption: null, problem: null };
            case 'refused': {
              const problem = answered.problem.toBody();
              await noteForbidden(answered.problem, interruption?.projectId ?? null);
              return { id: each, status: problem.status, action: answered.action, interruption: null, problem };
            }
          }
        }),
      );
      return ok({ items });
    },
  });

/** The key stands for all ids together: with others it is another request (HTTP-6). A repetition goes through them again. */
async function claimWhole({ store, now }: Deps, idempotency: IdempotentRequest | null): Promise<void> {
  if (!idempotency) {
    return;
  }
  await store.write(async (unit) => {
    const claim = await claimIdempotencyKey<true>(unit, idempotency, now());
    await claim.keep?.(true);
  });
}

/** Each of them is answered once for the key of the whole request. */
function keyOf(idempotency: IdempotentRequest | null, interruption: string): IdempotentRequest | null {
  return idempotency && { ...idempotency, route: `${idempotency.route}/${interruption}` };
}
