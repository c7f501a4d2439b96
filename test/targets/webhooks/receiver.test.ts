import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import { eventually } from '../../support/eventually';
import type { ReceiverOptions, ReceiverProcess } from '../../support/receiver-process';
import { startReceiver } from '../../support/receiver-process';
import { removeDir, tempDir } from '../../support/temp-dir';

const SECRET = secretOf('first');
const SECOND_SECRET = secretOf('second');
const MINUTE = 60_000;
const PROGRAM = path.resolve(__dirname, '../../../examples/receiver/receiver.mjs');

interface Delivery {
  id: string;
  type: string;
  service: string;
  tenant: string | null;
  sequence: unknown;
  version: unknown;
  expectedVersion: unknown;
}

let folder: string;
let receiver: ReceiverProcess;

/** Before each test, or once for tests that change nothing: a start costs more than any of these tests. */
function receiverFor(before: typeof beforeEach, after: typeof afterEach): void {
  before(async () => {
    folder = tempDir();
    receiver = await start();
  });
  after(async () => {
    await receiver.kill();
    removeDir(folder);
  });
}

describe('what is taken', () => {
  receiverFor(beforeEach, afterEach);

  it('WHK-1: takes what any of its secrets signs', async () => {
    const first = await send({ version: '1.0.0' });
    const second = await send({ id: 'b', sequence: 2, version: '1.1.0', expectedVersion: '1.0.0' }, SECOND_SECRET);

    expect([first, second]).toEqual([
      { status: 200, body: { currentVersion: '1.0.0' } },
      { status: 200, body: { currentVersion: '1.1.0' } },
    ]);
  });

  it('WHK-1: applies, and keeps versions apart by service, environment and tenant', async () => {
    await send({ id: 'a', version: '1.0.0' });
    await send({ id: 'b', version: '2.0.0', tenant: 'acme' });
    await send({ id: 'c', version: '3.0.0', service: 'search' });

    expect(await receiver.versions()).toEqual([
      { service: 'payments', environment: 'production', tenant: null, version: '1.0.0', sequence: 1 },
      { service: 'payments', environment: 'production', tenant: 'acme', version: '2.0.0', sequence: 1 },
      { service: 'search', environment: 'production', tenant: null, version: '3.0.0', sequence: 1 },
    ]);
  });

  it('WHK-1: writes one line for what was applied', async () => {
    await send({ version: '1.0.0' });

    expect(await receiver.log()).toEqual([
      {
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        id: 'a',
        type: 'service.apply',
        service: 'payments',
        environment: 'production',
        tenant: null,
        release: 'r1',
        phase: 'everyone',
        attempt: 1,
        sequence: 1,
        version: '1.0.0',
        previousVersion: null,
        result: 'applied',
      },
    ]);
  });

  it('WHK-1: the revert of a first deployment takes the service away, and what was before it stays too late', async () => {
    await send({ version: '1.0.0', sequence: 5 });

    const revert = { id: 'b', type: 'service.revert', sequence: 6, version: null, expectedVersion: '1.0.0' };
    const reverted = await send(revert);
    const late = await send({ id: 'c', sequence: 4, version: '1.0.0' });

    expect(reverted).toEqual({ status: 200, body: { currentVersion: null } });
    expect(late.status).toBe(410);
    expect(await receiver.versions()).toEqual([]);
  });

  it('WHK-2: refuses a body of more than 64 KB and takes one of exactly that', async () => {
    const most = bodyOf({}).padEnd(64 * 1024, ' ');
    const tooMuch = `${most} `;
    const farTooMuch = most.repeat(100);

    expect((await post(tooMuch, sign(tooMuch))).status).toBe(413);
    expect((await post(farTooMuch, sign(farTooMuch))).status).toBe(413);
    expect(await receiver.log()).toEqual([]);
    expect((await post(most, sign(most))).status).toBe(200);
  });

  it('WHK-2: a sender that goes away in the middle does no harm', async () => {
    const body = bodyOf({});
    for (const cut of [0, 10, body.length]) {
      const socket = connect(receiver.port, '127.0.0.1');
      const head = `POST / HTTP/1.1\r\nhost: receiver\r\ncontent-length: ${body.length}\r\n\r\n`;
      await new Promise<void>((resolve) => socket.write(head + body.slice(0, cut), () => resolve()));
      socket.resetAndDestroy();
    }

    expect((await send({})).status).toBe(200);
  });
});

