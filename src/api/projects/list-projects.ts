import { z } from 'zod';
import { listProjects } from '../../store/projects/list-projects';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { visibleProjects } from '../visible-projects';
import { projectView, showProject } from './project-view';

export const listProjectsRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects',
    operationId: 'listProjects',
    summary: 'List the projects the caller may see',
    permission: 'authenticated',
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'One page.', body: pageOf(projectView, 'ProjectPage') } },
    handle: async ({ query, caller }) => {
      const page = pageRequest(query);
      return ok(toPage(await listProjects(store.read, page, visibleProjects(caller)), page, showProject));
    },
  });
