import type { Route } from './define-route';

interface Node {
  literals: Map<string, Node>;
  /** The node behind a `:parameter`; at one place all routes share it, whatever they call it. */
  parameter: Node | null;
  routes: Map<string, Route>;
}

/** What is at a path: its routes by method, and the parameters' values in the order of the path, still encoded. */
export interface Match {
  routes: ReadonlyMap<string, Route>;
  values: string[];
}

/**
 * All routes as a tree of path segments. Express matches its routes one by one, which costs as much as evaluating a flag
 * once there are some dozens, and cannot tell a wrong method from a wrong path.
 */
export class RouteTable {
  readonly #root: Node = newNode();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      this.#add(route);
    }
  }

  /** Finds what is at a path (without query); null when nothing is. */
  find(path: string): Match | null {
    if (!path.startsWith('/')) {
      return null;
    }
    const values: string[] = [];
    let node = this.#root;
    for (const segment of path.slice(1).split('/')) {
      const literal = node.literals.get(segment);
      if (literal) {
        node = literal;
      } else if (node.parameter && segment !== '') {
        node = node.parameter;
        values.push(segment);
      } else {
        return null;
      }
    }
    return node.routes.size > 0 ? { routes: node.routes, values } : null;
  }

  #add(route: Route): void {
    let node = this.#root;
    for (const segment of route.path.slice(1).split('/')) {
      if (segment.startsWith(':')) {
        node = node.parameter ??= newNode();
      } else {
        const next = node.literals.get(segment) ?? newNode();
        node.literals.set(segment, next);
        node = next;
      }
    }
    if (node.routes.has(route.method)) {
      throw new Error(`Two routes for ${route.method} ${route.path}`);
    }
    node.routes.set(route.method, route);
  }
}

/** Names of a path's parameters, in order. */
export function parameterNames(path: string): string[] {
  return path
    .split('/')
    .filter((segment) => segment.startsWith(':'))
    .map((segment) => segment.slice(1));
}

function newNode(): Node {
  return { literals: new Map(), parameter: null, routes: new Map() };
}
