import { z } from 'zod';

import { tokenCarries } from '../../domain/permission';
import { userNames } from '../../store/releases/read-release';
import { defineRoute, ok, type ScopeRequest } from '../define-route';
import type { Deps } from '../deps';
import { Problem } from '../problem';
import { id } from '../schemas/common';
import { action as actionSchema } from '../schemas/release';
import { actionView } from './action-view';
import { readAction } from './outcome-waiters';
import { findRelease } from './release-scope';

/** `GET /v1/actions/{id}`: what became of an action that was answered with 202 (REL-25). */
export const getAction = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/actions/:action',
    operationId: 'getAction',
    summary: 'What a person asked of a release, and what became of it',
    permission: {
      name: 'ProjectView',
      in: actionScope(deps),
      who: 'Needs the permission `ProjectView`, or to be the one who asked for it.',
    },
    params: z.strictObject({ action: id }),
    answers: { 200: { description: 'The action as it is now.', body: actionSchema } },
    problems: ['action.unknown'],
    handle: async ({ scope: { action } }) => {
      const names = await userNames(deps.store.read, [action.actorId]);
      return ok(actionView(action, names.get(action.actorId) ?? action.actorId));
    },
  });

function actionScope({ store }: Deps) {
  return async ({ params, caller }: ScopeRequest) => {
    const unknown = new Problem('action.unknown', `There is no action ${params['action'] ?? ''}`);
    const action = await readAction(store, params['action'] ?? '');
    if (!action) {
      throw unknown;
    }
    const release = await findRelease(store, caller, action.releaseId);
    // Whoever was told to ask here is told what came of it, also where they may see nothing else of the release.
    // For that their token carries what they asked with, which an answer to an interruption needs alone (INT-3).
    const needed = action.verb === 'submit' ? 'InterruptionSubmit' : 'ProjectView';
    const isOwn = action.actorId === caller.userId && tokenCarries(caller.rights, needed, release.projectId);
    return { ...release, action, permitted: (release.visible ?? false) || isOwn, hidden: unknown };
  };
}
