/**
 * How to add a route: one file per operation, one declaration, one line in the area's list (see routes.ts).
 *
 *     export const pauseRelease = ({ store, actions }: Deps) =>
 *       defineRoute({
 *         method: 'post',
 *         path: '/v1/releases/:release/pause',
 *         operationId: 'pauseRelease',
 *         summary: 'Stop the bake timer of the current phase',
 *         description: 'Never stops a roll-out (REL-12) …',
 *         permission: { name: 'ReleaseControl', in: releaseScope(store) },
 *         params: releaseParams,   // z.strictObject; every property with .describe(…)
 *         body: actionBody,        // z.strictObject: unknown fields are refused
 *         answers: { 200: { description: 'Decided', body: release }, 202: { description: '…', body: action } },
 *         problems: ['bake.not-running', 'bake.already-paused'],
 *         handle: async ({ scope, body, caller, idempotency }) => ok(await actions.request(…)),
 *       });
 *
 * `handle` returns a value and never sees request or response; it says no by throwing a `Problem`. What is wrong with
 * token, permission, params, query, body, size and type has been answered before it runs, in this order:
 *
 *     404/405 path, method → 429 → 401 token → 400 params, query → 404/410 scope, 403 permission
 *       → 413/415/400 body → 400 Idempotency-Key → handle
 */
import type { z } from 'zod';
import type { RequiredPermission } from '../domain/permission';
import type { Caller, EvaluationClient } from './caller';
import type { EventChannel } from './event-channel';
import type { Preconditions } from './etag';
import type { IdempotentRequest } from './idempotency';
import type { Problem } from './problem';
import type { ProblemCode } from './problem-codes';

/** Where a permission is asked for. A thing's scope may carry more, e.g. its row, so that `handle` need not read again. */
export interface Scope {
  /** null: everywhere. */
  projectId: string | null;
  /**
   * Whether the caller may see the thing at all; left out: who holds `ProjectView` in the project. One who may not gets
   * `hidden`, as if it did not exist (HTTP-3).
   */
  visible?: boolean;
  /** What one who may not see the thing is told; left out where the scope is everywhere. */
  hidden?: Problem;
  /** Asked for instead of the route's permission, where that depends on the thing: creating a project, say. */
  needs?: RequiredPermission;
  /** The judgement itself, where it is not a matter of a permission alone: one's own tokens, the review of one's team. */
  permitted?: boolean;
}

/** What a scope is found from: the path's parameters, checked, and who asks. */
export interface ScopeRequest {
  params: Record<string, string>;
  query: Record<string, unknown>;
  caller: Caller;
}

/**
 * Who may call a route. A permission is asked for where `in` says, or everywhere without it; `authenticated` is
 * anybody with a token (the operation itself filters); `evaluation-key` is a client of flags.
 */
export type Access =
  | 'public'
  | 'authenticated'
  | 'evaluation-key'
  | {
      name: RequiredPermission;
      in?: (request: ScopeRequest) => Promise<Scope>;
      /** A sentence for readers, where who may is not a matter of that permission alone. */
      who?: string;
    };

interface Known {
  caller: Caller;
  /** The caller as of now, for what lasts longer than a request; null as soon as the token is dead (SEC-3). */
  callerNow: () => Promise<Caller | null>;
  /** Puts a missing permission in the audit that is one of several answers (INV-4); what is thrown gets there by itself. */
  noteForbidden: (problem: Problem, projectId: string | null) => Promise<void>;
}

type Identity<A> = A extends 'public'
  ? { caller?: never }
  : A extends 'evaluation-key'
    ? { client: EvaluationClient }
    : A extends { in: (request: ScopeRequest) => Promise<infer S> }
      ? Known & { scope: S }
      : Known;

/** One possible answer besides problems. */
export interface AnswerSpec {
  description: string;
  /** Left out: no body. Checked against what is answered in tests. */
  body?: z.ZodType;
  /** For bodies that are not JSON. */
  contentType?: string;
  /** Names and descriptions of headers worth documenting. */
  headers?: Record<string, string>;
}

export type Answers = Record<number, AnswerSpec>;

/** An answer as a value. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** Text in pieces, sent as fast as the reader takes them. */
export interface TextAnswer {
  status: number;
  headers?: Record<string, string>;
  contentType: string;
  text: string | AsyncIterable<string>;
}

/** Server-sent events, until the channel closes. */
export interface EventsAnswer {
  status: 200;
  events: (channel: EventChannel) => Promise<void>;
}

export type AnyAnswer = Answer | TextAnswer | EventsAnswer;

type AnswerTo<A extends Answers> =
  | {
      [S in keyof A & number]: A[S] extends { body: infer Z extends z.ZodType }
        ? { status: S; body: z.input<Z>; headers?: Record<string, string> }
        : { status: S; headers?: Record<string, string> };
    }[keyof A & number]
  | TextAnswer
  | EventsAnswer;

interface Common {
  idempotency: IdempotentRequest | null;
  preconditions: Preconditions;
  /** Where the caller left off: `Last-Event-ID`, on event streams. */
  lastEventId: string | null;
  requestId: string;
}

interface Declaration<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  A extends Answers,
  K extends Access,
> {
  method: 'get' | 'put' | 'post' | 'delete';
  path: `/${string}`;
  operationId: string;
  summary: string;
  description?: string;
  permission: K;
  /** Parameters of the path; needed as soon as it has one. */
  params?: P;
  query?: Q;
  body?: B;
  answers: A;
  /** Problems of this operation beside those every route can answer with. */
  problems?: readonly ProblemCode[];
  /** Largest body in bytes (HTTP-9); default 1 MB. */
  bodyLimit?: number;
  /** Browsers of the allowed origins may call it. */
  cors?: boolean;
  /** Where a protocol of others (OFREP) decides how an error looks. */
  renderProblem?: (problem: Problem, params: Record<string, string>) => Answer;
  handle: (
    request: Common & Identity<K> & { params: z.output<P>; query: z.output<Q>; body: z.output<B> },
  ) => Promise<AnswerTo<A>> | AnswerTo<A>;
}

/** A declared route, its types erased: what server, OpenAPI document and tests read. */
export interface Route extends Omit<Declaration<z.ZodType, z.ZodType, z.ZodType, Answers, Access>, 'handle'> {
  handle: (request: Common & { params: unknown; query: unknown; body: unknown }) => Promise<AnyAnswer> | AnyAnswer;
}

/** Declares a route; see the head of this file. */
export function defineRoute<
  A extends Answers,
  const K extends Access,
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(declaration: Declaration<P, Q, B, A, K>): Route {
  return declaration as unknown as Route;
}

/** 200 with a body. */
export function ok<T>(
  body: T,
  headers: Record<string, string> = {},
): { status: 200; body: T; headers: Record<string, string> } {
  return { status: 200, body, headers };
}

/** 201 with a body and where the new thing is. */
export function created<T>(
  location: string,
  body: T,
  headers: Record<string, string> = {},
): { status: 201; body: T; headers: Record<string, string> } {
  return { status: 201, body, headers: { location, ...headers } };
}

/** 202: accepted, not yet decided; `location` is where to ask. */
export function accepted<T>(location: string, body: T): { status: 202; body: T; headers: Record<string, string> } {
  return { status: 202, body, headers: { location } };
}

/** 204: done, nothing to say. */
export function noContent(): { status: 204; headers: Record<string, string> } {
  return { status: 204, headers: {} };
}
