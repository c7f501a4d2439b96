import { z } from 'zod';
import { evaluateOne } from '../../targets/flags/ofrep';
import { defineRoute } from '../define-route';
import type { Deps } from '../deps';
import {
  evaluationFailure,
  evaluationRequest,
  evaluationSuccess,
  OFREP_BODY_LIMIT,
  renderOfrepProblem,
} from './ofrep-bodies';

export const evaluateFlagRoute = ({ flagImage }: Deps) =>
  defineRoute({
    method: 'post',
    path: '/ofrep/v1/evaluate/flags/:key',
    operationId: 'evaluateFlag',
    summary: 'Evaluate a flag for a context',
    description: 'OFREP 0.3.0. The evaluation key decides the environment (FLG-4).',
    permission: 'evaluation-key',
    cors: true,
    params: z.strictObject({ key: z.string().max(1_000).describe('Name of the flag.') }),
    query: z.looseObject({}),
    body: evaluationRequest,
    bodyLimit: OFREP_BODY_LIMIT,
    answers: {
      200: { description: 'What the flag answers.', body: evaluationSuccess },
      400: { description: 'The context, or the flag for this context, cannot be evaluated.', body: evaluationFailure },
      404: { description: 'There is no such flag.', body: evaluationFailure },
    },
    renderProblem: renderOfrepProblem,
    handle: ({ params, body, client }) => evaluateOne(flagImage, client.environmentId, params.key, body),
  });