describe('what is refused', () => {
  receiverFor(beforeAll, afterAll);

  it.each([
    ['signed with another secret', () => sign(bodyOf({}), { secret: secretOf('third') })],
    ['signed for another id', () => ({ ...sign(bodyOf({})), 'webhook-id': 'other' })],
    ['signed over another body', () => sign(bodyOf({ version: '9.9.9' }))],
    ['older than five minutes', () => sign(bodyOf({}), { at: Date.now() - 6 * MINUTE })],
    ['from the future', () => sign(bodyOf({}), { at: Date.now() + 6 * MINUTE })],
    ['with a younger time than was signed', () => ({ ...sign(bodyOf({}), { at: Date.now() - 6 * MINUTE }), ...now() })],
    ['not signed', () => ({})],
    ['signed in a scheme that nobody knows', () => ({ ...sign(bodyOf({})), 'webhook-signature': 'v1 v9,AAAA ,' })],
  ])('WHK-1: refuses what is %s, and does not even log it', async (_, headers) => {
    const answer = await post(bodyOf({}), headers());

    expect(answer).toEqual({ status: 401, body: { error: expect.any(String) } });
    expect(await receiver.log()).toEqual([]);
  });

  it.each([
    ['no JSON', '{"type":'],
    ['null', 'null'],
    ['no object', '"service.apply"'],
    ['nothing', ''],
    ['without data', '{"type":"service.apply"}'],
    ['of an unknown type', bodyOf({ type: 'service.restart' })],
    ['without a service', bodyOf({ service: '' })],
    ['with a tenant that is no name', bodyOf({ tenant: '' })],
    ['with a sequence that is no number', bodyOf({ sequence: '7' })],
    ['with a sequence beyond what a number holds', bodyOf({ sequence: 2 ** 53 })],
    ['without a version', bodyOf({ version: undefined })],
    ['an apply that takes away', bodyOf({ version: null })],
    ['without an expected version', bodyOf({ expectedVersion: undefined })],
  ])('PRO-5: refuses a signed body for good that is %s', async (_, body) => {
    const answer = await post(body, sign(body));

    expect(answer).toEqual({ status: 400, body: { error: expect.any(String) } });
    expect(await receiver.log()).toEqual([]);
  });

  it.each([
    ['PUT', '/', 405],
    ['DELETE', '/log', 405],
    ['GET', '/deploy.mjs', 404],
  ])('%s %s is refused with %i', async (method, where, status) => {
    const answer = await fetch(`${receiver.url}${where}`, { method });

    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({ error: expect.any(String) });
  });
});

