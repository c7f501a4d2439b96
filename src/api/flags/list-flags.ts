import { z } from 'zod';
import { listFlags } from '../../store/flags/list-flags';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { projectScope } from '../projects/scopes';
import { slug } from '../schemas/common';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { listedFlag, showListedFlag } from './flag-view';

/** Lists a project's flags, newest first (HTTP-5). */
export const listFlagsRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/flags',
    operationId: 'listFlags',
    summary: 'List the flags of a project',
    permission: { name: 'ProjectView', in: projectScope(store) },
    params: z.strictObject({ project: slug.describe('Name of the project.') }),
    query: z.strictObject({
      ...pageQuery,
      kind: z.enum(['gate', 'config']).optional().describe('Only those of this kind.'),
    }),
    answers: { 200: { description: 'Newest first.', body: pageOf(listedFlag, 'FlagPage') } },
    problems: ['project.unknown', 'project.gone'],
    handle: async ({ params, scope, query }) => {
      const page = pageRequest(query);
      const flags = await listFlags(store.read, { projectId: scope.projectId, kind: query.kind }, page);
      return ok(toPage(flags, page, (flag) => showListedFlag(flag, params.project)));
    },
  });
