import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import path from 'node:path';
import { isTerminal } from '../../src/domain/release';
import { shownState } from '../../src/domain/shown-state';
import { APPLY_TRIES_MAX } from '../../src/domain/retry';
import { blockersOf } from '../../src/domain/why';
import type { Blocker } from '../../src/domain/blocker';
import { listDeployments } from '../../src/store/deployments/list-deployments';
import { listDrift } from '../../src/store/releases/list-drift';
import { readBlockers } from '../../src/store/releases/read-blockers';
import { planOfRow, positionOf } from '../../src/store/releases/stored-release';
import type { LookUpAll } from '../../src/targets/http/guarded-lookup';
import { eventually } from '../support/eventually';
import { phase } from '../support/release-store';
import type { TemporalConnections } from '../support/release-world';
import { connectTemporal, ReleaseWorld } from '../support/release-world';
import { temporalAddress } from '../support/temporal-server';
import { startVersionTarget, type Delivery, type VersionTarget } from '../support/version-target';
import { listen, startRawTarget, stopTargets } from '../targets/webhooks/webhook-target';

// All troubles are met at once and each is looked at when it is over: five tries take 15 s of waiting between them.
jest.setTimeout(60_000);

const TIMEOUT_MS = 1_000;
const VERSION = '2';

interface Trouble {
  /** Of the service, and what is wrong with its target. */
  name: string;
  /** What meets the nth delivery, n from 1; without it the target does what is asked. */
  meet?: (response: ServerResponse, n: number) => boolean;
  /** Where it is sent to, when not to a target that keeps versions. */
  url?: () => Promise<string>;
}

interface Failure extends Trouble {
  errored: boolean;
  detail: string | RegExp;
  /** How often it is sent. */
  tries: number;
}

const answering =
  (status: number, headers: Record<string, string> = {}): NonNullable<Trouble['meet']> =>
  (response) => {
    response.writeHead(status, headers).end();
    return true;
  };

const FAILURES: Failure[] = [
  { name: 'answers-500', meet: answering(500), errored: true, detail: 'The target answered 500', tries: 5 },
  { name: 'never-answers', meet: () => true, errored: true, detail: 'No answer came in time', tries: 5 },
  {
    name: 'answers-slowly-for-ever',
    url: () => raw((socket) => drip(socket, 'HTTP/1.1 200 OK\r\nx-slow: ')),
    errored: true,
    detail: 'No answer came in time',
    tries: 5,
  },
  {
    name: 'speaks-no-http',
    url: () => raw((socket) => socket.end('good day\r\n\r\n')),
    errored: true,
    detail: /^The target answered something that is not HTTP/,
    tries: 5,
  },
  {
    name: 'hangs-up',
    url: () => raw((socket) => socket.once('data', () => socket.destroy())),
    errored: true,
    detail: /^The target closed the connection without an answer/,
    tries: 5,
  },
  {
    name: 'has-a-certificate-of-nobody',
    url: secureUrl,
    errored: true,
    detail: /^The target's certificate is not trusted/,
    tries: 5,
  },
  {
    name: 'redirects',
    meet: (response) => answering(307, { location: target.urlOf('elsewhere', 'staging') })(response, 1),
    errored: false,
    detail: /^The target answered 307/,
    tries: 1,
  },
  { name: 'says-no', meet: answering(403), errored: false, detail: 'The target answered 403', tries: 1 },
  {
    name: 'has-the-version-of-somebody-else',
    meet: (_, n) => {
      if (n === 1) target.setVersion('has-the-version-of-somebody-else', 'staging', '99');
      return false;
    },
    errored: false,
    detail: 'The target has version "99", which is not what was expected',
    tries: 1,
  },
  {
    name: 'says-at-length-that-it-has-drifted',
    meet: (response) => {
      response.writeHead(412).end(`{"currentVersion":"${VERSION}","x":"${'x'.repeat(1_000_000)}"}`);
      return true;
    },
    errored: false,
    detail: 'The target has another version than expected',
    tries: 1,
  },
  {
    name: 'moves-to-a-private-address',
    url: () => Promise.resolve(target.urlOf('moves-to-a-private-address', 'staging').replace('127.0.0.1', MOVING)),
    meet: answering(503),
    errored: false,
    detail: /must not lead to 10\.0\.0\.7, as "moving\.example\.com" does/,
    tries: 2,
  },
];

