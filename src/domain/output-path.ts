import type { Json } from './json';

/** Characters of a path. */
const LONGEST_PATH = 500;

/**
 * Where in the JSON of an answer an output variable is found (VAR-2): names with points between them (`build.id`,
 * `items.0`), or a JSON Pointer (RFC 6901), which also reaches names that hold points. Why it is neither, in half a
 * sentence; null: it is.
 */
export function faultOfOutputPath(path: string): string | null {
  if (path.length > LONGEST_PATH) {
    return `must have at most ${LONGEST_PATH} characters`;
  }
  if (path.startsWith('/')) {
    return /~(?![01])/.test(path) ? 'must be a JSON Pointer: a ~ is written ~0, a / within a name ~1' : null;
  }
  return path !== '' && path.split('.').every((name) => name !== '')
    ? null
    : 'must name a field of the answer: id, build.id or a JSON Pointer';
}

/** What stands there; undefined: nothing does. Only what the answer itself holds: no `constructor`, no `length`. */
export function valueAt(answer: Json, path: string): Json | undefined {
  let value: Json | undefined = answer;
  for (const name of namesIn(path)) {
    if (typeof value !== 'object' || value === null) {
      return undefined;
    }
    if (Array.isArray(value)) {
      value = /^(0|[1-9]\d*)$/.test(name) ? value[Number(name)] : undefined;
    } else {
      value = Object.hasOwn(value, name) ? value[name] : undefined;
    }
  }
  return value;
}

function namesIn(path: string): string[] {
  return path.startsWith('/')
    ? path
        .slice(1)
        .split('/')
        .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    : path.split('.');
}
