import type { Exchange } from './exchange';
import type { RouteTable } from './route-table';

/** How long a browser may believe a preflight. */
const PREFLIGHT_S = 600;

/** Lets a page of an allowed origin read the answer, its ETag included. */
export function allowOrigin({ request, response }: Exchange, allowed: readonly string[]): void {
  response.vary('Origin');
  const origin = request.get('origin');
  if (origin !== undefined && (allowed.includes('*') || allowed.includes(origin))) {
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-expose-headers', 'ETag, Retry-After');
    response.setHeader('cross-origin-resource-policy', 'cross-origin');
  }
}

/** Answers a browser's preflight for routes that pages may call; false when it is none of those. */
export function preflight(table: RouteTable, exchange: Exchange, allowed: readonly string[]): boolean {
  const routes = [...(table.find(exchange.path)?.routes.values() ?? [])].filter((route) => route.cors);
  if (routes.length === 0) {
    return false;
  }
  const { response } = exchange;
  allowOrigin(exchange, allowed);
  response.setHeader('access-control-allow-methods', routes.map((route) => route.method.toUpperCase()).join(', '));
  response.setHeader('access-control-allow-headers', 'Authorization, Content-Type, If-None-Match');
  response.setHeader('access-control-max-age', PREFLIGHT_S);
  response.status(204).end();
  return true;
}
