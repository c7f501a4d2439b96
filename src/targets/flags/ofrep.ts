/** The bodies of OFREP 0.3.0 (FLG-4). Routes add authentication, which decides the environment, and nothing else. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../../domain/json';
import type { FlagAnswer, FlagFailure, FlagImage, FlagValue } from './flag-image';

/** Bounds of an evaluation context (FLG-9). */
export const CONTEXT_LIMITS = {
  /** Of its JSON, in UTF-8. */
  bytes: 16 * 1024,
  /** Objects and lists inside one another, the context itself being the first. */
  depth: 4,
} as const;

/** The error codes of OFREP that we answer. No flag of ours needs a targeting key, so that one never occurs. */
export type OfrepErrorCode = 'PARSE_ERROR' | 'INVALID_CONTEXT' | 'GENERAL' | 'FLAG_NOT_FOUND';

/** A failure of a whole request. */
export interface OfrepFailure {
  errorCode: OfrepErrorCode;
  errorDetails: string;
}

/** Where a client hears that it should evaluate again. */
export interface EventStream {
  type: 'sse';
  url: string;
}

export type OneAnswer =
  | { status: 200; body: FlagValue }
  | { status: 400; body: FlagFailure | (OfrepFailure & { key: string }) }
  | { status: 404; body: FlagFailure };

export type BulkAnswer =
  | { status: 200; headers: { etag: string }; body: { flags: FlagAnswer[]; eventStreams?: EventStream[] } }
  | { status: 304; headers: { etag: string } }
  | { status: 400; body: OfrepFailure };

/** Answers `POST /ofrep/v1/evaluate/flags/{key}`. */
export function evaluateOne(image: FlagImage, environmentId: string, key: string, body: unknown): OneAnswer {
  const { context, failure } = contextOf(body);
  if (failure !== null) {
    return { status: 400, body: { key, ...failure } };
  }
  const answer = image.evaluate(environmentId, key, context);
  if (!('errorCode' in answer)) {
    return { status: 200, body: answer };
  }
  return answer.errorCode === 'FLAG_NOT_FOUND' ? { status: 404, body: answer } : { status: 400, body: answer };
}

/**
 * Answers `POST /ofrep/v1/evaluate/flags`: every flag of the environment, a failed one with its error. The ETag is a
 * hash of the answer, so it stays the same as long as this context sees the same. Event streams are part of it: a client
 * that is told 304 keeps the address it has, and would never get a fresh one.
 *
 * @param ifNoneMatch the request's `If-None-Match`
 */
export function evaluateBulk(
  image: FlagImage,
  environmentId: string,
  body: unknown,
  ifNoneMatch: string | null,
  eventStreams?: EventStream[],
): BulkAnswer {
  const { context, failure } = contextOf(body);
  if (failure !== null) {
    return { status: 400, body: failure };
  }
  const flags = image.evaluateAll(environmentId, context);
  const answer = eventStreams === undefined ? { flags } : { flags, eventStreams };
  const etag = etagOf(answer);
  return matchesTag(ifNoneMatch, etag)
    ? { status: 304, headers: { etag } }
    : { status: 200, headers: { etag }, body: answer };
}

function etagOf(answer: object): string {
  return `"${createHash('sha256').update(JSON.stringify(answer)).digest('base64url')}"`;
}

/** `If-None-Match` compares weakly: a proxy that compressed the answer has made the tag weak. */
function matchesTag(ifNoneMatch: string | null, tag: string): boolean {
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
