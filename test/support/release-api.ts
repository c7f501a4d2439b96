import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from '@temporalio/worker';
import { Registry } from 'prom-client';
import type { z } from 'zod';
import { createActivities } from '../../src/activities';
import type { StepAgain } from '../../src/activities/run-step';
import { createAuthenticator } from '../../src/api/authenticate';
import type { Deps } from '../../src/api/deps';
import { Dispatcher } from '../../src/api/dispatch/dispatcher';
import { temporalEngine } from '../../src/api/dispatch/engine';
import { closeHttpServer, createHttpServer } from '../../src/api/http-server';
import { createKeyRing } from '../../src/api/key-ring';
import { createLog } from '../../src/api/log';
import type { ProblemBody } from '../../src/api/problem';
import { OutcomeWaiters } from '../../src/api/releases/outcome-waiters';
import { routes } from '../../src/api/routes';
import type { action, deployment, drift, event, release, why } from '../../src/api/schemas/release';
import { createApp } from '../../src/api/server';
import { WIDE_LIMITS } from './api-fixture';
import type { FlagDefinition } from '../../src/domain/flag';
import type { ReleaseAction } from '../../src/domain/pipeline';
import { REVERT_WAIT_MS } from '../../src/domain/release-plan';
import type { ShownState } from '../../src/domain/shown-state';
import { openStore, type Store } from '../../src/store/store';
import { ensureAdmin } from '../../src/store/users/ensure-admin';
import { FlagFollower } from '../../src/targets/flags/flag-follower';
import { FlagImage } from '../../src/targets/flags/flag-image';
import { faultOfUrl } from '../../src/targets/http/address-policy';
import { releaseWorkflowId, taskQueueOf } from '../../src/workflows/messages';
import { ADMIN_TOKEN } from './api-fixture';
import { eventually } from './eventually';
import { connectTemporal, type TemporalConnections } from './release-world';
import { OFF, ON } from './store-fixtures';
import { removeDir, tempDir } from './temp-dir';
import type { Mailer } from '../../src/targets/mail/mailer';
import { testCallbackTokens, testPolicy, testSecretBox, testServices, testSteps } from './test-services';
import { temporalAddress } from './temporal-server';
import { workflowBundle } from './workflow-bundle';

export type ReleaseBody = z.infer<typeof release>;
export type ActionBody = z.infer<typeof action>;
export type WhyBody = z.infer<typeof why>;
export type EventBody = z.infer<typeof event>;
export type DeploymentBody = z.infer<typeof deployment>;
export type DriftBody = z.infer<typeof drift>;
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** What came back. The test knows which body that status has. */
export interface Answer<T = ReleaseBody & ProblemBody> {
  status: number;
  headers: Headers;
  body: T;
}

type Headings = Record<string, string>;

/** Somebody who talks to the API with one token, over HTTP. */
export class Person {
  constructor(
    readonly api: ReleaseApi,
    readonly name: string,
    readonly token: string,
  ) {}

  get<T>(path: string, headers?: Headings): Promise<Answer<T>> {
    return this.send('GET', path, undefined, headers);
  }

  put<T = ProblemBody>(path: string, body: object, headers?: Headings): Promise<Answer<T>> {
    return this.send('PUT', path, body, headers);
  }

  post<T = ReleaseBody & ProblemBody>(path: string, body?: unknown, headers?: Headings): Promise<Answer<T>> {
    return this.send('POST', path, body, headers);
  }

  delete<T = ProblemBody>(path: string, headers?: Headings): Promise<Answer<T>> {
    return this.send('DELETE', path, undefined, headers);
  }

  /** A trigger that switches these gates on, unless it says otherwise. */
  triggers(pipeline: string, body: object | string, headers?: Headings): Promise<Answer> {
    const sent = typeof body === 'string' ? { changes: [{ flag: body, definition: ON }] } : body;
    return this.post(`/v1/projects/shop/pipelines/${pipeline}/releases`, sent, headers);
  }

