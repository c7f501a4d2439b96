/**
 * `npm run demo`: the main job from the outside, over HTTP only. A CI system triggers a release with the files in
 * examples/, two clients ask for the flags through the OpenFeature OFREP provider, a service is deployed to the reference
 * receiver, and people act on it meanwhile.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature, type Client, type EvaluationContext } from '@openfeature/server-sdk';

const ROOT = path.resolve(__dirname, '..');
const STARTS_WITHIN_MS = 60_000;
const POLL_MS = 200;

/** What the receiver has of the service, by environment. */
type Versions = Record<string, string | undefined>;

interface Release {
  id: string;
  state: string;
  currentPhase: string | null;
  phases: { name: string; state: string; remainingMs: number | null }[];
}

/** One person or machine with a token. */
class Api {
  constructor(
    readonly url: string,
    private readonly token: string,
  ) {}

  async send<T>(method: string, target: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const response = await fetch(this.url + target, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${method} ${target}: ${response.status} ${text}`);
    }
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  release(id: string): Promise<Release> {
    return this.send('GET', `/v1/releases/${id}`);
  }

  act(id: string, action: string, reason?: string): Promise<Release> {
    return this.send('POST', `/v1/releases/${id}/${action}`, reason === undefined ? {} : { reason });
  }
}

const bold = style(1);
const dim = style(2);
const green = style(32);
const yellow = style(33);

function style(code: number): (text: string) => string {
  return process.stdout.isTTY ? (text) => `\u001B[${code}m${text}\u001B[0m` : (text) => text;
}

function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

function step(text: string): void {
  say(`\n${bold(`▸ ${text}`)}`);
}

/** Two customers of the flags: what each sees in production, through the OpenFeature SDK. */
class Clients {
  private readonly contexts: [name: string, context: EvaluationContext][] = [
    ['mira (staff)', { targetingKey: 'mira', email: 'mira@shop.example' }],
    ['tom (customer)', { targetingKey: 'tom', email: 'tom@mail.example' }],
  ];

  private constructor(private readonly client: Client) {}

  static async connect(url: string, key: string): Promise<Clients> {
    await OpenFeature.setProviderAndWait(
      new OFREPProvider({ baseUrl: url, headers: [['Authorization', `Bearer ${key}`]] }),
    );
    return new Clients(OpenFeature.getClient());
  }

  /** Prints and returns what each client sees. */
  async look(when: string): Promise<string[]> {
    const seen: string[] = [];
    for (const [name, context] of this.contexts) {
      const gate = await this.client.getBooleanValue('new-checkout', false, context);
      const limits = await this.client.getObjectValue('checkout-limits', {}, context);
      seen.push(`${gate ? green('on ') : yellow('off')} ${JSON.stringify(limits)}`);
      say(`    ${dim(when.padEnd(16))} ${name.padEnd(15)} new-checkout ${seen.at(-1) ?? ''}`);
    }
    return seen;
  }
}

/** Where the service `payments` is deployed: the reference receiver, with a secret of its own. */
class Payments {
  private constructor(
    private readonly url: string,
    readonly process: ChildProcess,
  ) {}

  /** Starts the receiver and tells Sluice where it is. */
  static async start(admin: Api, folder: string): Promise<Payments> {
    const { secret } = await admin.send<{ secret: string }>('POST', '/v1/projects/shop/services/payments/secret', {});
    const url = `http://127.0.0.1:${await freePort()}`;
    const receiver = spawn(process.execPath, [path.join(ROOT, 'examples', 'receiver', 'receiver.mjs')], {
      env: {
        ...process.env,
        PORT: new URL(url).port,
        HOST: '127.0.0.1',
        WEBHOOK_SECRETS: secret,
        RECEIVER_LOG: path.join(folder, 'receiver.log'),
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const payments = new Payments(url, receiver);
    try {
      await payments.untilReady();
    } catch (error) {
      receiver.kill();
      throw error;
    }
    await admin.send('PUT', '/v1/projects/shop/services/payments', {
      displayName: 'Payments',
      timeout: '5s',
      endpoints: { staging: url, production: url },
    });
    return payments;
  }

  /** Prints and returns which version is where. */
  async look(when: string): Promise<string> {
    const versions = await this.versions();
    const seen = ['staging', 'production'].map((name) => `${name} ${versions[name] ?? '–'}`).join(', ');
    say(`    ${dim(when.padEnd(16))} ${'payments'.padEnd(15)} ${seen}`);
    return seen;
  }

  private async versions(): Promise<Versions> {
    const response = await fetch(this.url);
    const versions = (await response.json()) as { environment: string; version: string }[];
    return Object.fromEntries(versions.map(({ environment, version }) => [environment, version]));
  }

  private async untilReady(): Promise<void> {
    for (let waited = 0; waited < STARTS_WITHIN_MS; waited += POLL_MS) {
      try {
        await this.versions();
        return;
      } catch {
        await sleep(POLL_MS);
      }
    }
    throw new Error('The receiver did not start');
  }
}

async function main(): Promise<void> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'sluice-demo-'));
  let service: ChildProcess | null = null;
  let payments: Payments | null = null;
  try {
    step('Starting Sluice with the example project, in a folder of its own');
    const url = `http://127.0.0.1:${await freePort()}`;
    service = startService(url, dataDir);
    const admin = await untilReady(url, dataDir, service);
    payments = await Payments.start(admin, dataDir);
    const { ci, grace, clients } = await prepare(admin);

    await firstRelease(ci, grace, clients, payments);
    await secondRelease(ci, grace, clients, payments);
    say(`\n${green('✓')} ${bold('Done.')} \`npm start\` keeps it running; README.md goes on from there.`);
  } finally {
    await OpenFeature.close();
    await stop(service);
    await stop(payments?.process ?? null);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** A CI system with its own token, a release manager, and an evaluation key for the clients. */
async function prepare(admin: Api): Promise<{ ci: Api; grace: Api; clients: Clients }> {
  const person = async (name: string, role: string): Promise<Api> => {
    await admin.send('PUT', `/v1/users/${name}`, { displayName: name, roles: [{ role, project: 'shop' }] });
    const { token } = await admin.send<{ token: string }>('POST', `/v1/users/${name}/tokens`, { name: 'demo' });
    return new Api(admin.url, token);
  };
  const ci = await person('ada', 'developer');
  const grace = await person('grace', 'release-manager');
  const { key } = await admin.send<{ key: string }>(
    'POST',
    '/v1/projects/shop/environments/production/evaluation-keys',
    {},
  );
  return { ci, grace, clients: await Clients.connect(admin.url, key) };
}

async function firstRelease(ci: Api, grace: Api, clients: Clients, payments: Payments): Promise<void> {
  step('CI triggers a release of a gate, a dynamic config (examples/release.json) and a version of a service');
  await clients.look('before');
  await payments.look('before');
  const flags = JSON.parse(readFileSync(path.join(ROOT, 'examples/release.json'), 'utf8')) as { changes: object[] };
  const changes = [...flags.changes, { service: 'payments', version: '1.4.2' }];
  const { id } = await trigger(ci, 'first', { ...flags, changes });
  say(`    release ${id}`);

  await follow(ci, id, (release) => release.state === 'baking' && release.currentPhase === 'staff');
  await clients.look('staff phase');
  await payments.look('staff phase');

  step('Somebody wants to look closer: pause, and unpause with the time that was left');
  const paused = await grace.act(id, 'pause', 'Checking the dashboards');
  say(`    paused with  ${remaining(paused)} left`);
  await sleep(2_000);
  const unpaused = await grace.act(id, 'unpause');
  say(`    two seconds later it goes on with ${remaining(unpaused)}`);

  await follow(ci, id, (release) => release.state === 'waiting-for-review');
  step('The last phase waits for a review');
  const { blockers } = await ci.send<{ blockers: { detail: string; remedies: { heldBy: string[] }[] }[] }>(
    'GET',
    `/v1/releases/${id}/why`,
  );
  for (const { detail, remedies } of blockers) {
    say(`    why: ${detail}; may be given by ${remedies.flatMap(({ heldBy }) => heldBy).join(', ')}`);
  }
  await clients.look('before approval');
  await grace.act(id, 'approve');
  say(`    ${green('approved')} by grace`);
  await clients.look('after approval');
  await follow(ci, id, (release) => release.state === 'completed');
  await clients.look('completed');
  await payments.look('completed');
}

async function secondRelease(ci: Api, grace: Api, clients: Clients, payments: Payments): Promise<void> {
  step('A second release changes all three again, and is aborted half-way');
  const { id } = await trigger(ci, 'second', {
    changes: [
      {
        flag: 'new-checkout',
        definition: { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off' },
      },
      {
        flag: 'checkout-limits',
        definition: {
          state: 'ENABLED',
          variants: { standard: { maxItems: 5, express: false } },
          defaultVariant: 'standard',
        },
      },
      { service: 'payments', version: '1.5.0' },
    ],
    reason: 'Second thoughts',
  });
  const before = [...(await clients.look('before')), await payments.look('before')];
  await follow(ci, id, (release) => release.state === 'baking' && release.currentPhase === 'staff');
  await clients.look('staff phase');
  await payments.look('staff phase');
  await grace.act(id, 'abort', 'Second thoughts about the second thoughts');
  await follow(ci, id, (release) => release.state === 'aborted');
  const after = [...(await clients.look('aborted')), await payments.look('aborted')];
  if (before.join() !== after.join()) {
    throw new Error('The abort did not bring everything back');
  }
  say(`    ${green('gate, config and service are back')} at what they were before`);
}

/** What a CI job does: one request; sent twice with the same key it is still one release. */
function trigger(ci: Api, key: string, body: unknown): Promise<Release> {
  return ci.send('POST', '/v1/projects/shop/pipelines/web/releases', body, { 'idempotency-key': key });
}

/** Shows the phases as they change until the release is where it should be. */
async function follow(api: Api, id: string, isThere: (release: Release) => boolean): Promise<void> {
  let shown = '';
  for (let waited = 0; waited < STARTS_WITHIN_MS; waited += POLL_MS) {
    const release = await api.release(id);
    const line = release.phases.map(({ name, state }) => `${name} ${colour(state)}`).join(dim('  →  '));
    if (line !== shown) {
      endLive();
      say(`    ${line}   ${dim(release.state)}`);
      shown = line;
    }
    if (isThere(release)) {
      endLive();
      return;
    }
    live(`    ${dim(`${release.state} ${remaining(release)}`)}`);
    await sleep(POLL_MS);
  }
  throw new Error(`Release ${id} did not get there in time`);
}

function colour(state: string): string {
  if (state === 'released') {
    return green(state);
  }
  return state === 'pending' ? dim(state) : yellow(state);
}

function remaining({ phases, currentPhase }: Release): string {
  const left = phases.find(({ name }) => name === currentPhase)?.remainingMs ?? null;
  return left === null ? '' : `${(left / 1000).toFixed(1)} s`;
}

let isLive = false;

/** A line that the next one overwrites; only people at a terminal get it. */
function live(text: string): void {
  if (process.stdout.isTTY) {
    process.stdout.write(`\r\u001B[2K${text}`);
    isLive = true;
  }
}

function endLive(): void {
  if (isLive) {
    process.stdout.write('\r\u001B[2K');
    isLive = false;
  }
}

function startService(url: string, dataDir: string): ChildProcess {
  return spawn(process.execPath, [path.join(ROOT, 'dist', 'main', 'start.js')], {
    env: {
      ...process.env,
      SLUICE_PORT: new URL(url).port,
      SLUICE_DATA_DIR: dataDir,
      SLUICE_EXAMPLE: 'on',
      SLUICE_ADMIN_TOKEN: '',
      SLUICE_HOST: '',
      // The receiver listens on this machine, where no webhook goes by default.
      SLUICE_ALLOW_PRIVATE_TARGETS: '127.0.0.0/8',
      DATABASE_URL: '',
      TEMPORAL_ADDRESS: '',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** The operator, as soon as the example project is there. */
async function untilReady(url: string, dataDir: string, service: ChildProcess): Promise<Api> {
  // The first start on a machine may have to build Temporal; it says so, and takes its time.
  const deadline = Date.now() + 15 * STARTS_WITHIN_MS;
  while (Date.now() < deadline && service.exitCode === null) {
    try {
      const admin = new Api(url, readFileSync(path.join(dataDir, 'admin-token'), 'utf8').trim());
      await admin.send('GET', '/v1/projects/shop/pipelines/web');
      return admin;
    } catch {
      await sleep(POLL_MS);
    }
  }
  throw new Error('The service did not start');
}

async function stop(service: ChildProcess | null): Promise<void> {
  if (!service || service.exitCode !== null) {
    return;
  }
  const ended = new Promise((resolve) => service.once('exit', resolve));
  service.kill('SIGTERM');
  await ended;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
