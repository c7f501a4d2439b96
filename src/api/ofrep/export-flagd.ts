import { createHash } from 'node:crypto';
import { z } from 'zod';
import { findEnvironment } from '../../store/projects/find-environment';
import { findProject } from '../../store/projects/find-project';
import type { EvaluationClient } from '../caller';
import { defineRoute, ok } from '../define-route';
import { unknown } from '../deletion';
import type { Deps } from '../deps';
import { Problem } from '../problem';
import { slug } from '../schemas/common';

const flagFile = z
  .strictObject({
    $schema: z.string().describe('The schema that flagd publishes.'),
    flags: z.record(z.string(), z.unknown()).describe('Definitions by flag, running releases compiled in.'),
  })
  .meta({ id: 'FlagdFile', description: 'An environment’s flags as a file of flagd (FLG-5).' });

export const exportFlagdRoute = (deps: Deps) => {
  const isEnvironmentOf = environmentCheck(deps);
  return defineRoute({
    method: 'get',
    path: '/v1/projects/:project/environments/:environment/flagd.json',
    operationId: 'exportFlagd',
    summary: 'Export an environment’s flags for flagd',
    description:
      'The very flags that OFREP evaluates. flagd can poll it with a `server` evaluation key as bearer token.',
    permission: 'evaluation-key',
    params: z.strictObject({
      project: slug.describe('Name of the project.'),
      environment: slug.describe('Name of the environment.'),
    }),
    answers: {
      200: { description: 'The file.', body: flagFile, headers: { ETag: 'Of the file.' } },
    },
    problems: ['request.forbidden', 'environment.unknown'],
    handle: async ({ params, client }) => {
      if (!(await isEnvironmentOf(client, params.project, params.environment))) {
        throw unknown('environment', params.environment);
      }
      if (client.kind !== 'server') {
        throw new Problem('request.forbidden', 'This needs an evaluation key of the kind `server`');
      }
      const file = deps.flagImage.exportFlagd(client.environmentId) as z.input<typeof flagFile>;
      return ok(file, { etag: `"${createHash('sha256').update(JSON.stringify(file)).digest('base64url')}"` });
    },
  });
};

/**
 * Whether the path names the environment of the key. What was found stays true, as names are never given again
 * (HTTP-1), so that flagd is answered while the store is down (FLG-6).
 */
function environmentCheck({ store }: Deps) {
  const found = new Map<string, string>();
  return async (client: EvaluationClient, project: string, environment: string): Promise<boolean> => {
    const path = `${project}/${environment}`;
    if (found.get(client.environmentId) === path) {
      return true;
    }
    const { id } = (await findProject(store.read, project)) ?? {};
    if (id === undefined || id !== client.projectId) {
      return false;
    }
    const row = await findEnvironment(store.read, id, environment);
    if (row?.id !== client.environmentId) {
      return false;
    }
    found.set(client.environmentId, path);
    return true;
  };
}
