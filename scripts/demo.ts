/**
 * `npm run demo`: the main job from the outside, over HTTP only. A CI system triggers a release with the files in
 * examples/, two clients ask for the flags through the OpenFeature OFREP provider, a service is deployed to the reference
 * receiver, and people act on it meanwhile: they pause, approve, answer what the process asks, and abort.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature, type Client, type EvaluationContext } from '@openfeature/server-sdk';

import { startSmtpReceiver, type SmtpReceiver } from '../test/support/smtp-receiver';
import { Api, type Release } from './demo/api';
import { Children } from './demo/children';
import { answerIntervention, wantMail } from './demo/intervention';
import { poll } from './demo/poll';
import { bold, dim, endLive, green, live, say, step, yellow } from './demo/say';

const ROOT = path.resolve(__dirname, '..');
const STARTS_WITHIN_MS = 60_000;
const POLL_MS = 200;

/** What the receiver has of the service, by environment. */
type Versions = Record<string, string | undefined>;

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
  private constructor(private readonly url: string) {}

  /** Starts the receiver and tells Sluice where it is. */
  static async start(admin: Api, folder: string, children: Children): Promise<Payments> {
    const { secret } = await admin.send<{ secret: string }>('POST', '/v1/projects/shop/services/payments/secret', {});
    const url = `http://127.0.0.1:${await freePort()}`;
    children.start(path.join(ROOT, 'examples', 'receiver', 'receiver.mjs'), {
      PORT: new URL(url).port,
      HOST: '127.0.0.1',
      WEBHOOK_SECRETS: secret,
      RECEIVER_LOG: path.join(folder, 'receiver.log'),
    });
    const payments = new Payments(url);
    await poll('The receiver', () => payments.versions().catch(() => null));
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
}

