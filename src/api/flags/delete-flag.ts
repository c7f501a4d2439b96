import { deleteFlag, type DeleteFlagOutcome } from '../../store/flags/delete-flag';
import { defineRoute, noContent } from '../define-route';
import { gone, unknown } from '../deletion';
import type { Deps } from '../deps';
import { checkPreconditions } from '../etag';
import { projectScope } from '../projects/scopes';
import { flagParams } from './flag-view';
import { refusedFlag } from './save-flag';

/** Deletes a flag: clients do not find it any more. Judged like a direct edit of all environments (REL-4). */
export const deleteFlagRoute = ({ store, now, flagFollower }: Deps) =>
  defineRoute({
    method: 'delete',
    path: '/v1/projects/:project/flags/:flag',
    operationId: 'deleteFlag',
    summary: 'Delete a flag',
    description:
      'Clients do not find it any more, so it is judged like a direct edit of all environments, and nobody may while a ' +
      'release of the flag runs or waits (REL-4). Its name is not given again.',
    permission: { name: 'FlagEdit', in: projectScope(store) },
    params: flagParams,
    answers: { 204: { description: 'It is deleted.' } },
    problems: [
      'project.unknown',
      'project.gone',
      'flag.unknown',
      'flag.gone',
      'flag.requires-pipeline',
      'flag.being-released',
      'request.precondition-failed',
    ],
    handle: async ({ params, scope, caller, preconditions }) => {
      const outcome = await store.write((unit) =>
        deleteFlag(unit, {
          projectId: scope.projectId,
          slug: params.flag,
          mayOverride: caller.may('FlagOverride', scope.projectId),
          actorId: caller.userId,
          at: now(),
          checkEtag: (current) => checkPreconditions(preconditions, current),
        }),
      );
      await flagFollower.caughtUp();
      return answerOf(outcome, params.flag);
    },
  });

function answerOf(outcome: DeleteFlagOutcome, name: string) {
  switch (outcome.kind) {
    case 'deleted':
      return noContent();
    case 'already-deleted':
      throw gone('flag', name);
    case 'unknown':
      throw unknown('flag', name);
    case 'refused':
      throw refusedFlag(outcome.refusal);
  }
}
