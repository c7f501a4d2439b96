import type { ReleaseAction } from '../../src/domain/pipeline';
import type { ShownState } from '../../src/domain/shown-state';
import { eventually } from '../support/eventually';
import type { ActionBody, DeploymentBody, EventBody, Page, ReleaseBody } from '../support/release-api';
import { startService, type ServiceProcess } from '../support/service-process';
import { OFF, ON } from '../support/store-fixtures';
import { removeDir, tempDir } from '../support/temp-dir';

/** A worker or server that dies in the middle of a task gives it back after ten seconds; and machines are slow. */
const PATIENCE_MS = 45_000;

/**
 * The built service with a project `shop`, as its users see it: over HTTP alone, on one address, through however many
 * lives of its processes.
 */
export class KilledService {
  private flags = 0;

  private constructor(
    private process: ServiceProcess,
    private readonly env: Record<string, string>,
  ) {}

  /** Its settings are the same in every life. */
  static async start(env: Record<string, string> = {}): Promise<KilledService> {
    const service = new KilledService(await startService({ dataDir: tempDir(), env }), env);
    await service.put('/v1/projects/shop', {});
    for (const [index, name] of ['staging', 'production'].entries()) {
      await service.put(`/v1/projects/shop/environments/${name}`, { order: index + 1, requiresPipeline: true });
    }
    return service;
  }

  /** For good: the processes end and the data is removed. */
  async end(): Promise<void> {
    await this.process.stop();
    removeDir(this.process.dataDir);
  }

  get dataDir(): string {
    return this.process.dataDir;
  }

  /** A copy of the store as it is now; its path. */
  async backUp(): Promise<string> {
    const response = await this.process.request('POST', '/v1/backup', {});
    expect(response.status).toBe(201);
    return ((await response.json()) as { file: string }).file;
  }

  /** Why a release was started anew, each time. */
  async repairs(release: string): Promise<unknown[]> {
    return (await this.events(release))
      .filter(({ type }) => type === 'release-repaired')
      .map(({ data }) => data['why']);
  }

  /** `kill -9` of the service; its Temporal dies with it, by itself. */
  kill9(): Promise<void> {
    return this.process.kill9();
  }

  kill9Temporal(): Promise<void> {
    return this.process.kill9Temporal();
  }

  /** Temporal is there and answers nobody, until it is killed or goes on. */
  freezeTemporal(): void {
    process.kill(this.temporalPid(), 'SIGSTOP');
  }

  thawTemporal(): void {
    process.kill(this.temporalPid(), 'SIGCONT');
  }

  /** The service is there and does nothing, until it goes on; its Temporal runs. */
  freeze(): void {
    process.kill(this.process.pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.process.pid, 'SIGCONT');
  }

  /** SIGTERM; the exit code. */
  stop(): Promise<number | null> {
    return this.process.stop();
  }

  /** The next life, on the same data and address. */
  async startAgain(): Promise<void> {
    const { dataDir, port, adminToken } = this.process;
    this.process = await startService({ dataDir, port, adminToken, env: this.env });
  }

  async untilReady(): Promise<void> {
    await eventually(
      'the service is ready again',
      async () => (await this.process.request('GET', '/readyz')).ok,
      30_000,
    );
  }

  async get<T>(path: string): Promise<T> {
    const response = await this.process.request('GET', path);
    expect({ path, status: response.status }).toEqual({ path, status: 200 });
    return (await response.json()) as T;
  }

  async text(path: string): Promise<string> {
    return (await this.process.request('GET', path)).text();
  }

  /** Makes a gate that is off, and a pipeline of these phases for it; both have the same name. */
  async prepare(phases: object[], more: object = {}): Promise<string> {
    this.flags += 1;
    const name = `gate-${this.flags}`;
    await this.put(`/v1/projects/shop/flags/${name}`, { kind: 'gate', definition: OFF });
    await this.put(`/v1/projects/shop/pipelines/${name}`, { phases, ...more });
    return name;
  }

  /**
   * Sends a trigger for what was prepared under that name, with versions of services behind the gate; repeating it with
   * the same key is safe.
   */
  trigger(name: string, key = name, services: Record<string, string> = {}): Promise<Response> {
    const versions = Object.entries(services).map(([service, version]) => ({ service, version }));
    const body = { changes: [{ flag: name, definition: ON }, ...versions], whenBusy: 'queue' };
    const path = `/v1/projects/shop/pipelines/${name}/releases`;
    return this.process.request('POST', path, body, { 'idempotency-key': key });
  }

  /** A release with these phases, accepted. */
  async release(phases: object[], services: Record<string, string> = {}): Promise<string> {
    const name = await this.prepare(phases);
    return this.accepted(name, name, services);
  }

