import { z } from 'zod';

import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { id } from '../schemas/common';
import { release } from '../schemas/release';
import { readableRelease } from './release-scope';
import { releaseView } from './release-view';

/** `GET /v1/releases/{id}`: a caller reads here what their own request just did. */
export const getRelease = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/releases/:release',
    operationId: 'getRelease',
    summary: 'A release and how far it has come',
    permission: { name: 'ProjectView', in: readableRelease(deps.store) },
    params: z.strictObject({ release: id }),
    answers: { 200: { description: 'The release as it is now.', body: release } },
    problems: ['release.unknown'],
    handle: async ({ scope, caller }) => ok(await releaseView(deps.store, scope.release, caller, deps.now())),
  });
