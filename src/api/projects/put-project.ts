import { putProject } from '../../store/projects/put-project';
import { defineRoute } from '../define-route';
import { gone } from '../deletion';
import type { Deps } from '../deps';
import { checkPreconditions } from '../etag';
import { putAnswer } from '../put-answer';
import { projectBody, projectEtag, projectParams, projectView, showProject } from './project-view';
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
    answers: {
      200: { description: 'It was there; this is it now.', body: projectView, headers: { ETag: 'Of this content.' } },
      201: {
        description: 'It is new.',
        body: projectView,
        headers: { ETag: 'Of this content.', Location: 'Its address.' },
      },
    },
    problems: ['project.gone'],
    handle: async ({ params, body, caller, preconditions }) => {
      const outcome = await store.write((unit) =>
        putProject(unit, {
          slug: params.project,
          displayName: body.displayName ?? params.project,
          by: caller.userId,
          at: now(),
          judge: (current) => checkPreconditions(preconditions, current && projectEtag(current)),
        }),
      );
      if (outcome.kind === 'gone') {
        throw gone('project', params.project);
      }
      const { project } = outcome;
      return putAnswer(
        outcome.kind === 'created',
        `/v1/projects/${project.slug}`,
        showProject(project),
        projectEtag(project),
      );
    },
  });
