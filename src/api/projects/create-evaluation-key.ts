import { z } from 'zod';
import { createEvaluationKey } from '../../store/projects/create-evaluation-key';
import { hashSecret, newSecret } from '../../store/secret-hash';
import { created, defineRoute } from '../define-route';
import type { Deps } from '../deps';
import { answerWithSecret } from '../sealed-answer';
import { displayName } from '../schemas/common';
import { environmentParams } from './environment-view';
import { evaluationKeyKind } from './evaluation-key-view';
import { environmentScope } from './scopes';

export const createEvaluationKeyRoute = (deps: Deps) =>
  defineRoute({
    method: 'post',
    path: '/v1/projects/:project/environments/:environment/evaluation-keys',
    operationId: 'createEvaluationKey',
    summary: 'Make an evaluation key',
    description: 'It counts at once. A repetition with the same `Idempotency-Key` gets the same key again.',
    permission: { name: 'EvaluationKeyEdit', in: environmentScope(deps.store) },
    params: environmentParams,
    body: z
      .strictObject({
        kind: evaluationKeyKind.optional().describe('`server` if left out; `client` keys are for browsers.'),
        name: displayName.optional().describe('For people; the kind if left out.'),
      })
      .meta({ id: 'NewEvaluationKey', description: 'An evaluation key to be made.' }),
    answers: {
      201: {
        description: 'It is made.',
        headers: { Location: 'Its address.' },
        body: z
          .strictObject({
            id: z.string().describe('Names the key, to delete it.'),
            key: z.string().describe('The key itself, shown this once.'),
          })
          .meta({ id: 'EvaluationKeySecret', description: 'An evaluation key as it is made.' }),
      },
    },
    problems: ['project.unknown', 'project.gone', 'environment.unknown', 'environment.gone'],
    handle: async ({ params, body, scope, caller, idempotency }) => {
      const kind = body.kind ?? 'server';
      const answer = await answerWithSecret(deps, idempotency, async (unit, at) => {
        const key = newSecret(`sluice_${kind}`);
        const id = await createEvaluationKey(unit, {
          projectId: scope.projectId,
          environment: scope.environment,
          kind,
          name: body.name ?? kind,
          keyHash: hashSecret(key),
          by: caller.userId,
          at,
        });
        return { id, key };
      });
      await deps.keyRing.reload();
      const { project, environment } = params;
      return created(`/v1/projects/${project}/environments/${environment}/evaluation-keys/${answer.id}`, answer);
    },
  });
