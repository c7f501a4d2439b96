import { z } from 'zod';

import { PIPELINE_LIMITS } from '../../domain/pipeline-check';
import { listInterruptions } from '../../store/interruptions/find-interruption';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { flagInQuery, id, oneOrMoreOf, oneOrMoreSlugs, slug } from '../schemas/common';
import { interruption as interruptionSchema, interruptionKind, interruptionState } from '../schemas/interruption';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { projectsOfToken, projectsWith, visibleProjects } from '../visible-projects';
import { interruptionViews } from './interruption-view';

/** `?state=pending,taken`. */
const statesInQuery = oneOrMoreOf(interruptionState);

/** Named like the fields (HTTP-5); all that are given have to fit. */
const filters = {
  state: statesInQuery.optional().describe('Only those in one of these states, separated by commas.'),
  mine: flagInQuery.optional().describe('`true`: only those that the caller may take, or holds.'),
  kind: interruptionKind.optional().describe('Only those of a manual step, or of a failure.'),
  project: slug.optional().describe('Only those of this project.'),
  environment: slug.optional().describe('Only those in environments with this name.'),
  release: id.optional().describe('Only those of this release.'),
  deployment: id.optional().describe('Only those of this deployment.'),
  phase: z.string().min(1).max(PIPELINE_LIMITS.nameLength).optional().describe('Only those of phases with this name.'),
  teams: oneOrMoreSlugs
    .optional()
    .describe('Only those for which one of these teams is responsible, separated by commas.'),
  responsibleUser: slug.optional().describe('Only those that this user has taken.'),
  submittedBy: slug.optional().describe('Only those that this user has answered.'),
};

/** `GET /v1/interruptions`: those that the caller may see, newest first; `mine`: what needs their decision (INT-8). */
export const listInterruptionsRoute = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/interruptions',
    operationId: 'listInterruptions',
    summary: 'What runs ask people, newest first',
    description: 'With `mine=true`: what needs the caller’s decision, all that they may take or hold (INT-8).',
    permission: 'authenticated',
    query: z.strictObject({ ...pageQuery, ...filters }),
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
          ownIn: projectsOfToken(caller, 'InterruptionSubmit'),
        },
        { ...query, states: query.state, mine: query.mine ?? false },
        page,
      );
      const aged = rows.map((row) => ({ ...row, createdAt: row.raisedAt }));
      const { items, next } = toPage(aged, page, (row) => row);
      return ok({ items: await interruptionViews(deps.store, items, caller), next });
    },
  });
