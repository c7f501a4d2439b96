/** The bodies of OFREP 0.3.0 (FLG-4). Routes add authentication, which decides the environment, and nothing else. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../../domain/json';
import type { FlagAnswer, FlagImage } from './flag-image';

/** Bounds of an evaluation context (FLG-9). */
export const CONTEXT_LIMITS = {
  /** Of its JSON, in UTF-8. */
  bytes: 16 * 1024,
  /** Objects and lists inside one another, the context itself being the first. */
  depth: 4,
} as const;

/** The error codes of OFREP that we answer. No flag of ours needs a targeting key, so that one never occurs. */
export type OfrepErrorCode = 'PARSE_ERROR' | 'INVALID_CONTEXT' | 'GENERAL' | 'FLAG_NOT_FOUND';

/** A failure of one flag, or without `key` of a whole request. */
export interface OfrepFailure {
  key?: string;
  errorCode: OfrepErrorCode;
  errorDetails: string;
}

/** Where a client hears that it should evaluate again. */
export interface EventStream {
  type: 'sse';
  url: string;
}

export interface OneAnswer {
  status: 200 | 400 | 404;
  body: FlagAnswer | OfrepFailure;
}

export interface BulkAnswer {
  status: 200 | 304 | 400;
  headers: { ETag?: string };
  /** Null for 304, which has none. */
  body: { flags: FlagAnswer[]; eventStreams?: EventStream[] } | OfrepFailure | null;
}

/** Answers `POST /ofrep/v1/evaluate/flags/{key}`. */
export function evaluateOne(image: FlagImage, environmentId: string, key: string, body: unknown): OneAnswer {
  const { context, failure } = contextOf(body);
  if (failure !== null) {
    return { status: 400, body: { key, ...failure } };
  }
  const answer = image.evaluate(environmentId, key, context);
  return { status: statusOf(answer), body: answer };
}

/**
 * Answers `POST /ofrep/v1/evaluate/flags`: every flag of the environment, a failed one with its error. The ETag is a
 * hash of the answer, so it stays the same as long as this context sees the same; event streams are no part of it, as
 * their addresses carry a new ticket each time.
 *
 * @param ifNoneMatch the request's `If-None-Match`
 */
export function evaluateBulk(
  image: FlagImage,
  environmentId: string,
  body: unknown,
  ifNoneMatch: string | undefined,
  eventStreams?: EventStream[],
): BulkAnswer {
  const { context, failure } = contextOf(body);
  if (failure !== null) {
    return { status: 400, headers: {}, body: failure };
  }
  const flags = image.evaluateAll(environmentId, context);
  const headers = { ETag: etagOf(flags) };
  if (matchesTag(ifNoneMatch, headers.ETag)) {
    return { status: 304, headers, body: null };
  }
  return { status: 200, headers, body: eventStreams === undefined ? { flags } : { flags, eventStreams } };
}

/** The answer to a body that is not JSON. */
export function malformedBody(key?: string): OfrepFailure {
  const failure: OfrepFailure = { errorCode: 'PARSE_ERROR', errorDetails: 'The body must be JSON' };
  return key === undefined ? failure : { key, ...failure };
}

function statusOf(answer: FlagAnswer): OneAnswer['status'] {
  if (!('errorCode' in answer)) {
    return 200;
  }
  return answer.errorCode === 'FLAG_NOT_FOUND' ? 404 : 400;
}

function etagOf(flags: FlagAnswer[]): string {
  return `"${createHash('sha256').update(JSON.stringify(flags)).digest('base64url')}"`;
}

/** `If-None-Match` compares weakly: a proxy that compressed the answer has made the tag weak. */
function matchesTag(ifNoneMatch: string | undefined, tag: string): boolean {
  const wanted = ifNoneMatch?.split(',').map((each) => each.trim().replace(/^W\//, ''));
  return wanted?.some((each) => each === tag || each === '*') ?? false;
}

type ContextResult = { context: JsonObject; failure: null } | { context: null; failure: OfrepFailure };

/** The context of a request, empty where it has none; fields beside it are let pass, as the protocol does. */
function contextOf(body: unknown): ContextResult {
  if (body === undefined || body === null) {
    return { context: {}, failure: null };
  }
  if (typeof body !== 'object' || Array.isArray(body)) {
    return refuse('PARSE_ERROR', 'The body must be an object with a context');
  }
  const { context = {} } = body as { context?: unknown };
  if (typeof context !== 'object' || context === null || Array.isArray(context)) {
    return refuse('INVALID_CONTEXT', 'The context must be an object');
  }
  const { targetingKey } = context as { targetingKey?: unknown };
  if (targetingKey !== undefined && typeof targetingKey !== 'string') {
    return refuse('INVALID_CONTEXT', 'The targetingKey must be text');
  }
  const details = faultOf(context);
  return details === null ? { context: context as JsonObject, failure: null } : refuse('INVALID_CONTEXT', details);
}

function refuse(errorCode: OfrepErrorCode, errorDetails: string): ContextResult {
  return { context: null, failure: { errorCode, errorDetails } };
}

function faultOf(context: object): string | null {
  const size = { most: 0 };
  if (!isWithin(context, 1, size)) {
    return `The context must be nested at most ${CONTEXT_LIMITS.depth} deep and name no __proto__`;
  }
  // The exact size costs more than the whole evaluation, so it is taken only where the upper bound leaves it open.
  if (size.most > CONTEXT_LIMITS.bytes && Buffer.byteLength(JSON.stringify(context)) > CONTEXT_LIMITS.bytes) {
    return `The context must have at most ${CONTEXT_LIMITS.bytes} bytes as JSON`;
  }
  return null;
}

/** Checks the depth and adds up how many bytes the value has as JSON at most: six for each character, `\u0000`. */
function isWithin(value: object, depth: number, size: { most: number }): boolean {
  if (depth > CONTEXT_LIMITS.depth) {
    return false;
  }
  const isList = Array.isArray(value);
  for (const key of Object.keys(value)) {
    if (key === '__proto__') {
      // It would become the prototype of flagd-core's copy of the context, and its members attributes.
      return false;
    }
    const item = (value as Record<string, unknown>)[key];
    size.most += (isList ? 0 : 6 * key.length + 3) + 3;
    if (typeof item === 'string') {
      size.most += 6 * item.length;
    } else if (typeof item === 'object' && item !== null) {
      if (!isWithin(item, depth + 1, size)) {
        return false;
      }
    } else {
      size.most += 24;
    }
  }
  return true;
}
