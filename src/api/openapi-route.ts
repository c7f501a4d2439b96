import { z } from 'zod';
import { defineRoute, ok, type Route } from './define-route';
import { openApiDocument } from './openapi';

/** The document that describes these routes and itself; made once, when it is first asked for. */
export function openApiRoute(operations: readonly Route[]): Route {
  let document: object | null = null;
  const route = defineRoute({
    method: 'get',
    path: '/openapi.json',
    operationId: 'getOpenApi',
    summary: 'This document',
    description: 'The complete, exact description of the API, OpenAPI 3.1.',
    permission: 'public',
    answers: {
      200: {
        description: 'The document.',
        body: z.record(z.string(), z.unknown()).describe('An OpenAPI 3.1 document.'),
      },
    },
    handle: () => {
      document ??= openApiDocument([...operations, route]);
      return ok(document as Record<string, unknown>);
    },
  });
  return route;
}