  /** The same, accepted: the release's id. */
  async starts(pipeline: string, body: object | string): Promise<string> {
    const answer = await this.triggers(pipeline, body);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 201, code: undefined });
    return answer.body.id;
  }

  /** Asks for an action and gets whatever comes back. */
  asks(id: string, verb: ReleaseAction, body?: object, headers?: Headings): Promise<Answer> {
    return this.post(`/v1/releases/${id}/${verb}`, body, headers);
  }

  /** The same, decided and applied: the release as answered. */
  async acts(id: string, verb: ReleaseAction, body?: object): Promise<ReleaseBody> {
    const { status, body: answered } = await this.asks(id, verb, body);
    expect({ verb, status, code: answered.code }).toEqual({ verb, status: 200, code: undefined });
    return answered;
  }

  async release(id: string): Promise<ReleaseBody> {
    const { status, body } = await this.get<ReleaseBody>(`/v1/releases/${id}`);
    expect(status).toBe(200);
    return body;
  }

  private async send<T>(method: string, path: string, body: unknown, headers: Headings = {}): Promise<Answer<T>> {
    const response = await fetch(`${this.api.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as T };
  }
}

/** Environments of the project `shop`. No phase of these tests names `preview`; `development` is opted out. */
export const ENVIRONMENTS = ['development', 'staging', 'production', 'preview'] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/** What one environment's clients get, by flag: `true`, `false`, or what else the flag holds. */
export type Seen = Record<string, unknown>;

/** A phase in `staging` and `production` for everybody, of which nothing happens by itself. */
export const phase = (name: string, more: object = {}): object => ({
  name,
  bake: '1h',
  rules: [{ environments: ['staging', 'production'] }],
  ...more,
});

/**
 * The whole product over HTTP, on the shared Temporal server: real store, application, dispatcher and worker, with an
 * installation of its own. Store, dispatcher and worker fail and come back as the test says.
 */
export class ReleaseApi {
  /** Which statements fail as if the disk were gone; null: none. */
  failing: ((sql: string) => boolean) | null = null;
  /** How steps send mail, from the next start of the worker on. */
  mailer: Mailer | undefined;
  /** Every step that was sent again. */
  readonly stepsAgain: StepAgain[] = [];
  /** The administrator. */
  admin = new Person(this, 'admin', ADMIN_TOKEN);
  url = '';
  private worker: { stop(): Promise<void> } | null = null;
  private dispatcher: Dispatcher | null = null;
  private readonly keys = new Map<string, string>();
  private readonly stopping = new AbortController();
  private names = 0;

  private constructor(
    readonly deps: Deps,
    private readonly temporal: TemporalConnections,
    private readonly server: Server,
    private readonly dataDir: string,
  ) {}

  /** Starts all of it, with the project `shop` and its environments. */
  static async start(): Promise<ReleaseApi> {
    const temporal = await connectTemporal(temporalAddress());
    const dataDir = tempDir();
    let started: ReleaseApi | undefined = undefined as ReleaseApi | undefined;
    const store = await openStore(
      { dataDir },
      {
        beforeStatement: (sql) => {
          if (started?.failing?.(sql)) {
            throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR' });
          }
        },
      },
    );
    await ensureAdmin(store, { adminToken: ADMIN_TOKEN, now: Date.now() });
    const deps = await depsOver(store);
    const server = createHttpServer(createApp(deps, routes(deps)));
    started = new ReleaseApi(deps, temporal, server, dataDir);
    deps.shutdown = started.stopping.signal;

    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    started.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await started.startWorker();
    started.startDispatcher();
    await started.addProject();
    return started;
  }

  get store(): Store {
    return this.deps.store;
  }

  /** Ends everything that runs here. Workflows that are left over wait for a worker that never comes. */
  async close(): Promise<void> {
    this.failing = null;
    this.stopping.abort();
    await closeHttpServer(this.server, 1_000);
    await this.stopDispatcher();
    await this.stopWorker();
    this.deps.flagFollower.stop();
    await this.store.close();
    await this.temporal.close();
    removeDir(this.dataDir);
  }

  startDispatcher(): void {
    const engine = temporalEngine(this.temporal.client, this.store.installationId);
    this.dispatcher ??= new Dispatcher({ store: this.store, engine, log: createLog('silent'), now: Date.now });
  }

  /** As if Temporal were away: nothing is told to it any more. */
  async stopDispatcher(): Promise<void> {
    await this.dispatcher?.stop();
    this.dispatcher = null;
  }

  async startWorker(): Promise<void> {
    if (this.worker) return;
    const worker = await Worker.create({
      connection: this.temporal.native,
      taskQueue: taskQueueOf(this.store.installationId),
      workflowBundle: await workflowBundle(),
      activities: createActivities({
        store: this.store,
        services: testServices(),
        steps: testSteps(this.mailer),
        revertWaitMs: REVERT_WAIT_MS,
        onStepAgain: (again) => void this.stepsAgain.push(again),
      }),
      // What a stopped worker had in memory is to be taken over at once.
      stickyQueueScheduleToStartTimeout: '100 milliseconds',
    });
    const run = worker.run();
    this.worker = {
      stop: async () => {
        worker.shutdown();
        await run;
      },
    };
  }

  async stopWorker(): Promise<void> {
    await this.worker?.stop();
    this.worker = null;
  }

  /** Makes a user with a token of their own. */
  async person(name: string, roles: object[] = []): Promise<Person> {
    expect((await this.admin.put(`/v1/users/${name}`, { roles })).status).toBe(201);
    const given = new Person(this, name, await this.tokenOf(name, this.admin));
    return new Person(this, name, await this.tokenOf(name, given));
  }

  /** A token for that user, made by somebody. */
  async tokenOf(name: string, maker: Person, more: object = {}): Promise<string> {
    const made = await maker.post<{ token: string }>(`/v1/users/${name}/tokens`, more);
    expect(made.status).toBe(201);
    return made.body.token;
  }

  /** Saves a pipeline of the project `shop`; its name. */
  async pipeline(name: string, phases: object[], more: object = {}): Promise<string> {
    const { status, body } = await this.admin.put(`/v1/projects/shop/pipelines/${name}`, { phases, ...more });
    expect({ status, body: status === 201 || body.errors }).toEqual({ status: 201, body: true });
    return name;
  }

  /** Makes a gate that is off everywhere, with a name that no other test has; its name. */
  async flag(definition: FlagDefinition = OFF): Promise<string> {
    this.names += 1;
    const name = `gate-${this.names}`;
    expect((await this.admin.put(`/v1/projects/shop/flags/${name}`, { kind: 'gate', definition })).status).toBe(201);
    return name;
  }

  /** Waits until the release shows that state, in that phase if one is named. */
  async reaches(id: string, state: ShownState, currentPhase?: string): Promise<ReleaseBody> {
    return eventually(
      `release ${id} is ${state} ${currentPhase ?? ''}`,
      async () => {
        const body = await this.admin.release(id);
        return body.state === state && (currentPhase === undefined || body.currentPhase === currentPhase) && body;
      },
      20_000,
    );
  }

  /** What became of an action that may still be on its way. */
  async outcome(location: string): Promise<ActionBody> {
    return eventually(
      `${location} is decided`,
      async () => {
        const { body } = await this.admin.get<ActionBody>(location);
        return body.state !== 'pending' && body;
      },
      20_000,
    );
  }

  /** All events of a release, oldest first. */
  async events(id: string): Promise<EventBody[]> {
    const { status, body } = await this.admin.get<Page<EventBody>>(`/v1/releases/${id}/events?limit=200`);
    expect({ status, next: body.next }).toEqual({ status: 200, next: null });
    return body.items;
  }

  async eventTypes(id: string): Promise<string[]> {
    return (await this.events(id)).map(({ type }) => type);
  }

  /** All that Temporal keeps of a release's workflow, as text. */
  async historyOf(id: string): Promise<string> {
    const workflow = this.temporal.client.workflow.getHandle(releaseWorkflowId(this.store.installationId, id));
    return JSON.stringify(await workflow.fetchHistory(), (name, value: unknown) =>
      name === 'data' && typeof value === 'string' ? Buffer.from(value, 'base64').toString() : value,
    );
  }

  /** Everything that a client of that environment gets for a context, of one answer. */
  async sees(environment: EnvironmentName, context: object = { targetingKey: 'somebody' }): Promise<Seen> {
    const response = await fetch(`${this.url}/ofrep/v1/evaluate/flags`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.keyOf(environment)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ context }),
    });
    const body = (await response.json()) as { flags: { key: string; value?: unknown }[] };
    expect(response.status).toBe(200);
    return Object.fromEntries(body.flags.map(({ key, value }) => [key, value]));
  }

  /** What the same context gets for one flag, by environment. */
  async seesOf(flag: string, context?: object): Promise<Record<EnvironmentName, unknown>> {
    const seen = await Promise.all(
      ENVIRONMENTS.map(async (name) => [name, (await this.sees(name, context))[flag]] as const),
    );
    return Object.fromEntries(seen) as Record<EnvironmentName, unknown>;
  }

  keyOf(environment: EnvironmentName): string {
    return this.keys.get(environment) ?? '';
  }

  private async addProject(): Promise<void> {
    expect((await this.admin.put('/v1/projects/shop', {})).status).toBe(201);
    for (const [index, name] of ENVIRONMENTS.entries()) {
      const path = `/v1/projects/shop/environments/${name}`;
      const made = await this.admin.put(path, { order: index + 1, requiresPipeline: name !== 'development' });
      expect(made.status).toBe(201);
      const key = await this.admin.post<{ key: string }>(`${path}/evaluation-keys`, {});
      this.keys.set(name, key.body.key);
    }
  }
}

async function depsOver(store: Store): Promise<Deps> {
  const flagImage = new FlagImage();
  return {
    store,
    now: Date.now,
    log: createLog('silent'),
    registry: new Registry(),
    authenticator: createAuthenticator(store, Date.now),
    keyRing: createKeyRing(store),
    secretBox: testSecretBox,
    callbackTokens: testCallbackTokens,
    outcomes: new OutcomeWaiters(store),
    engine: { troubleOf: () => null },
    flagImage,
    // Outages of the store are the subject of some of these tests.
    flagFollower: await FlagFollower.start(store, flagImage, () => undefined),
    endpointFault: (url) => faultOfUrl(url, testPolicy),
    probes: {},
    settings: {
      corsOrigins: [],
      trustProxy: false,
      publicUrl: 'http://127.0.0.1:8700',
      limits: WIDE_LIMITS,
      checkAnswers: true,
    },
    shutdown: new AbortController().signal,
  };
}
