import { z } from 'zod';
import { defineRoute, ok } from '../define-route';

export const getLivezRoute = () =>
  defineRoute({
    method: 'get',
    path: '/livez',
    operationId: 'getLivez',
    summary: 'Whether the process runs',
    description: 'For whoever restarts it: asks no other part.',
    permission: 'public',
    answers: {
      200: {
        description: 'It runs.',
        body: z
          .strictObject({ alive: z.literal(true).describe('It runs.') })
          .meta({ id: 'Liveness', description: 'It runs.' }),
      },
    },
    handle: () => ok({ alive: true as const }),
  });
