import { z } from 'zod';

import { listInterruptions } from '../../store/interruptions/find-interruption';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { flagInQuery, id, oneOrMoreOf, slug } from '../schemas/common';
import { interruption as interruptionSchema, interruptionState } from '../schemas/interruption';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { projectsWith, visibleProjects } from '../visible-projects';
import { interruptionViews } from './interruption-view';

/** `?state=pending,taken`. */
const statesInQuery = oneOrMoreOf(interruptionState);

/** `GET /v1/interruptions`: those that the caller may see, newest first; `mine`: what needs their decision (INT-8). */
export const listInterruptionsRoute = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/interruptions',
    operationId: 'listInterruptions',
    summary: 'What runs ask people, newest first',
    description: 'With `mine=true`: what needs the caller’s decision, all that they may take or hold (INT-8).',
    permission: 'authenticated',
    query: z.strictObject({
      ...pageQuery,
      state: statesInQuery.optional().describe('Only those in one of these states, separated by commas.'),
      mine: flagInQuery.optional().describe('`true`: only those that the caller may take, or holds.'),
      project: slug.optional().describe('Only those of this project.'),
      release: id.optional().describe('Only those of this release.'),
    }),
    answers: {
      200: { description: 'A page of interruptions.', body: pageOf(interruptionSchema, 'InterruptionPage') },
    },
    handle: async ({ query, caller }) => {
      const page = pageRequest(query);
      const rows = await listInterruptions(
        deps.store.read,
        {
          userId: caller.userId,
          teams: caller.teams,
          visibleIn: visibleProjects(caller),
          submitIn: projectsWith(caller, 'InterruptionSubmit'),
          deployIn: projectsWith(caller, 'DeploymentCreate'),
        },
        { states: query.state, project: query.project, release: query.release, mine: query.mine ?? false },
        page,
      );
      const aged = rows.map((row) => ({ ...row, createdAt: row.raisedAt }));
      const { items, next } = toPage(aged, page, (row) => row);
      return ok({ items: await interruptionViews(deps.store, items, caller), next });
    },
  });
