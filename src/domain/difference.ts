import type { Json, JsonObject } from './json';

/** One place in which two JSON values differ. */
export interface Difference {
  /** Where, e.g. `phases[1].bakeMs`; empty: the value itself. */
  path: string;
  /** null: there was nothing. */
  from: Json;
  /** null: there is nothing any more. */
  to: Json;
}

/**
 * What one has to change in `from` to get `to`, outermost places first. Lists are compared place by place. Its depth is
 * that of the values, which are bounded where they come in.
 */
export function differenceOf(from: Json, to: Json, path = ''): Difference[] {
  if (Array.isArray(from) && Array.isArray(to)) {
    const length = Math.max(from.length, to.length);
    return Array.from({ length }).flatMap((_, index) =>
      differenceOf(from[index] ?? null, to[index] ?? null, `${path}[${index}]`),
    );
  }
  if (isObject(from) && isObject(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
    return keys.flatMap((key) =>
      differenceOf(memberOf(from, key), memberOf(to, key), path === '' ? key : `${path}.${key}`),
    );
  }
  return same(from, to) ? [] : [{ path, from, to }];
}

function same(from: Json, to: Json): boolean {
  return from === to;
}

function memberOf(object: JsonObject, key: string): Json {
  return Object.hasOwn(object, key) ? (object[key] ?? null) : null;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