async function main(): Promise<void> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'sluice-demo-'));
  const children = new Children();
  const mail = await startSmtpReceiver();
  try {
    await Promise.race([show(dataDir, children, mail), interruption()]);
  } finally {
    await OpenFeature.close();
    await children.end();
    await mail.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function show(dataDir: string, children: Children, mail: SmtpReceiver): Promise<void> {
  step('Starting Sluice with the example project, in a folder of its own');
  const url = `http://127.0.0.1:${await freePort()}`;
  const service = startService(children, { url, dataDir, smtpUrl: mail.url });
  const admin = await untilReady(url, dataDir, service);
  const payments = await Payments.start(admin, dataDir, children);
  const { ada, grace, clients } = await prepare(admin);

  await firstRelease({ ada, grace, clients, payments, mail });
  await secondRelease({ ada, grace, clients, payments });
  say(`\n${green('✓')} ${bold('Done.')} \`npm start\` keeps it running; README.md goes on from there.`);
}

/** Somebody does not want to see the rest. */
class Interrupted extends Error {
  constructor(readonly exitCode: number) {
    super('ended before its end');
  }
}

/** Fails at Ctrl-C, or when the terminal is closed; what was started is to be ended then. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    // More than once: npm passes on what the terminal has sent here already, and a second one must not cut the end short.
    process.on('SIGINT', () => reject(new Interrupted(130)));
    process.on('SIGTERM', () => reject(new Interrupted(143)));
    process.on('SIGHUP', () => reject(new Interrupted(129)));
  });
}

/** Tokens for the two people of the example, of which CI has ada's; an evaluation key for the clients; mail. */
async function prepare(admin: Api): Promise<{ ada: Api; grace: Api; clients: Clients }> {
  const person = async (name: string): Promise<Api> => {
    const { token } = await admin.send<{ token: string }>('POST', `/v1/users/${name}/tokens`, { name: 'demo' });
    return new Api(admin.url, token);
  };
  const ada = await person('ada');
  const grace = await person('grace');
  await wantMail(admin);
  const { key } = await admin.send<{ key: string }>(
    'POST',
    '/v1/projects/shop/environments/production/evaluation-keys',
    {},
  );
  return { ada, grace, clients: await Clients.connect(admin.url, key) };
}

/** Who takes part, and where it can be seen. */
interface Scene {
  /** Her token is the CI system's. */
  ada: Api;
  grace: Api;
  clients: Clients;
  payments: Payments;
}

async function firstRelease({ ada, grace, clients, payments, mail }: Scene & { mail: SmtpReceiver }): Promise<void> {
  step('CI triggers a release of a gate, a dynamic config (examples/release.json) and a version of a service');
  await clients.look('before');
  await payments.look('before');
  const flags = JSON.parse(readFileSync(path.join(ROOT, 'examples/release.json'), 'utf8')) as { changes: object[] };
  const changes = [...flags.changes, { service: 'payments', version: '1.4.2' }];
  const { id } = await trigger(ada, 'first', { ...flags, changes });
  say(`    release ${id}`);

  await follow(ada, id, (release) => release.state === 'baking' && release.currentPhase === 'staff');
  await clients.look('staff phase');
  await payments.look('staff phase');

  step('Somebody wants to look closer: pause, and unpause with the time that was left');
  const paused = await grace.act(id, 'pause', 'Checking the dashboards');
  say(`    paused with  ${remaining(paused)} left`);
  await sleep(2_000);
  const unpaused = await grace.act(id, 'unpause');
  say(`    two seconds later it goes on with ${remaining(unpaused)}`);

  await follow(ada, id, (release) => release.state === 'waiting-for-review');
  step('The last phase waits for a review');
  const { blockers } = await ada.send<{ blockers: { detail: string; remedies: { heldBy: string[] }[] }[] }>(
    'GET',
    `/v1/releases/${id}/why`,
  );
  for (const { detail, remedies } of blockers) {
    say(`    why: ${detail}; may be given by ${remedies.flatMap(({ heldBy }) => heldBy).join(', ')}`);
  }
  await clients.look('before approval');
  await grace.act(id, 'approve');
  say(`    ${green('approved')} by grace`);
  await follow(ada, id, (release) => release.state === 'waiting-for-intervention');
  await clients.look('after approval');

  await answerIntervention(id, ada, grace, mail);
  say();
  await follow(ada, id, (release) => release.state === 'completed');
  await clients.look('completed');
  await payments.look('completed');
}

async function secondRelease({ ada, grace, clients, payments }: Scene): Promise<void> {
  step('A second release changes all three again, and is aborted half-way');
  // Looked at before the trigger: staging can have its version a moment later.
  const before = [...(await clients.look('before')), await payments.look('before')];
  const { id } = await trigger(ada, 'second', {
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
  await follow(ada, id, (release) => release.state === 'baking' && release.currentPhase === 'staff');
  await clients.look('staff phase');
  await payments.look('staff phase');
  await grace.act(id, 'abort', 'Second thoughts about the second thoughts');
  await follow(ada, id, (release) => release.state === 'aborted');
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
  await poll(`Release ${id}`, async () => {
    const release = await api.release(id);
    const line = release.phases.map(({ name, state }) => `${name} ${colour(state)}`).join(dim('  →  '));
    if (line + release.state !== shown) {
      endLive();
      say(`    ${line}   ${dim(release.state)}`);
      shown = line + release.state;
    }
    if (isThere(release)) {
      endLive();
      return release;
    }
    live(`    ${dim(`${release.state} ${remaining(release)}`)}`);
    return null;
  });
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

function startService(
  children: Children,
  { url, dataDir, smtpUrl }: { url: string; dataDir: string; smtpUrl: string },
): ChildProcess {
  return children.start(path.join(ROOT, 'dist', 'main', 'start.js'), {
    SLUICE_PORT: new URL(url).port,
    SLUICE_DATA_DIR: dataDir,
    SLUICE_EXAMPLE: 'on',
    SLUICE_ADMIN_TOKEN: '',
    SLUICE_HOST: '',
    // The receiver listens on this machine, where no webhook goes by default.
    SLUICE_ALLOW_PRIVATE_TARGETS: '127.0.0.0/8',
    SMTP_URL: smtpUrl,
    SMTP_FROM: 'Sluice <sluice@shop.example>',
    DATABASE_URL: '',
    TEMPORAL_ADDRESS: '',
  });
}

/** The operator, as soon as the example project is there. */
async function untilReady(url: string, dataDir: string, service: ChildProcess): Promise<Api> {
  // The first start on a machine may have to build Temporal; it says so, and takes its time.
  const deadline = Date.now() + 15 * STARTS_WITHIN_MS;
  while (Date.now() < deadline && service.exitCode === null && service.signalCode === null) {
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
  endLive();
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  // Of a demo that is interrupted something may still be waiting.
  process.exit(error instanceof Interrupted ? error.exitCode : 1);
});
