import { putEnvironment } from '../../store/projects/put-environment';
import { defineRoute } from '../define-route';
import { gone } from '../deletion';
import type { Deps } from '../deps';
import { checkPreconditions } from '../etag';
import { putAnswer } from '../put-answer';
import {
  environmentBody,
  environmentEtag,
  environmentParams,
  environmentView,
  showEnvironment,
} from './environment-view';
import { projectScope } from './scopes';

export const putEnvironmentRoute = ({ store, now }: Deps) =>
  defineRoute({
    method: 'put',
    path: '/v1/projects/:project/environments/:environment',
    operationId: 'putEnvironment',
    summary: 'Create or replace an environment',
    description: 'A new one answers every flag with that flag’s definition. The same content changes nothing (HTTP-7).',
    permission: { name: 'EnvironmentEdit', in: projectScope(store) },
    params: environmentParams,
    body: environmentBody,
    answers: {
      200: {
        description: 'It was there; this is it now.',
        body: environmentView,
        headers: { ETag: 'Of this content.' },
      },
      201: {
        description: 'It is new.',
        body: environmentView,
        headers: { ETag: 'Of this content.', Location: 'Its address.' },
      },
    },
    problems: ['project.unknown', 'project.gone', 'environment.gone'],
    handle: async ({ params, body, scope, caller, preconditions }) => {
      const outcome = await store.write((unit) =>
        putEnvironment(unit, {
          projectId: scope.projectId,
          slug: params.environment,
          displayName: body.displayName ?? params.environment,
          position: body.order ?? null,
          requiresPipeline: body.requiresPipeline ?? true,
          requiresReview: body.requiresReview ?? false,
          by: caller.userId,
          at: now(),
          judge: (current) => checkPreconditions(preconditions, current && environmentEtag(current)),
        }),
      );
      if (outcome.kind === 'gone') {
        throw gone('environment', params.environment);
      }
      const { environment } = outcome;
      return putAnswer(
        outcome.kind === 'created',
        `/v1/projects/${params.project}/environments/${environment.slug}`,
        showEnvironment(environment, params.project),
        environmentEtag(environment),
      );
    },
  });
