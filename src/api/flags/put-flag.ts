import { z } from 'zod';
import { getFlag } from '../../store/flags/get-flag';
import { defineRoute } from '../define-route';
import { unknown } from '../deletion';
import type { Deps } from '../deps';
import { invalidRequest } from '../problem';
import { projectScope } from '../projects/scopes';
import { putAnswer, putAnswers } from '../put-answer';
import { toDefinition } from '../schemas/flag-definition';
import { flagAnswer, flagBody, flagParams, showFlag } from './flag-view';
import { saveFlag } from './save-flag';

const MOST_ENVIRONMENTS = 200;

/** Creates a flag, or edits it directly (REL-4). */
export const putFlagRoute = ({ store, now, flagFollower }: Deps) =>
  defineRoute({
    method: 'put',
    path: '/v1/projects/:project/flags/:flag',
    operationId: 'putFlag',
    summary: 'Create a flag or edit it directly',
    description:
      'Creating is free. Changing what an environment that requires a pipeline sees needs `FlagOverride`, and nobody ' +
      'may while a release of the flag runs or waits (REL-4). An unchanged PUT changes nothing and is accepted at any ' +
      'time. `?environments=` edits only those; the flag’s own `definition` stays.',
    permission: { name: 'FlagEdit', in: projectScope(store) },
    params: flagParams,
    query: z.strictObject({
      environments: z
        .string()
        .max(20_000)
        .optional()
        .describe(
          'Names of the environments to edit, separated by commas; left out: all. A new flag is always in all.',
        ),
    }),
    body: flagBody,
    answers: putAnswers(flagAnswer),
    problems: [
      'project.unknown',
      'project.gone',
      'flag.gone',
      'flag.invalid',
      'flag.kind-fixed',
      'flag.requires-pipeline',
      'flag.being-released',
      'reference.unknown',
    ],
    handle: async ({ params, query, scope, body, caller, preconditions }) => {
      const { projectId } = scope;
      const environments = query.environments === undefined ? null : namesIn(query.environments);
      const outcome = await store.write((unit) =>
        saveFlag(unit, {
          projectId,
          slug: params.flag,
          kind: body.kind,
          description: body.description ?? '',
          definition: toDefinition(body.definition),
          environments,
          mayOverride: caller.may('FlagOverride', projectId),
          isApplied: false,
          actorId: caller.userId,
          at: now(),
          preconditions,
          path: 'definition',
        }),
      );
      await flagFollower.caughtUp();
      const saved = await store.readTogether((sql) => getFlag(sql, projectId, params.flag));
      if (!saved) {
        throw unknown('flag', params.flag);
      }
      return putAnswer(
        outcome === 'created',
        `/v1/projects/${params.project}/flags/${params.flag}`,
        showFlag(saved, params.project),
        saved.etag,
      );
    },
  });

function namesIn(list: string): string[] {
  const names = list.split(',').map((name) => name.trim());
  if (names.includes('') || names.length > MOST_ENVIRONMENTS || new Set(names).size < names.length) {
    const message = `Must be 1 to ${MOST_ENVIRONMENTS} names of environments, each once, separated by commas`;
    throw invalidRequest([{ path: 'query.environments', message }]);
  }
  return names;
}
