import { setMaxListeners } from 'node:events';
import type { RequestListener } from 'node:http';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Request, Response } from 'express';
import helmet from 'helmet';
import { Histogram } from 'prom-client';
import { z } from 'zod';
import { StoreUnavailable } from '../store/store-error';
import type { Caller } from './caller';
import { allowOrigin, preflight } from './cors';
import type { AnyAnswer, EventsAnswer, Route, Scope } from './define-route';
import type { Deps } from './deps';
import { openEventChannel } from './event-channel';
import { findRoute, openExchange, queryOf, type Exchange } from './exchange';
import { createExpressApp } from './express-messages';
import { ForbiddenLog } from './forbidden-log';
import { readIdempotencyKey } from './idempotency';
import { pathToLog, requestLog } from './log';
import { Problem } from './problem';
import type { ProblemCode } from './problem-codes';
import { readBody } from './read-body';
import { RouteTable } from './route-table';
import { checkAnswer, sendJson, sendProblem, sendText } from './send-answer';
import { TokenBucket } from './token-bucket';
import { checkShape, parse } from './validate';

/** Largest body in bytes (HTTP-9). */
const BODY_LIMIT = 1_000_000;

/** How often an open stream's token or key is looked at again. */
const STREAM_CHECK_MS = 1_000;

/** Streams one user may have open: each costs a little memory and a read per event. */
const STREAMS_PER_USER = 50;

/** What a client is told to wait while the store is away: it comes back by itself (INV-9). */
const STORE_RETRY_S = 5;

/** What an operation finds missing by itself; refused actions are in the audit as such. */
const PERMISSION_PROBLEMS: readonly ProblemCode[] = ['request.forbidden', 'grant.exceeds', 'interruption.not-allowed'];

const NOTHING = z.strictObject({});

/** What helmet sets is the same for every answer, so it is asked once: a dozen middlewares cost more than a flag. */
const PROTECTIVE_HEADERS = headersOf(
  helmet({
    // Answers are data: whatever a browser takes one for, it may load nothing and be framed by nobody.
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  }),
);

/** An evaluation is read by a program and never shown: what guards a page would outweigh the answer. */
const EVALUATION_HEADERS = headersOf(
  helmet({
    contentSecurityPolicy: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xFrameOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  }),
);

/**
 * The HTTP application over a list of routes. What a request meets before its operation is here, in the order given at
 * the head of define-route.ts; whatever it fails with is answered as a problem (INV-8).
 */