describe('repetition', () => {
  receiverFor(beforeEach, afterEach);

  it('PRO-5: answers an id it has finished as before and changes nothing', async () => {
    const first = await send({ version: '1.0.0' });
    await send({ id: 'b', sequence: 2, version: '2.0.0', expectedVersion: '1.0.0' });

    const again = await send({ version: '1.0.0' });

    expect(again).toEqual(first);
    expect(await currentVersion()).toBe('2.0.0');
    expect(await results()).toEqual(['a applied', 'b applied', 'a repeated']);
  });

  it('PRO-5: repeats a refusal too, also when the version would fit by now', async () => {
    const refused = await send({ version: '2.0.0', expectedVersion: '1.0.0' });
    await send({ id: 'b', sequence: 2, version: '1.0.0' });

    const again = await send({ version: '2.0.0', expectedVersion: '1.0.0' });

    expect(again).toEqual(refused);
    expect(again).toEqual({ status: 412, body: { currentVersion: null } });
    expect(await results()).toEqual(['a mismatch', 'b applied', 'a repeated']);
  });

  it('PRO-5: an id that comes again while it is worked on waits, and is deployed once', async () => {
    await restart({ deploy: deployThat(`while (!existsSync('go')) await sleep(10);`) });
    const sends = [send({}), send({}), send({})];
    await eventually('the first is worked on', () => existsSync(path.join(folder, 'deploys')));
    appendFileSync(path.join(folder, 'go'), '');

    const given = await Promise.all(sends);

    expect(given.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(deploys()).toEqual(['apply 1.0.0']);
    expect((await results()).toSorted()).toEqual(['a applied', 'a repeated', 'a repeated']);
  });

  it('PRO-5: another place does not wait', async () => {
    await restart({ deploy: deployThat(`while (service === 'payments' && !existsSync('go')) await sleep(10);`) });
    const slow = send({});
    await eventually('the first is worked on', () => existsSync(path.join(folder, 'deploys')));

    const other = await send({ id: 'b', service: 'search' });

    expect(other.status).toBe(200);
    expect(await results()).toEqual(['b applied']);
    appendFileSync(path.join(folder, 'go'), '');
    expect((await slow).status).toBe(200);
  });

  it('PRO-5: a deployment that failed is tried again under its id', async () => {
    await restart({ deploy: deployThat(`if (!existsSync('go')) throw new Error('no room left');`) });

    const failed = await send({});
    appendFileSync(path.join(folder, 'go'), '');
    const done = await send({});

    expect(failed).toEqual({ status: 500, body: { error: 'deploy failed' } });
    expect(done).toEqual({ status: 200, body: { currentVersion: '1.0.0' } });
    expect(await results()).toEqual(['a failed', 'a applied']);
    expect(receiver.output()).toContain('deploy failed: no room left');
  });
});

describe('order', () => {
  receiverFor(beforeEach, afterEach);

  it('WHK-4: refuses a sequence below the highest seen, for good', async () => {
    await send({ version: '2.0.0', sequence: 8 });

    const late = await send({ id: 'b', sequence: 7, version: '1.0.0', expectedVersion: '2.0.0' });

    expect(late).toEqual({ status: 410, body: { error: 'stale sequence' } });
    expect(await currentVersion()).toBe('2.0.0');
    expect(await results()).toEqual(['a applied', 'b stale']);
  });

  it('WHK-4: the same sequence under another id is stale', async () => {
    await send({ version: '2.0.0', sequence: 8 });

    const other = await send({ id: 'b', sequence: 8, version: '3.0.0', expectedVersion: '2.0.0' });

    expect(other.status).toBe(410);
  });

  it('WHK-4: what was refused or failed has been seen as well', async () => {
    await send({ id: 'a', sequence: 5, version: '2.0.0', expectedVersion: '1.0.0' });
    const belowRefused = await send({ id: 'b', sequence: 4 });
    await receiver.behave({ status: 503, times: 1 });
    await send({ id: 'c', sequence: 7 });
    const belowFailed = await send({ id: 'd', sequence: 6 });
    const retried = await send({ id: 'c', sequence: 7 });

    expect([belowRefused.status, belowFailed.status, retried.status]).toEqual([410, 410, 200]);
    expect(await results()).toEqual(['a mismatch', 'b stale', 'c failed', 'd stale', 'c applied']);
  });

  it('WHK-4: an apply that was overtaken by its revert changes nothing when it arrives', async () => {
    const revert = await send({
      id: 'b',
      type: 'service.revert',
      sequence: 2,
      version: null,
      expectedVersion: '1.0.0',
    });

    const apply = await send({ id: 'a', sequence: 1, version: '1.0.0' });

    expect(revert).toEqual({ status: 200, body: { currentVersion: null } });
    expect(apply.status).toBe(410);
    expect(await receiver.versions()).toEqual([]);
  });
});

describe('expected version', () => {
  receiverFor(beforeEach, afterEach);

  it('WHK-5: refuses a version that somebody else changed, names it, and changes nothing', async () => {
    await send({ version: '1.0.0' });

    const drift = await send({ id: 'b', sequence: 2, version: '3.0.0', expectedVersion: '2.0.0' });

    expect(drift).toEqual({ status: 412, body: { currentVersion: '1.0.0' } });
    expect(await currentVersion()).toBe('1.0.0');
    expect(await results()).toEqual(['a applied', 'b mismatch']);
  });

  it('WHK-5: is content when the version asked for is there already', async () => {
    await restart({ deploy: deployThat('') });
    await send({ version: '1.0.0' });

    const there = await send({ id: 'b', sequence: 2, version: '1.0.0', expectedVersion: '0.9.0' });

    expect(there).toEqual({ status: 200, body: { currentVersion: '1.0.0' } });
    expect(deploys()).toEqual(['apply 1.0.0']);
  });
});

describe('restart', () => {
  receiverFor(beforeEach, afterEach);

  it('INV-1: knows versions, sequences and answers again after SIGTERM', async () => {
    await send({ version: '1.0.0', sequence: 3 });
    await send({ id: 'b', sequence: 4, version: '9.0.0', expectedVersion: '8.0.0' });
    await send({ id: 'c', sequence: 2 });

    expect(await receiver.stop()).toBe(0);
    receiver = await start();

    expect(await currentVersion()).toBe('1.0.0');
    expect(await send({ version: '1.0.0', sequence: 3 })).toEqual({ status: 200, body: { currentVersion: '1.0.0' } });
    expect(await send({ id: 'b', sequence: 4 })).toEqual({ status: 412, body: { currentVersion: '1.0.0' } });
    expect(await send({ id: 'c', sequence: 2 })).toEqual({ status: 410, body: { error: 'stale sequence' } });
    expect((await send({ id: 'd', sequence: 3, expectedVersion: '1.0.0' })).status).toBe(410);
    expect((await results()).slice(3)).toEqual(['a repeated', 'b repeated', 'c repeated', 'd stale']);
  });

  it('INV-1: kill -9 between effect and answer: the repetition gets the answer that was lost', async () => {
    await receiver.behave({ hang: true, afterApplying: true });
    const lost = send({}).catch(() => 'lost');
    await eventually('it is applied', async () => (await results()).includes('a applied'));

    await receiver.kill();
    expect(await lost).toBe('lost');
    receiver = await start();

    expect(await send({})).toEqual({ status: 200, body: { currentVersion: '1.0.0' } });
    expect(await results()).toEqual(['a applied', 'a repeated']);
  });

  it('INV-1: kill -9 between deployment and log: it is deployed again, and known once', async () => {
    const deploy = deployThat(`if (!existsSync('go')) process.kill(process.pid, 'SIGKILL');`);
    await restart({ deploy });
    const lost = send({}).catch(() => 'lost');
    await receiver.ended();
    expect(await lost).toBe('lost');

    appendFileSync(path.join(folder, 'go'), '');
    receiver = await start({ deploy });
    const done = await send({});

    expect(done.status).toBe(200);
    expect(deploys()).toEqual(['apply 1.0.0', 'apply 1.0.0']);
    expect(await results()).toEqual(['a applied']);
  });

  it.each([
    ['a few bytes', 10],
    ['all but its first', 200],
    ['only its end of line', 1],
  ])('INV-1: a last line that lacks %s was never answered, and is taken again', async (_, missing) => {
    await send({ version: '1.0.0' });
    await send({ id: 'b', sequence: 2, version: '2.0.0', expectedVersion: '1.0.0' });
    await receiver.kill();
    truncateSync(logFile(), statSync(logFile()).size - missing);

    receiver = await start();

    expect(await currentVersion()).toBe('1.0.0');
    expect(await send({ id: 'b', sequence: 2, version: '2.0.0', expectedVersion: '1.0.0' })).toMatchObject({
      status: 200,
    });
    await restart();
    expect(await currentVersion()).toBe('2.0.0');
    expect(await results()).toEqual(['a applied', 'b applied']);
  });

  it('INV-1: a line broken in the middle of the log ends the start instead of being skipped', async () => {
    await send({});
    await receiver.kill();
    appendFileSync(logFile(), 'torn\n{"at":');
    const before = readFileSync(logFile(), 'utf8');

    await expect(start()).rejects.toThrow(`receiver: line 2 of ${logFile()} cannot be read`);

    expect(before.startsWith(readFileSync(logFile(), 'utf8'))).toBe(true);
  });

  it('INV-1: a second receiver on the same port leaves the log of the first alone', async () => {
    await send({});
    appendFileSync(logFile(), '{"at":');

    await expect(start({ port: receiver.port })).rejects.toThrow('EADDRINUSE');

    expect(readFileSync(logFile(), 'utf8')).toMatch(/\{"at":$/);
  });
});

describe('settings', () => {
  beforeEach(() => {
    folder = tempDir();
  });
  afterEach(() => removeDir(folder));

  it.each([
    ['no secret', {}, 'WEBHOOK_SECRETS or WEBHOOK_SECRET has to be set'],
    [
      'a secret that is none',
      { WEBHOOK_SECRETS: `${SECRET},pass word` },
      'secret 2 of 2 is not one of Standard Webhooks',
    ],
    ['an empty secret', { WEBHOOK_SECRETS: `${SECRET},` }, 'secret 2 of 2 is not one of Standard Webhooks'],
    ['a log that cannot be', { WEBHOOK_SECRET: SECRET, RECEIVER_LOG: '.' }, 'EISDIR'],
    ['a port that is none', { WEBHOOK_SECRET: SECRET, PORT: 'http' }, 'port'],
  ])('%s ends the start with one line that says so', (_, settings: Record<string, string>, words) => {
    const ended = spawnSync(process.execPath, [PROGRAM], {
      cwd: folder,
      env: { PATH: process.env['PATH'], PORT: '0', ...settings },
      encoding: 'utf8',
      timeout: 20_000,
    });

    expect(ended.status).toBe(1);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toMatch(/^receiver: [^\n]*\n$/);
    expect(ended.stderr).toContain(words);
    expect(ended.stderr).not.toContain('pass word');
  });
});

describe('behaviour', () => {
  receiverFor(beforeEach, afterEach);

  it('PRO-5: fails as often as asked, then works', async () => {
    await receiver.behave({ status: 503, retryAfter: 2, times: 2 });

    const answers = [await attempt(), await attempt(), await attempt()];

    expect(answers.map(({ status }) => status)).toEqual([503, 503, 200]);
    expect(answers.map(({ headers }) => headers.get('retry-after'))).toEqual(['2', '2', null]);
    expect(await results()).toEqual(['a failed', 'a failed', 'a applied']);
  });

  it('PRO-5: loses the answer of what it has applied', async () => {
    await receiver.behave({ status: 500, times: 1, afterApplying: true });

    const lost = await send({});
    const again = await send({});

    expect([lost.status, again.status]).toEqual([500, 200]);
    expect(await results()).toEqual(['a applied', 'a repeated']);
  });

  it('PRO-5: never answers, and the next one is not held up', async () => {
    await receiver.behave({ hang: true, times: 1 });
    const never = fetchSigned(bodyOf({}), AbortSignal.timeout(20_000)).catch(() => 'never');
    await eventually('the first has come', async () => (await results()).includes('a failed'));

    const next = await send({});

    expect(next.status).toBe(200);
    expect(await receiver.stop()).toBe(0);
    expect(await never).toBe('never');
  });

  it('PRO-5: is late with one, which the next overtakes and the end does not wait for', async () => {
    await receiver.behave({ delayMs: 600_000, times: 1 });
    const late = send({}).catch(() => 'never');
    await eventually('the first has come', async () => (await receiver.behaviourLeft()) === 0);

    const next = await send({ id: 'b', sequence: 2 });

    expect(next.status).toBe(200);
    expect(await results()).toEqual(['b applied']);
    expect(await receiver.stop()).toBe(0);
    expect(await late).toBe('never');
  });

  it('PRO-5: handles what was late as if it came now', async () => {
    await receiver.behave({ delayMs: 20, times: 1 });

    const late = await send({});

    expect(late).toEqual({ status: 200, body: { currentVersion: '1.0.0' } });
    expect(await results()).toEqual(['a applied']);
  });

  it('cannot be changed or seen unless it was switched on', async () => {
    await restart({ env: { RECEIVER_BEHAVIOUR: '' } });

    await expect(receiver.behave({ status: 500 })).rejects.toThrow('RECEIVER_BEHAVIOUR is not on');

    expect(await receiver.behaviourLeft()).toBeUndefined();
    expect((await send({})).status).toBe(200);
  });

  it('PRO-5: an empty one ends it', async () => {
    await receiver.behave({ status: 500 });
    const failed = await send({});

    await receiver.behave({});

    expect([failed.status, (await send({})).status]).toEqual([500, 200]);
  });

  it('refuses what it does not know and stays as it was', async () => {
    const wrong = ['[1]', '{"status":99}', '{"status":"500"}', '{"times":0}', '{"delayMs":-1}', '{"hang":1}'];
    for (const body of [...wrong, '{"toString":1}', 'null', 'no JSON']) {
      const answer = await fetch(`${receiver.url}/behaviour`, { method: 'PUT', body });
      expect([body, answer.status]).toEqual([body, 400]);
    }

    expect((await send({})).status).toBe(200);
  });
});

function start(options: Partial<ReceiverOptions> = {}): Promise<ReceiverProcess> {
  return startReceiver({ folder, secrets: [SECRET, SECOND_SECRET], ...options });
}

async function restart(options: Partial<ReceiverOptions> = {}): Promise<void> {
  await receiver.kill();
  receiver = await start(options);
}

/** A hook that writes down each call before it does as it is told. */
function deployThat(does: string): string {
  return `import { appendFileSync, existsSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    export async function deploy({ service, version, direction }) {
      appendFileSync('deploys', direction + ' ' + version + '\\n');
      ${does}
      await sleep(0);
    }`;
}

function deploys(): string[] {
  return readFileSync(path.join(folder, 'deploys'), 'utf8').trimEnd().split('\n');
}

function logFile(): string {
  return path.join(folder, 'receiver.log');
}

function secretOf(words: string): string {
  return `whsec_${Buffer.from(words.padEnd(32)).toString('base64')}`;
}

function bodyOf({ type = 'service.apply', id: _, ...data }: Partial<Delivery>): string {
  const where = { project: 'shop', service: 'payments', environment: 'production', tenant: null };
  const when = { release: 'r1', track: null, phase: 'everyone', attempt: 1, sequence: 1 };
  const what = { version: '1.0.0', previousVersion: null, expectedVersion: null, callbackUrl: null };
  return JSON.stringify({ type, timestamp: new Date().toISOString(), data: { ...where, ...when, ...what, ...data } });
}

function sign(body: string, { id = 'a', secret = SECRET, at = Date.now() } = {}): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(at), body),
  };
}

function now(): Record<string, string> {
  return { 'webhook-timestamp': String(Math.floor(Date.now() / 1000)) };
}

async function post(body: string, headers: Record<string, string>): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(receiver.url, { method: 'POST', body, headers });
  return { status: answer.status, body: await answer.json() };
}

function send(delivery: Partial<Delivery>, secret = SECRET): Promise<{ status: number; body: unknown }> {
  const body = bodyOf(delivery);
  return post(body, sign(body, { secret, ...(delivery.id === undefined ? {} : { id: delivery.id }) }));
}

function fetchSigned(body: string, signal: AbortSignal): Promise<Response> {
  return fetch(receiver.url, { method: 'POST', body, headers: sign(body), signal });
}

async function attempt(): Promise<Response> {
  const answer = await fetchSigned(bodyOf({}), AbortSignal.timeout(20_000));
  await answer.arrayBuffer();
  return answer;
}

async function currentVersion(): Promise<string | undefined> {
  return (await receiver.versions()).find(({ service, tenant }) => service === 'payments' && tenant === null)?.version;
}

async function results(): Promise<string[]> {
  return (await receiver.log()).map(({ id, result }) => `${id} ${result}`);
}
