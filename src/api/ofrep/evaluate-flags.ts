import { z } from 'zod';
import { evaluateBulk } from '../../targets/flags/ofrep';
import { defineRoute } from '../define-route';
import type { Deps } from '../deps';
import {
  bulkEvaluation,
  evaluationRequest,
  OFREP_BODY_LIMIT,
  renderOfrepProblem,
  requestFailure,
} from './ofrep-bodies';
import { FLAG_CHANGES_PATH } from './stream-flag-changes';
import type { StreamTickets } from './stream-tickets';

export const evaluateFlagsRoute = ({ flagImage, settings }: Deps, tickets: StreamTickets) =>
  defineRoute({
    method: 'post',
    path: '/ofrep/v1/evaluate/flags',
    operationId: 'evaluateFlags',
    summary: 'Evaluate all flags for a context',
    description: 'OFREP 0.3.0. All answers are of one revision (FLG-3); with `If-None-Match` an unchanged one is 304.',
    permission: 'evaluation-key',
    cors: true,
    // Clients add what an event named, to get past caches.
    query: z.looseObject({}),
    body: evaluationRequest,
    bodyLimit: OFREP_BODY_LIMIT,
    answers: {
      200: { description: 'What they answer.', body: bulkEvaluation, headers: { ETag: 'Of the answer.' } },
      304: { description: 'The client has this answer.', headers: { ETag: 'Of the answer.' } },
      400: { description: 'The context cannot be read.', body: requestFailure },
    },
    renderProblem: renderOfrepProblem,
    handle: ({ body, client, preconditions }) => {
      const ticket = tickets.issue({ environmentId: client.environmentId, keyId: client.keyId });
      const url = `${settings.publicUrl}${FLAG_CHANGES_PATH}?ticket=${ticket}`;
      const streams = [{ type: 'sse' as const, url }];
      const answer = evaluateBulk(flagImage, client.environmentId, body, preconditions.ifNoneMatch, streams);
      return answer.status === 200 ? { ...answer, body: { eventStreams: streams, ...answer.body } } : answer;
    },
  });