const NUISANCES: (Trouble & { tries: number })[] = [
  {
    name: 'asks-for-time',
    meet: (response, n) => {
      asked.push(Date.now());
      return n === 1 && answering(429, { 'retry-after': String(ASKED_FOR_S) })(response, n);
    },
    tries: 2,
  },
  { name: 'answers-503-after-applying', meet: (response, n) => n === 1 && did(response, 503), tries: 2 },
  { name: 'never-answers-after-applying', meet: (_, n) => n === 1 && did(null), tries: 2 },
  { name: 'answers-at-length', meet: (response) => did(response, 200, 'x'.repeat(1_000_000)), tries: 1 },
  { name: 'answers-with-a-wrong-body', meet: (response) => did(response, 200, '{"currentVersion": 7'), tries: 1 },
  {
    name: 'never-ends-its-answer',
    meet: (response) => {
      response.writeHead(200);
      drip(response, 'x');
      return did(null);
    },
    tries: 1,
  },
];

/** More than the backoff, which is 1 s. */
const ASKED_FOR_S = 3;
const asked: number[] = [];
const MOVING = 'moving.example.com';
let temporal: TemporalConnections;
let world: ReleaseWorld;
let target: VersionTarget;
/** By the name of the trouble. */
const releases = new Map<string, string>();
const services = new Map<string, string>();
let lastMet: Delivery | undefined;

beforeAll(async () => {
  temporal = await connectTemporal(temporalAddress());
  world = await ReleaseWorld.open(temporal);
  target = await startVersionTarget();
  const troubles: Trouble[] = [...FAILURES, ...NUISANCES];
  target.meet((delivery, response) => {
    lastMet = delivery;
    const { service } = delivery.data;
    return troubles.find(({ name }) => name === service)?.meet?.(response, of(service).length);
  });
  let looks = 0;
  const lookup: LookUpAll = () => {
    looks += 1;
    return Promise.resolve([{ address: looks === 1 ? '127.0.0.1' : '10.0.0.7', family: 4 }]);
  };
  world.startDispatcher();
  await world.startWorker({ lookup });
  for (const { name, url } of troubles) {
    const endpoint = url ? await url() : target.urlOf(name, 'staging');
    services.set(name, await world.putService(name, { staging: endpoint }, TIMEOUT_MS));
    releases.set(name, await world.trigger({ phases: [phase('all')], flags: [], services: { [name]: VERSION } }));
  }
});
afterAll(async () => {
  await world.close();
  await temporal.close();
  await stopTargets();
});

const releaseOf = (name: string): string => releases.get(name) ?? '';
const of = (service: string): Delivery[] => target.deliveries.filter(({ data }) => data.service === service);

/** Does what the delivery that is being met asks for, and answers with that, or not at all. */
function did(response: ServerResponse | null, status = 200, body = ''): boolean {
  const { service, environment, version } = lastMet?.data ?? { service: '', environment: '', version: null };
  target.setVersion(service, environment, version);
  response?.writeHead(status).end(body);
  return true;
}

async function raw(converse: (socket: Socket) => void): Promise<string> {
  return (await startRawTarget(converse)).url;
}

/** Writes a little again and again, until the other side has had enough. */
function drip(to: Pick<Socket, 'write' | 'on'> | ServerResponse, text: string): void {
  const timer = setInterval(() => to.write(text), 50);
  to.on('close', () => clearInterval(timer));
}

async function secureUrl(): Promise<string> {
  const file = (name: string) => readFileSync(path.join(__dirname, '../targets/webhooks/tls', name));
  const { port } = await listen(createSecureServer({ key: file('key.pem'), cert: file('certificate.pem') }));
  return `https://127.0.0.1:${port}/`;
}

async function ends(name: string): Promise<string> {
  return eventually(
    `the release of ${name} ends or fails`,
    async () => {
      const position = await world.position(releaseOf(name));
      return (isTerminal(position) || shownState(position) === 'failed') && shownState(position);
    },
    45_000,
  );
}

async function whyOf(release: string): Promise<Blocker[]> {
  const row = await world.row(release);
  const surroundings = await readBlockers(world.store.read, row);
  const { blockers } = blockersOf({
    ...{ state: positionOf(row), plan: planOfRow(row), holds: [], engine: null, now: Date.now() },
    ...surroundings,
  });
  return blockers;
}

async function effect(name: string, direction: 'apply' | 'revert') {
  return world.store.read
    .selectFrom('effects')
    .selectAll()
    .where('releaseId', '=', releaseOf(name))
    .where('direction', '=', direction)
    .executeTakeFirst();
}

