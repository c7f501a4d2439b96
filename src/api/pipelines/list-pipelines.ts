import { z } from 'zod';
import { listPipelines } from '../../store/pipelines/find-pipeline';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { projectScope } from '../projects/scopes';
import { slug } from '../schemas/common';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { listedPipeline } from '../schemas/pipeline';
import { listedPipelineView } from './pipeline-view';

/** Lists a project's pipelines, newest first (HTTP-5). */
export const listPipelinesRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/pipelines',
    operationId: 'listPipelines',
    summary: 'List the pipelines of a project',
    permission: { name: 'ProjectView', in: projectScope(store) },
    params: z.strictObject({ project: slug.describe('Name of the project.') }),
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'Newest first.', body: pageOf(listedPipeline, 'PipelinePage') } },
    problems: ['project.unknown', 'project.gone'],
    handle: async ({ params, scope, query }) => {
      const page = pageRequest(query);
      const rows = await listPipelines(store.read, scope.projectId, page);
      return ok(toPage(rows, page, (row) => listedPipelineView(params.project, row)));
    },
  });
