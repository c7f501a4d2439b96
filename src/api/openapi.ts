import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import type { Answers, AnswerSpec, Route } from './define-route';
import { problemKinds, type ProblemCode } from './problem-codes';
import { ofrepFailure } from './ofrep/ofrep-bodies';
import { problemBody } from './schemas/problem-body';

/**
 * The OpenAPI 3.1 document of a list of routes, from the very schemas that requests are checked against: it cannot say
 * anything else than what the service does.
 */
export function openApiDocument(routes: readonly Route[]): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operationOf(route) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version: '1',
      description: 'A release orchestrator: changes move through the phases of a pipeline, durably.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token of a user.' },
        evaluationKey: { type: 'http', scheme: 'bearer', description: 'An evaluation key of an environment.' },
      },
    },
  });
}

function operationOf(route: Route): ZodOpenApiOperationObject {
  const { permission } = route;
  const named = typeof permission === 'string' ? permission : permission.name;
  const who = typeof permission === 'object' ? permission.who : undefined;
  return {
    operationId: route.operationId,
    summary: route.summary,
    description: [route.description, who ?? permissionText(named)].filter(Boolean).join('\n\n'),
    tags: [areaOf(route.path)],
    security: securityOf(route),
    'x-permission': named,
    requestParams: {
      ...(route.params && { path: objectSchema(route.params) }),
      ...(route.query && { query: objectSchema(route.query) }),
      ...headersOf(route),
    },
    ...(route.body && {
      requestBody: { required: !acceptsNothing(route.body), content: { 'application/json': { schema: route.body } } },
    }),
    responses: {
      ...Object.fromEntries(Object.entries(answersOf(route)).map(([status, spec]) => [status, responseOf(spec)])),
      ...problemResponses(route),
    },
  };
}

/** What a route declares, and the 304 that every GET with an ETag has (send-answer.ts). */
function answersOf({ method, answers }: Route): Answers {
  return method === 'get' && answers[200]?.headers?.['ETag'] !== undefined
    ? { ...answers, 304: { description: '`If-None-Match` names this content: the caller has it.' } }
    : answers;
}

function responseOf(spec: AnswerSpec) {
  const contentType = spec.contentType ?? 'application/json';
  return {
    description: spec.description,
    ...(spec.headers && {
      headers: Object.fromEntries(
        Object.entries(spec.headers).map(([name, description]) => [
          name,
          { description, schema: { type: 'string' as const } },
        ]),
      ),
    }),
    ...((spec.body ?? spec.contentType) !== undefined && {
      content: { [contentType]: { schema: spec.body ?? z.string() } },
    }),
  };
}

/** Problems by status; those every route of this kind can meet, and its own. */
function problemResponses(route: Route) {
  if (route.renderProblem) {
    return {
      default: {
        description: "Errors, in the protocol's own form.",
        content: { 'application/json': { schema: ofrepFailure } },
      },
    };
  }
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set([...commonProblems(route), ...(route.problems ?? [])])) {
    const { status } = problemKinds[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${problemKinds[code].title}.`).join('\n'),
        content: { 'application/problem+json': { schema: problemBody } },
      },
    ]),
  );
}

function commonProblems(route: Route): ProblemCode[] {
  const codes: ProblemCode[] = ['request.invalid', 'request.too-many', 'request.failed', 'store.unavailable'];
  if (route.permission !== 'public') {
    codes.push('request.unauthenticated');
  }
  if (typeof route.permission === 'object') {
    codes.push('request.forbidden');
  }
  if (route.method === 'post' || route.method === 'put') {
    codes.push('request.malformed', 'request.too-large', 'request.unsupported-media-type');
  }
  if (takesKey(route)) {
    codes.push('idempotency.mismatch');
  }
  if (route.method === 'put') {
    codes.push('request.precondition-failed');
  }
  return codes;
}

function headersOf(route: Route) {
  if (takesKey(route)) {
    const key = z.string().min(1).max(128).optional();
    return {
      header: z.object({
        'Idempotency-Key': key.describe(
          'Makes a repetition harmless: the same key and body get the first answer again (1 to 128 visible ASCII characters).',
        ),
      }),
    };
  }
  if (route.method === 'put') {
    return {
      header: z.object({
        'If-Match': z.string().optional().describe('Write only if this ETag is still the current one.'),
        'If-None-Match': z.string().optional().describe('`*`: create only.'),
      }),
    };
  }
  return {};
}

function takesKey(route: Route): boolean {
  return route.method === 'post' && route.permission !== 'public' && route.permission !== 'evaluation-key';
}

function securityOf(route: Route) {
  switch (route.permission) {
    case 'public':
      return [];
    case 'evaluation-key':
      return [{ evaluationKey: [] }];
    default:
      return [{ token: [] }];
  }
}

function permissionText(permission: string): string {
  switch (permission) {
    case 'public':
      return 'Needs no token.';
    case 'authenticated':
      return 'Needs a token; what its user may not see is left out.';
    case 'evaluation-key':
      return 'Needs an evaluation key.';
    case 'Administration':
      return 'Needs the role `administrator` everywhere.';
    default:
      return `Needs the permission \`${permission}\`.`;
  }
}

function areaOf(path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== 'v1' && !segment.startsWith(':'));
  const inProject = path.startsWith('/v1/projects/:project/') ? segments[1] : segments[0];
  return inProject ?? 'projects';
}

function acceptsNothing(schema: z.ZodType): boolean {
  return schema.safeParse({}).success;
}

function objectSchema(schema: z.ZodType): z.ZodObject {
  if (!(schema instanceof z.ZodObject)) {
    throw new Error('Parameters of path and query are declared as an object');
  }
  return schema;
}
