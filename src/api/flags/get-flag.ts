import { getFlag } from '../../store/flags/get-flag';
import { defineRoute, ok } from '../define-route';
import { gone, unknown } from '../deletion';
import type { Deps } from '../deps';
import { projectScope } from '../projects/scopes';
import { flagAnswer, flagParams, showFlag } from './flag-view';

/** Shows a flag with what is live where, and the release that is changing it. */
export const getFlagRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/projects/:project/flags/:flag',
    operationId: 'getFlag',
    summary: 'Show a flag, what is live where, and who is changing it',
    permission: { name: 'ProjectView', in: projectScope(store) },
    params: flagParams,
    answers: {
      200: {
        description: 'The flag; also a valid body of PUT.',
        body: flagAnswer,
        headers: { ETag: 'Of its content: `base` of a trigger.' },
      },
    },
    problems: ['project.unknown', 'project.gone', 'flag.unknown', 'flag.gone'],
    handle: async ({ params, scope }) => {
      const flag = await store.readTogether((sql) => getFlag(sql, scope.projectId, params.flag));
      if (!flag) {
        throw unknown('flag', params.flag);
      }
      if (flag.deletedAt !== null) {
        throw gone('flag', params.flag);
      }
      return ok(showFlag(flag, params.project), { etag: flag.etag });
    },
  });
