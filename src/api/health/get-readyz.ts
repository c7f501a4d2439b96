import { z } from 'zod';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { PARTS, PartStates } from './part-states';

const state = z.enum(['up', 'down', 'absent']).describe('`absent`: this process does not run or use it.');

const readiness = z
  .strictObject({
    ready: z.boolean().describe('Whether requests should come here.'),
    parts: z
      .strictObject({
        store: state.optional().describe('Where everything is kept.'),
        temporal: state.optional().describe('What moves releases.'),
        worker: state.optional().describe('What carries out what is decided.'),
      })
      .describe('How the parts are, as of a second ago at most.'),
  })
  .meta({ id: 'Readiness', description: 'How the service and its parts are.' });

export const getReadyzRoute = (deps: Deps) => {
  const states = new PartStates(deps);
  return defineRoute({
    method: 'get',
    path: '/readyz',
    operationId: 'getReadyz',
    summary: 'Whether requests should come here, and how the parts are',
    description:
      'Without `part`, 503 only when this process can serve nothing: flags are served while the store is down, reads while Temporal is. With `part`, 503 when that part is not up.',
    permission: 'public',
    query: z.strictObject({ part: z.enum(PARTS).optional().describe('Ask for one part alone.') }),
    answers: {
      200: { description: 'Ready.', body: readiness },
      503: { description: 'Not ready.', body: readiness },
    },
    handle: async ({ query }) => {
      const asked = query.part === undefined ? PARTS : [query.part];
      const found = await Promise.all(asked.map(async (part) => [part, await states.of(part)] as const));
      const used = found.filter(([, each]) => each !== 'absent');
      const ready = used.length > 0 && used.some(([, each]) => each === 'up');
      const body = { ready, parts: Object.fromEntries(found) };
      return ready ? ok(body) : { status: 503 as const, body };
    },
  });
};
