import type { z } from 'zod';
import type { Fault } from '../domain/fault';
import type { Json } from '../domain/json';
import { invalidRequest } from './problem';

/** Deeper than any document we know by far, and shallow enough for everything that recurses (schemas, hashing). */
const MAX_DEPTH = 64;

/** More faults than anybody mends at once; an answer stays small whatever the request is. */
const MAX_FAULTS = 100;

const MAX_MESSAGE = 300;

/** Half a surrogate pair: not Unicode text, and stored as something else than what was sent. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Refuses what no schema should have to think of: nesting that overflows what recurses, `__proto__` keys, numbers JSON
 * cannot give back (1e999), and text that databases refuse (NUL) or change (lone surrogates). Iterative on purpose.
 */
export function checkShape(value: Json, at = ''): void {
  const open: { value: Json; path: string; depth: number }[] = [{ value, path: at, depth: 1 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value: current, path, depth } = next;
    if (typeof current === 'string') {
      checkText(current, path);
    } else if (typeof current === 'number' && !Number.isFinite(current)) {
      throw invalidRequest([{ path: shorten(path), message: 'Must be a finite number' }]);
    } else if (current !== null && typeof current === 'object') {
      if (depth > MAX_DEPTH) {
        throw invalidRequest([{ path: shorten(path), message: `Nested deeper than ${MAX_DEPTH} levels` }]);
      }
      const isList = Array.isArray(current);
      for (const [key, member] of Object.entries(current)) {
        const memberPath = isList ? `${path}[${key}]` : join(path, key);
        if (!isList) {
          checkKey(key, memberPath);
        }
        open.push({ value: member, path: memberPath, depth: depth + 1 });
      }
    }
  }
}

/** Checks a value against a schema; every fault is named at once, each with its path (HTTP-4). */
export function parse<S extends z.ZodType>(schema: S, value: unknown, at = ''): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) {
    return result.data;
  }
  throw invalidRequest(faultsOf(result.error.issues, at).slice(0, MAX_FAULTS));
}

function faultsOf(issues: readonly z.core.$ZodIssue[], at: string): Fault[] {
  return issues.flatMap((issue): Fault[] => {
    const path = issue.path.reduce<string>(
      (text, part) => (typeof part === 'number' ? `${text}[${part}]` : join(text, String(part))),
      at,
    );
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: shorten(join(path, key)), message: 'Unknown field' }));
    }
    if (issue.code === 'invalid_union') {
      const best = closestBranch(issue.errors);
      if (best) {
        return faultsOf(best, path);
      }
    }
    return [{ path: shorten(path), message: plainly(issue).slice(0, MAX_MESSAGE) }];
  });
}

/** The two faults people meet most, in fewer words than the schema library's. */
function plainly(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
    return 'Is missing';
  }
  return issue.code === 'too_small' && issue.origin === 'string' && issue.minimum === 1
    ? 'Must not be empty'
    : issue.message;
}

/** Of several forms the one that was meant: it fails deepest inside, then with the fewest faults. */
function closestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | null {
  const depthOf = (branch: readonly z.core.$ZodIssue[]) => Math.max(0, ...branch.map((issue) => issue.path.length));
  const [best] = [...branches].sort((a, b) => depthOf(b) - depthOf(a) || a.length - b.length);
  return best && depthOf(best) > 0 ? best : null;
}

function checkKey(key: string, path: string): void {
  if (key === '__proto__') {
    throw invalidRequest([{ path: shorten(path), message: 'This key is not allowed' }]);
  }
  checkText(key, path);
}

function checkText(text: string, path: string): void {
  if (text.includes('\0') || LONE_SURROGATE.test(text)) {
    throw invalidRequest([{ path: shorten(path), message: 'Must be Unicode text without NUL characters' }]);
  }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function shorten(path: string): string {
  return path.length > MAX_MESSAGE ? `${path.slice(0, MAX_MESSAGE)}…` : path;
}
