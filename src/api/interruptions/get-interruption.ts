import { z } from 'zod';

import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { id } from '../schemas/common';
import { interruption as interruptionSchema } from '../schemas/interruption';
import { interruptionScope } from './interruption-scope';
import { interruptionView } from './interruption-view';

/** `GET /v1/interruptions/{id}`: what a person is asked, and what became of it (INT-1). */
export const getInterruption = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/interruptions/:interruption',
    operationId: 'getInterruption',
    summary: 'What a run asks a person, who has it, and what was answered',
    permission: {
      name: 'ProjectView',
      in: interruptionScope(deps.store),
      who: 'Needs the permission `ProjectView`, or to be one who could take it, has it, or has answered it.',
    },
    params: z.strictObject({ interruption: id }),
    answers: { 200: { description: 'The interruption as it is now.', body: interruptionSchema } },
    problems: ['interruption.unknown'],
    handle: async ({ scope: { interruption }, caller }) => ok(await interruptionView(deps.store, interruption, caller)),
  });
