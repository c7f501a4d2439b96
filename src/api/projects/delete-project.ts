import { deleteProject } from '../../store/projects/delete-project';
import { defineRoute } from '../define-route';
import { answerDeletion } from '../deletion';
import type { Deps } from '../deps';
import { checkPreconditions } from '../etag';
import { projectEtag, projectParams } from './project-view';
import { projectScope } from './scopes';

export const deleteProjectRoute = ({ store, now, keyRing }: Deps) =>
  defineRoute({
    method: 'delete',
    path: '/v1/projects/:project',
    operationId: 'deleteProject',
    summary: 'Delete a project',
    description:
      'Refused while a release runs in it. Its evaluation keys open nothing any more; its name is not reused.',
    permission: { name: 'ProjectEdit', in: projectScope(store) },
    params: projectParams,
    answers: { 204: { description: 'It is deleted.' } },
    problems: ['project.unknown', 'project.gone', 'project.in-use', 'request.precondition-failed'],
    handle: async ({ params, caller, preconditions }) => {
      const deletion = await store.write((unit) =>
        deleteProject(unit, {
          slug: params.project,
          by: caller.userId,
          at: now(),
          judge: (current) => checkPreconditions(preconditions, projectEtag(current)),
        }),
      );
      await keyRing.reload();
      return answerDeletion('project', params.project, deletion);
    },
  });