  /** A trigger that was accepted for the first time: the release's id. */
  async accepted(name: string, key = name, services: Record<string, string> = {}): Promise<string> {
    const response = await this.trigger(name, key, services);
    expect(response.status).toBe(201);
    return ((await response.json()) as ReleaseBody).id;
  }

  act(release: string, verb: ReleaseAction): Promise<Response> {
    return this.post(`/v1/releases/${release}/${verb}`, {});
  }

  post(path: string, body: object): Promise<Response> {
    return this.process.request('POST', path, body);
  }

  /** An action that is applied, now or when somebody is there to decide it. */
  async applies(release: string, verb: ReleaseAction): Promise<void> {
    const response = await this.act(release, verb);
    if (response.status === 202) {
      const { id } = (await response.json()) as ActionBody;
      expect((await this.outcomeOf(id)).state).toBe('applied');
    } else {
      expect({ verb, status: response.status }).toEqual({ verb, status: 200 });
    }
  }

  async outcomeOf(action: string): Promise<ActionBody> {
    return eventually(
      `action ${action} is decided`,
      async () => {
        const body = await this.get<ActionBody>(`/v1/actions/${action}`);
        return body.state !== 'pending' && body;
      },
      PATIENCE_MS,
    );
  }

  /** Waits until the release shows that state, in that phase if one is named. */
  async reaches(release: string, state: ShownState, currentPhase?: string): Promise<ReleaseBody> {
    return eventually(
      `release ${release} is ${state} ${currentPhase ?? ''}`,
      async () => {
        const body = await this.get<ReleaseBody>(`/v1/releases/${release}`);
        return body.state === state && (currentPhase === undefined || body.currentPhase === currentPhase) && body;
      },
      PATIENCE_MS,
    );
  }

  async events(release: string): Promise<EventBody[]> {
    return (await this.get<Page<EventBody>>(`/v1/releases/${release}/events?limit=200`)).items;
  }

  /**
   * What holds whatever was killed: each transition and deployment is recorded once, in order, and no phase began
   * before the bake in front of it was over.
   */
  async expectNothingTwiceNorEarly(release: string): Promise<void> {
    // A repair is nothing that happens to what is released, and it may come after bakes that end at their own time.
    const events = (await this.events(release)).filter(({ type }) => type !== 'release-repaired');
    const transitions = events
      .filter(({ type }) => /^(release|phase|deployment|review)-/.test(type) || type === 'bake-ended')
      .map(({ type, data }) => `${type} ${String(data['phase'] ?? '')} ${String(data['environment'] ?? '')}`);
    expect(transitions).toEqual([...new Set(transitions)]);

    const ids = events.map(({ id }) => Number(id));
    expect([...ids].sort((a, b) => a - b)).toEqual(ids);
    const times = events.map(({ at }) => Date.parse(at));
    expect([...times].sort((a, b) => a - b)).toEqual(times);

    let bakesUntil = 0;
    for (const { type, at, data } of events) {
      if (type === 'bake-started' || type === 'bake-unpaused') {
        bakesUntil = instant(data['endsAt']);
      } else if (type === 'bake-ended' && data['how'] === 'elapsed') {
        expect(Date.parse(at)).toBeGreaterThanOrEqual(bakesUntil);
      } else if (type === 'bake-ended') {
        // Somebody skipped what was left of it.
        bakesUntil = 0;
      } else if (type === 'phase-started' || type === 'release-completed') {
        expect(Date.parse(at)).toBeGreaterThanOrEqual(bakesUntil);
      }
    }

    const { items } = await this.get<Page<DeploymentBody>>(`/v1/releases/${release}/deployments`);
    const deployed = items.map(({ phase, environment, attempt }) => `${phase} ${environment} ${attempt}`);
    expect(deployed).toEqual([...new Set(deployed)]);
    const succeeded = events.filter(({ type }) => type === 'deployment-succeeded');
    expect(items.filter(({ state }) => state === 'succeeded')).toHaveLength(succeeded.length);
  }

  /** Creates something; what it answers. */
  async put<T>(path: string, body: object): Promise<T> {
    const response = await this.process.request('PUT', path, body);
    expect({ path, status: response.status }).toEqual({ path, status: 201 });
    return (await response.json()) as T;
  }

  private temporalPid(): number {
    const pid = this.process.temporalPid();
    if (pid === undefined) {
      throw new Error('There is no Temporal process');
    }
    return pid;
  }
}

function instant(value: unknown): number {
  return typeof value === 'number' ? value : Date.parse(String(value));
}