export function createApp(deps: Deps, routes: readonly Route[]): RequestListener {
  const table = new RouteTable(routes);
  const forbidden = new ForbiddenLog(deps);
  const noteRequest = requestLog(deps.log);
  const limits = {
    token: new TokenBucket(deps.settings.limits.token, deps.now),
    evaluation: new TokenBucket(deps.settings.limits.evaluation, deps.now),
    anonymous: new TokenBucket(deps.settings.limits.anonymous, deps.now),
  };
  // Every open stream listens for it.
  setMaxListeners(0, deps.shutdown);
  const openStreams = new Map<string, number>();
  const durations = new Histogram({
    name: 'sluice_http_request_duration_seconds',
    help: 'Time to answer, by operation and status; of a stream, how long it was open.',
    labelNames: ['operation', 'status'] as const,
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
    registers: [deps.registry],
  });

  async function answer(exchange: Exchange): Promise<AnyAnswer> {
    const { request } = exchange;
    const route = findRoute(table, exchange);
    if (route.cors) {
      allowOrigin(exchange, deps.settings.corsOrigins);
    }
    limitRate(exchange, route);
    await identify(exchange, route);

    const sentQuery = queryOf(request);
    checkShape(exchange.params, 'path');
    checkShape(sentQuery, 'query');
    const params = parse(route.params ?? NOTHING, exchange.params, 'path') as Record<string, string>;
    const query = parse(route.query ?? NOTHING, sentQuery, 'query') as Record<string, unknown>;
    const scope = await authorize(exchange, route, { params, query });

    const takesBody = route.method === 'post' || route.method === 'put';
    const sentBody = takesBody ? await readBody(request, route.bodyLimit ?? BODY_LIMIT) : {};
    checkShape(sentBody);
    const { caller, client } = exchange;
    const noteForbidden = async ({ code, extras }: Problem, projectId: string | null): Promise<void> => {
      if (caller && PERMISSION_PROBLEMS.includes(code)) {
        await forbidden.note(caller, route, extras.facts?.['permission'] ?? null, projectId);
      }
    };
    const asked = {
      params,
      query,
      body: takesBody ? parse(route.body ?? NOTHING, sentBody) : undefined,
      idempotency:
        caller && route.method === 'post'
          ? readIdempotencyKey(request.get('idempotency-key'), {
              userId: caller.userId,
              method: route.method,
              path: exchange.path,
              body: sentBody,
              query: sentQuery,
            })
          : null,
      preconditions: { ifMatch: request.get('if-match') ?? null, ifNoneMatch: request.get('if-none-match') ?? null },
      lastEventId: request.get('last-event-id') ?? null,
      requestId: exchange.id,
      ...(caller && { caller, scope, callerNow: () => callerNow(exchange), noteForbidden }),
      ...(client && { client }),
    };
    try {
      return await route.handle(asked);
    } catch (error) {
      if (error instanceof Problem) {
        await noteForbidden(error, scope?.projectId ?? null);
      }
      throw error;
    }
  }

  function limitRate({ request, token }: Exchange, route: Route): void {
    const ofToken = route.permission === 'evaluation-key' ? limits.evaluation : limits.token;
    // Where no token is looked at, one that is sent all the same gives no bucket of its own.
    const isAnonymous = token === null || route.permission === 'public';
    const wait = isAnonymous ? limits.anonymous.take(request.ip ?? '') : ofToken.take(token);
    if (wait > 0) {
      throw tooMany(wait);
    }
  }

  async function identify(exchange: Exchange, route: Route): Promise<void> {
    const { token } = exchange;
    if (route.permission === 'public') {
      return;
    }
    if (token === null) {
      throw new Problem('request.unauthenticated', 'Send a token as Authorization: Bearer …', {
        headers: { 'www-authenticate': 'Bearer' },
      });
    }
    if (route.permission === 'evaluation-key') {
      exchange.client = await deps.keyRing.find(token);
    } else {
      exchange.caller = await deps.authenticator.authenticate(token);
    }
    if (!exchange.client && !exchange.caller) {
      // Guessing tokens must not be cheaper than using one.
      const wait = limits.anonymous.take(exchange.request.ip ?? '');
      throw wait > 0
        ? tooMany(wait)
        : new Problem('request.unauthenticated', 'The token is unknown, revoked or expired', {
            headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
          });
    }
  }

  async function authorize(
    { caller }: Exchange,
    route: Route,
    request: { params: Record<string, string>; query: Record<string, unknown> },
  ): Promise<Scope | null> {
    const { permission } = route;
    if (typeof permission === 'string' || !caller) {
      return null;
    }
    const scope: Scope = permission.in
      ? await permission.in({ params: request.params, query: request.query, caller })
      : { projectId: null };
    const needed = scope.needs ?? permission.name;
    if (scope.permitted ?? caller.may(needed, scope.projectId)) {
      return scope;
    }
    const visible = scope.visible ?? (scope.projectId === null || caller.may('ProjectView', scope.projectId));
    if (!visible && scope.hidden) {
      throw scope.hidden;
    }
    await forbidden.note(caller, route, needed, scope.projectId);
    throw new Problem('request.forbidden', `This needs the permission ${needed}`, { facts: { permission: needed } });
  }

  async function callerNow({ token }: Exchange): Promise<Caller | null> {
    return token === null ? null : deps.authenticator.authenticate(token);
  }

  async function send(exchange: Exchange, answered: AnyAnswer): Promise<void> {
    if ('events' in answered) {
      await stream(exchange, answered);
    } else if ('text' in answered) {
      await sendText(exchange, answered);
    } else {
      if (deps.settings.checkAnswers) {
        checkAnswer(exchange, answered);
      }
      sendJson(exchange, answered);
    }
  }

  /** A stream ends with its token or key, with the service, or with its reader, whichever is first (SEC-3). */
  async function stream(exchange: Exchange, answered: EventsAnswer): Promise<void> {
    const { request, response, client, caller } = exchange;
    if (request.method === 'HEAD') {
      response.status(answered.status).type('text/event-stream').end();
      return;
    }
    const reader = caller?.userId;
    if (reader !== undefined) {
      const others = openStreams.get(reader) ?? 0;
      if (others >= STREAMS_PER_USER) {
        throw new Problem('request.too-many', `At most ${STREAMS_PER_USER} streams can be open at once`, {
          headers: { 'retry-after': '10' },
        });
      }
      openStreams.set(reader, others + 1);
      response.once('close', () => countDown(openStreams, reader));
    }
    const channel = openEventChannel(response);
    const end = () => channel.close();
    const endIfDead = async () => {
      if ((client && !deps.keyRing.isLive(client.keyId)) || (caller && !(await callerNow(exchange)))) {
        end();
      }
    };
    // A store that cannot be asked has revoked nothing.
    const watch = setInterval(() => void endIfDead().catch(() => undefined), STREAM_CHECK_MS);
    deps.shutdown.addEventListener('abort', end, { once: true });
    channel.closed.addEventListener('abort', () => {
      clearInterval(watch);
      deps.shutdown.removeEventListener('abort', end);
    });
    try {
      await answered.events(channel);
    } finally {
      channel.close();
    }
  }

  function fail(exchange: Exchange, error: unknown): void {
    const problem = problemFrom(error);
    if (problem.status >= 500) {
      deps.log.error(
        { err: error, requestId: exchange.id, operation: exchange.route?.operationId },
        'a request failed',
      );
    }
    if (exchange.response.headersSent) {
      exchange.response.destroy();
    } else {
      sendProblem(exchange, problem);
    }
  }

  function note({ request, response, route, caller, id, path }: Exchange, startedAt: number): void {
    const ms = performance.now() - startedAt;
    const operation = route?.operationId ?? 'none';
    durations.observe({ operation, status: response.statusCode }, ms / 1_000);
    noteRequest(caller ? 'info' : 'debug', () => ({
      requestId: id,
      method: request.method,
      path: pathToLog(path).slice(0, 500),
      operation,
      status: response.statusCode,
      ms: Math.round(ms),
      user: caller?.user,
    }));
  }

  const app = createExpressApp();
  app.disable('x-powered-by');
  app.set('trust proxy', deps.settings.trustProxy);
  app.use(async (request: Request, response: Response) => {
    const startedAt = performance.now();
    const exchange = openExchange(request, response);
    for (const [name, value] of exchange.path.startsWith('/ofrep/') ? EVALUATION_HEADERS : PROTECTIVE_HEADERS) {
      response.setHeader(name, value);
    }
    response.once('close', () => note(exchange, startedAt));
    response.setHeader('x-request-id', exchange.id);
    try {
      if (request.method === 'OPTIONS' && preflight(table, exchange, deps.settings.corsOrigins)) {
        return;
      }
      await send(exchange, await answer(exchange));
    } catch (error) {
      fail(exchange, error);
    }
  });
  return (incoming, outgoing) => {
    const request = incoming as Request;
    const response = outgoing as Response;
    // Where Express looks for its settings; the prototype cannot say, since all apps of a process share it.
    request.app = app;
    // Express passes on what it finds no path in, such as `GET http://[`, and would answer that with a page of its own.
    app(request, response, () => {
      sendProblem(openExchange(request, response), new Problem('request.malformed', 'This is no address'));
    });
  };
}

/** Everything that is not a problem yet: the store away, or a fault of ours, whose details stay in the log. */
function problemFrom(error: unknown): Problem {
  if (error instanceof Problem) {
    return error;
  }
  if (error instanceof StoreUnavailable) {
    return new Problem('store.unavailable', 'The store cannot be reached at the moment', {
      facts: { part: error.part },
      headers: { 'retry-after': String(STORE_RETRY_S) },
    });
  }
  return new Problem('request.failed', 'The request failed and has been logged under its X-Request-Id');
}

function countDown(counts: Map<string, number>, name: string): void {
  const left = (counts.get(name) ?? 1) - 1;
  if (left > 0) {
    counts.set(name, left);
  } else {
    counts.delete(name);
  }
}

function tooMany(seconds: number): Problem {
  return new Problem('request.too-many', `Try again in ${seconds} s`, { headers: { 'retry-after': String(seconds) } });
}

function headersOf(middleware: ReturnType<typeof helmet>): [name: string, value: string][] {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  middleware(request, response, (error) => {
    if (error) {
      throw error;
    }
  });
  return Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]);
}
