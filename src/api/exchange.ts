import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Caller, EvaluationClient } from './caller';
import type { Route } from './define-route';
import { invalidRequest, Problem } from './problem';
import { parameterNames, type RouteTable } from './route-table';

/** One request on its way through: what is known of it so far. */
export interface Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly id: string;
  /** Without the query, which may hold a ticket and never goes to a log. */
  readonly path: string;
  /** The bearer token as sent. */
  readonly token: string | null;
  route: Route | null;
  params: Record<string, string>;
  caller: Caller | null;
  client: EvaluationClient | null;
}

const REQUEST_ID = /^[\w.-]{1,64}$/;

export function openExchange(request: Request, response: Response): Exchange {
  const sentId = request.get('x-request-id');
  const bearer = /^Bearer +(\S+)$/i.exec(request.get('authorization') ?? '');
  const [path = '/'] = request.originalUrl.split('?', 1);
  return {
    request,
    response,
    id: sentId !== undefined && REQUEST_ID.test(sentId) ? sentId : randomUUID(),
    path,
    token: bearer?.[1] ?? null,
    route: null,
    params: {},
    caller: null,
    client: null,
  };
}

/**
 * Finds the request's route and reads the path's parameters.
 *
 * @throws Problem 404 `request.unknown-route`, 405 `request.method-not-allowed`, 400 `request.invalid`
 */
export function findRoute(table: RouteTable, exchange: Exchange): Route {
  const found = table.find(exchange.path);
  if (!found) {
    throw new Problem('request.unknown-route', `There is nothing at ${exchange.path.slice(0, 200)}`);
  }
  const { method } = exchange.request;
  const route = found.routes.get(method === 'HEAD' ? 'get' : method.toLowerCase());
  if (!route) {
    const allow = [...found.routes.keys()].map((name) => name.toUpperCase()).join(', ');
    // Under the same path, what can be read and what can be asked for are two things: this one is not there.
    const code = method === 'POST' ? 'request.unknown-route' : 'request.method-not-allowed';
    throw new Problem(code, `This path takes ${allow}`, { headers: { allow } });
  }

  exchange.route = route;
  parameterNames(route.path).forEach((name, index) => {
    exchange.params[name] = decode(found.values[index] ?? '', `path.${name}`);
  });
  return route;
}

/** The query by name; a name that comes twice has no meaning here and is refused. */
export function queryOf(request: Request): Record<string, string> {
  const question = request.originalUrl.indexOf('?');
  if (question === -1) {
    return {};
  }
  const seen = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(request.originalUrl.slice(question + 1))) {
    if (seen.has(name)) {
      throw invalidRequest([{ path: `query.${name.slice(0, 100)}`, message: 'Given more than once' }]);
    }
    seen.set(name, value);
  }
  return Object.fromEntries(seen);
}

function decode(segment: string, path: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalidRequest([{ path, message: 'Is not percent-encoded UTF-8' }]);
  }
}
