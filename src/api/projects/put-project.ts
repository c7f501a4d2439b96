import { defineRoute } from '../define-route';
import type { Deps } from '../deps';
import { putAnswer, putAnswers } from '../put-answer';
import { projectBody, projectEtag, projectParams, projectView, showProject } from './project-view';
import { saveProject } from './save-project';
import { projectToPut } from './scopes';

export const putProjectRoute = ({ store, now }: Deps) =>
  defineRoute({
    method: 'put',
    path: '/v1/projects/:project',
    operationId: 'putProject',
    summary: 'Create or replace a project',
    description: 'A new one needs the role `administrator` everywhere. The same content changes nothing (HTTP-7).',
    permission: { name: 'ProjectEdit', in: projectToPut(store) },
    params: projectParams,
    body: projectBody,
    answers: putAnswers(projectView),
    problems: ['project.gone'],
    handle: async ({ params, body, caller, preconditions }) => {
      const { kind, project } = await store.write((unit) =>
        saveProject(unit, { slug: params.project, body, by: caller.userId, at: now(), preconditions }),
      );
      return putAnswer(kind === 'created', `/v1/projects/${project.slug}`, showProject(project), projectEtag(project));
    },
  });