const matching = (detail: string | RegExp): unknown =>
  typeof detail === 'string' ? detail : expect.stringMatching(detail);

describe.each(NUISANCES)('a target that $name', ({ name, tries }) => {
  it('PRO-5: lets the release go on, and nothing is sent under another key', async () => {
    expect(await ends(name)).toBe('completed');

    expect(target.versionOf(name, 'staging')).toBe(VERSION);
    expect(of(name)).toHaveLength(tries);
    expect(new Set(of(name).map(({ id, data }) => `${id} ${data.sequence}`)).size).toBe(1);
    expect(await effect(name, 'apply')).toMatchObject({ status: 'done', tries });
  });
});

it('PRO-5: a target that asks for time gets it', async () => {
  await ends('asks-for-time');

  const [first = 0, second = 0] = asked;
  expect(second - first).toBeGreaterThanOrEqual(ASKED_FOR_S * 1_000);
});

describe.each(FAILURES)('a target that $name', ({ name, errored, detail, tries }) => {
  it('PRO-5: fails the phase, with the reason and with whose fault it is', async () => {
    expect(await ends(name)).toBe('failed');

    expect(await effect(name, 'apply')).toMatchObject({ tries, detail: matching(detail), errored: errored ? 1 : 0 });
    const events = await world.events(releaseOf(name));
    const failed = events.filter(({ type }) => type === 'deployment-failed').map(({ data }) => data);
    expect(failed).toMatchObject([{ errored, detail: matching(detail) }]);
    const [deployment] = await listDeployments(world.store.read, releaseOf(name), {}, { limit: 5, after: null });
    expect(deployment).toMatchObject({ state: 'failed', errored: errored ? 1 : 0, error: matching(detail) });
  });

  it('REL-26: is named by why, with what it said', async () => {
    await ends(name);

    const [failed, ...rest] = await whyOf(releaseOf(name));

    expect(rest).toEqual([]);
    expect(failed?.kind).toBe('failed');
    const said = /^Phase all failed in staging \(([^:]*): (.*)\)$/s.exec(failed?.detail ?? '');
    expect([said?.[1], said?.[2]]).toEqual([name, matching(detail)]);
  });
});

describe('targets that fail releases', () => {
  it('WHK-3: are asked under one key, and never more often than five times', () => {
    for (const { name, tries, url } of FAILURES) {
      const deliveries = of(name);
      if (url === undefined) {
        expect([name, deliveries.length]).toEqual([name, tries]);
      }
      expect(new Set(deliveries.map(({ id }) => id)).size).toBeLessThanOrEqual(1);
      expect(tries).toBeLessThanOrEqual(APPLY_TRIES_MAX);
    }
    expect(of('elsewhere')).toEqual([]);
    expect(target.effects.filter(({ data }) => FAILURES.some(({ name }) => name === data.service))).toEqual([]);
  });

  it('REL-19: are asked to go back whatever they say, until they are mended, and drift is left alone', async () => {
    const drifted = FAILURES.filter(({ detail }) => /version/.test(String(detail))).map(({ name }) => name);
    const stubborn = FAILURES.map(({ name }) => name).filter((name) => !drifted.includes(name));

    await Promise.all(FAILURES.map(({ name }) => world.act(releaseOf(name), 'abort')));
    for (const name of drifted) {
      await world.reaches(releaseOf(name), 'aborted');
    }
    for (const name of stubborn) {
      await eventually(`${name} was asked to go back`, async () => (await effect(name, 'revert'))?.detail !== null);
      const [back] = await whyOf(releaseOf(name));
      expect(back).toMatchObject({ kind: 'revert', service: name, environment: 'staging' });
      expect(await world.shown(releaseOf(name))).toBe('aborting');
    }
    target.meet(null);
    for (const name of stubborn) {
      await world.moveService(services.get(name) ?? '', 'staging', target.urlOf(name, 'staging'));
    }

    for (const { name } of FAILURES) {
      await world.reaches(releaseOf(name), 'aborted');
      const touched = await listDrift(world.store.read, await world.row(releaseOf(name)));
      expect(touched).toMatchObject([{ item: name, state: drifted.includes(name) ? 'drifted' : 'reverted' }]);
    }
    expect(target.versionOf('has-the-version-of-somebody-else', 'staging')).toBe('99');
  });
});
