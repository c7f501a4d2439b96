import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import { MINUTE, SECOND } from '../../../src/domain/instant';
import type { WebhookOutcome } from '../../../src/domain/webhook-answer';
import { createAddressPolicy } from '../../../src/targets/http/address-policy';
import { newSigningSecret } from '../../../src/store/secret-hash';
import { sendWebhook, type WebhookRequest, type WebhookSurroundings } from '../../../src/targets/webhooks/send-webhook';
import { eventually } from '../../support/eventually';
import { closedPort, listen, startRawTarget, startTarget, stopTargets } from './webhook-target';

const loopback = createAddressPolicy(['127.0.0.0/8']);
const secret = newSigningSecret();
const BODY = JSON.stringify({ type: 'service.apply', data: { service: 'billing', version: '1.5.0', note: 'größer' } });

/** Long enough for everything that is to happen. */
const LONG_MS = 20_000;
/** For what never comes. */
const SHORT_MS = 300;
/** For what begins at once and never ends. */
const SOME_MS = 2_000;

afterEach(stopTargets);

function send(
  url: string,
  request: Partial<WebhookRequest> = {},
  surroundings: Partial<WebhookSurroundings> = {},
): Promise<WebhookOutcome> {
  return sendWebhook(
    { url, id: 'the/key', body: BODY, secrets: [secret], timeoutMs: LONG_MS, version: '1.5.0', ...request },
    { policy: loopback, now: Date.now, ...surroundings },
  );
}

const at = (address: string) => ({ address, family: address.includes(':') ? 6 : 4 });

const broken = (detail: string) => ({ kind: 'broken', detail, retryAfterMs: null });
/** It was sent, and may take effect until its time limit (WHK-4). */
const unanswered = (detail: string) => ({ ...broken(detail), isOpen: true });
const LATE = broken('No answer came in time');
const LATE_ANSWER = unanswered('No answer came in time');

describe('what is sent', () => {
  it('WHK-1: is one signed POST on a connection of its own', async () => {
    const target = await startTarget((response) => response.end());

    const outcome = await send(target.url);

    expect(outcome).toEqual({ kind: 'done' });
    expect(target.requests).toEqual([
      {
        method: 'POST',
        path: '/hook?of=billing',
        body: BODY,
        headers: {
          host: `127.0.0.1:${target.port}`,
          connection: 'close',
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(BODY)),
          'user-agent': 'Sluice',
          'webhook-id': 'the/key',
          'webhook-timestamp': expect.stringMatching(/^\d{10}$/) as string,
          'webhook-signature': expect.stringMatching(/^v1,\S+$/) as string,
        },
      },
    ]);
  });

  it('WHK-1: is verified by a target that knows the new secret or the old one, and by no other', async () => {
    const target = await startTarget((response) => response.end());
    const older = newSigningSecret();

    await send(target.url, { secrets: [secret, older] });

    const headers = target.requests[0]?.headers as Record<string, string>;
    expect(new Webhook(secret).verify(BODY, headers)).toEqual(JSON.parse(BODY));
    expect(new Webhook(older).verify(BODY, headers)).toEqual(JSON.parse(BODY));
    expect(() => new Webhook(newSigningSecret()).verify(BODY, headers)).toThrow('No matching signature found');
  });

  it('WHK-3: has the same id and a fresh timestamp when it is sent again', async () => {
    const target = await startTarget((response) => response.writeHead(503).end());
    let now = Date.parse('2026-01-02T12:00:00Z');

    await send(target.url, {}, { now: () => now });
    now += 7 * SECOND;
    await send(target.url, {}, { now: () => now });

    const sent = target.requests.map(({ headers }) => [headers['webhook-id'], headers['webhook-timestamp']]);
    expect(sent).toEqual([
      ['the/key', '1767355200'],
      ['the/key', '1767355207'],
    ]);
    expect(target.requests[0]?.headers['webhook-signature']).not.toBe(target.requests[1]?.headers['webhook-signature']);
  });

  it('WHK-1: has the time at which it is written, not that of a slow look-up before it', async () => {
    const target = await startTarget((response) => response.end());
    let now = Date.parse('2026-01-02T12:00:00Z');
    const lookup = async () => {
      now += 5 * SECOND;
      return [at('127.0.0.1')];
    };

    await send(`http://deploy.example.com:${target.port}/`, {}, { now: () => now, lookup });

    expect(target.requests[0]?.headers['webhook-timestamp']).toBe('1767355205');
    expect(target.requests[0]?.headers.host).toBe(`deploy.example.com:${target.port}`);
  });

  it('WHK-1: is nothing without a secret that can sign', async () => {
    const target = await startTarget((response) => response.end());

    await expect(send(target.url, { secrets: [] })).rejects.toThrow('needs a secret');
    await expect(send(target.url, { secrets: [secret, 'whsec_%'] })).rejects.toThrow();

    expect(target.sockets).toEqual([]);
  });

  it.each([['the\nkey'], ['the\u0000key'], ['kéy→']])(
    'WHK-3: is nothing under an id that is no header: %j',
    async (id) => {
      const target = await startTarget((response) => response.end());

      await expect(send(target.url, { id })).rejects.toThrow('Invalid character in header content');

      expect(target.sockets).toEqual([]);
    },
  );
});

describe('what an answer brings', () => {
  it.each<[number, WebhookOutcome['kind']]>([
    ...[200, 201, 202, 204, 207, 299].map((status): [number, 'done'] => [status, 'done']),
    ...[300, 304, 307, 308].map((status): [number, 'refused'] => [status, 'refused']),
    ...[400, 401, 403, 404, 410, 413, 422, 451, 499].map((status): [number, 'refused'] => [status, 'refused']),
    ...[408, 409, 425, 429].map((status): [number, 'broken'] => [status, 'broken']),
    ...[500, 501, 502, 503, 504, 599, 600, 999].map((status): [number, 'broken'] => [status, 'broken']),
    [412, 'drifted'],
  ])('PRO-5: of %i is %s', async (status, kind) => {
    const target = await startTarget((response) => response.writeHead(status).end());

    expect(await send(target.url)).toMatchObject({ kind });
    expect(target.requests).toHaveLength(1);
  });

  it.each([
    ['7', 7 * SECOND],
    ['Fri, 02 Jan 2026 12:01:30 GMT', 90 * SECOND],
    ['Fri, 02 Jan 2026 11:00:00 GMT', 0],
    ['9'.repeat(320), 5 * MINUTE],
    ['-7', null],
    ['soon\u00ff', null],
  ])('PRO-5: of 429 with Retry-After %j waits %p ms', async (retryAfter, retryAfterMs) => {
    const target = await startTarget((response) => response.writeHead(429, { 'retry-after': retryAfter }).end());

    const outcome = await send(target.url, {}, { now: () => Date.parse('2026-01-02T12:00:00Z') });

    expect(outcome).toEqual({ kind: 'broken', detail: 'The target answered 429', retryAfterMs });
  });

  it.each<[string, string | null, object]>([
    ['{"currentVersion":"1.4.1"}', '1.5.0', { kind: 'drifted', currentVersion: '1.4.1' }],
    ['{"currentVersion":null}', '1.5.0', { kind: 'drifted', currentVersion: null }],
    ['{"currentVersion":"1.5.0"}', '1.5.0', { kind: 'done' }],
    ['{"currentVersion":null}', null, { kind: 'done' }],
    ['{"currentVersion":1.5}', '1.5', { kind: 'drifted', currentVersion: undefined }],
    ['[]', null, { kind: 'drifted', currentVersion: undefined }],
    ['', null, { kind: 'drifted', currentVersion: undefined }],
    ['<html>not JSON</html>', '1.5.0', { kind: 'drifted', currentVersion: undefined }],
  ])('WHK-5: of 412 with %j, when %p was asked for, is %p', async (answer, version, outcome) => {
    const target = await startTarget((response) => response.writeHead(412).end(answer));

    expect(await send(target.url, { version })).toMatchObject(outcome);
  });

  it('WHK-5: is read whole where its pieces part a character', async () => {
    const [first, second] = [Buffer.from('{"currentVersion":"1.5.0-gr'), Buffer.from('ö"}')];
    const target = await startTarget((response) => {
      response.writeHead(412);
      response.write(Buffer.concat([first, second.subarray(0, 1)]));
      setImmediate(() => response.end(second.subarray(1)));
    });

    expect(await send(target.url, { version: '1.5.0-grö' })).toEqual({ kind: 'done' });
  });

  it('WHK-2: of a redirect is a refusal, and its location is not asked', async () => {
    const other = await startTarget((response) => response.end());
    const target = await startTarget((response) => response.writeHead(307, { location: other.url }).end());

    const outcome = await send(target.url);

    expect(outcome).toEqual({
      kind: 'refused',
      detail: 'The target answered 307; redirects are not followed',
      status: 307,
    });
    expect(other.sockets).toEqual([]);
  });

  it('PRO-5: of another protocol is none', async () => {
    const target = await startRawTarget((socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n'),
    );

    expect(await send(target.url)).toEqual(unanswered('The target closed the connection without an answer'));
  });

  it('WHK-5: is read to the end where only the end of the connection ends it', async () => {
    const target = await startRawTarget((socket) => socket.end('HTTP/1.1 412 X\r\n\r\n{"currentVersion":"1.5.0"}'));

    expect(await send(target.url)).toEqual({ kind: 'done' });
  });

  it('PRO-5: counts behind answers that are only provisional', async () => {
    const target = await startRawTarget((socket) =>
      socket.write('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n'),
    );

    expect(await send(target.url)).toEqual({ kind: 'done' });
  });
});

describe('a target that fails', () => {
  it('PRO-5: after it has applied is sent the same again', async () => {
    let isFirst = true;
    const target = await startTarget((response) => {
      if (isFirst) response.socket?.destroy();
      else response.end();
      isFirst = false;
    });

    const outcomes = [await send(target.url), await send(target.url)];

    expect(outcomes).toEqual([
      unanswered('The target closed the connection without an answer (ECONNRESET)'),
      { kind: 'done' },
    ]);
    expect(target.requests.map(({ headers, body }) => [headers['webhook-id'], body])).toEqual([
      ['the/key', BODY],
      ['the/key', BODY],
    ]);
  });

  it.each([
    ['as soon as it is connected', (socket: Socket) => socket.destroy()],
    ['by a reset', (socket: Socket) => socket.resetAndDestroy()],
    ['within the head', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-')],
    ['with an answer that is not HTTP', (socket: Socket) => socket.end('220 mail.example.com ready\r\n')],
    ['with nonsense', (socket: Socket) => socket.end(Buffer.alloc(1_000, 0xff))],
    ['with a giant head', (socket: Socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`)],
  ])('PRO-5: %s is to be asked again', async (_how, converse) => {
    const target = await startRawTarget(converse);

    expect(await send(target.url)).toMatchObject({
      kind: 'broken',
      detail: expect.stringMatching(/^The target .{1,280}$/) as string,
    });
  });

  it('PRO-5: is to be asked again where nobody listens, however many addresses it has', async () => {
    const port = await closedPort();
    const lookup = async () => [at('127.0.0.1'), at('127.0.0.2')];

    const outcomes = [
      await send(`http://127.0.0.1:${port}/`),
      await send(`http://deploy.example.com:${port}/`, {}, { lookup }),
    ];

    const refused = broken('The target refused the connection (ECONNREFUSED)');
    expect(outcomes).toEqual([refused, refused]);
  });

  it.each([
    ['ENOTFOUND', "The target's name is unknown (ENOTFOUND)"],
    ['EAI_AGAIN', "The target's name could not be looked up (EAI_AGAIN)"],
  ])('PRO-5: is to be asked again when its name brings %s', async (code, detail) => {
    const lookup = () => Promise.reject(Object.assign(new Error(`getaddrinfo ${code}`), { code }));

    expect(await send('http://deploy.example.com/', {}, { lookup })).toEqual(broken(detail));
  });

  it('PRO-5: is to be asked again when its name has no address', async () => {
    const lookup = async () => [];

    const outcome = await send('http://deploy.example.com/', {}, { lookup });

    expect(outcome).toEqual(broken("The target's name is unknown (ENOTFOUND)"));
  });

  it.each([200, 404, 412, 503])('PRO-5: while its body comes has answered %i all the same', async (status) => {
    const converse = (socket: Socket) =>
      socket.end(`HTTP/1.1 ${status} X\r\nretry-after: 7\r\ncontent-length: 1000\r\n\r\n{"currentVersion":`);
    const target = await startRawTarget(converse);
    const whole = await startTarget((response) => response.writeHead(status, { 'retry-after': '7' }).end());

    expect(await send(target.url)).toEqual(await send(whole.url));
  });

  it('PRO-5: with an answer that is wrong from its body on has answered all the same', async () => {
    const target = await startRawTarget((socket) =>
      socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"curXXXX'),
    );

    expect(await send(target.url)).toEqual({ kind: 'done' });
  });
});

describe('a target that takes its time', () => {
  it('PRO-5: and never answers is hung up on', async () => {
    const target = await startTarget(() => undefined);

    const outcome = await send(target.url, { timeoutMs: SHORT_MS });

    expect(outcome).toEqual(LATE_ANSWER);
    await eventually('the connection is closed', () => target.sockets.every((socket) => socket.closed));
  });

  it('PRO-5: and drips a head for ever is hung up on', async () => {
    const target = await startRawTarget((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      drip(socket, 'x: y\r\n');
    });

    expect(await send(target.url, { timeoutMs: SHORT_MS })).toEqual(LATE_ANSWER);
    await eventually('the connection is closed', () => target.sockets.every((socket) => socket.closed));
  });

  it('PRO-5: and sends provisional answers for ever is hung up on', async () => {
    const target = await startRawTarget((socket) => drip(socket, 'HTTP/1.1 102 Processing\r\n\r\n'));

    expect(await send(target.url, { timeoutMs: SHORT_MS })).toEqual(LATE_ANSWER);
  });

  it.each<[number, object]>([
    [200, { kind: 'done' }],
    [403, { kind: 'refused' }],
    [412, { kind: 'drifted', currentVersion: undefined }],
    [503, { kind: 'broken', detail: 'The target answered 503', retryAfterMs: 7 * SECOND }],
  ])('PRO-5: and drips a body for ever has answered %i all the same', async (status, outcome) => {
    const target = await startRawTarget((socket) => {
      socket.write(`HTTP/1.1 ${status} X\r\nretry-after: 7\r\n\r\n{"currentVersion":"1.5.0"}`);
      drip(socket, ' ');
    });

    expect(await send(target.url, { timeoutMs: SOME_MS })).toMatchObject(outcome);
    await eventually('the connection is closed', () => target.sockets.every((socket) => socket.closed));
  });

  it.each<[number, object]>([
    [200, { kind: 'done' }],
    [412, { kind: 'drifted', currentVersion: undefined }],
  ])('WHK-2: with a body without end is hung up on, having answered %i', async (status, outcome) => {
    const target = await startTarget((response) => {
      response.writeHead(status);
      response.write('{"currentVersion":"1.5.0","more":"');
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(1_024)));
      };
      response.on('drain', more);
      more();
    });

    expect(await send(target.url)).toMatchObject(outcome);
    await eventually('the connection is closed', () => target.sockets.every((socket) => socket.closed));
  });

  it.each<[number, object]>([
    [64 * 1_024, { kind: 'done' }],
    [64 * 1_024 + 1, { kind: 'drifted', currentVersion: undefined }],
  ])('WHK-2: with %i bytes is read up to 64 KB', async (length, outcome) => {
    const target = await startTarget((response) =>
      response.writeHead(412).end('{"currentVersion":"1.5.0"}'.padEnd(length)),
    );

    expect(await send(target.url)).toMatchObject(outcome);
  });

  it('PRO-5: a name that is never looked up to the end is given up', async () => {
    const lookup = () => new Promise<never>(() => undefined);

    expect(await send('http://deploy.example.com/', { timeoutMs: SHORT_MS }, { lookup })).toEqual(LATE);
  });

  it('WHK-4: is sent nothing by a look-up that ends when time is up', async () => {
    const target = await startTarget((response) => response.end());
    const { lookup, end } = pendingLookup();

    const outcome = await send(`http://deploy.example.com:${target.port}/`, { timeoutMs: SHORT_MS }, { lookup });
    end();
    await new Promise((resolve) => setImmediate(resolve));
    await send(target.url, { id: 'after it' });

    expect(outcome).toEqual(LATE);
    expect(target.requests.map(({ headers }) => headers['webhook-id'])).toEqual(['after it']);
  });

  it('WHK-4: is sent nothing when time is up by the clock before the timer says so', async () => {
    const written: Buffer[] = [];
    const target = await startRawTarget((socket) => socket.on('data', (part) => written.push(part)));
    let now = 0;
    const lookup = async () => {
      now = LONG_MS;
      return [at('127.0.0.1')];
    };

    const outcome = await send(`http://deploy.example.com:${target.port}/`, {}, { now: () => now, lookup });

    expect(outcome).toEqual(LATE);
    await eventually('it has hung up', () => target.sockets[0]?.closed);
    expect(written).toEqual([]);
  });

  it('WHK-4: is sent nothing from the given instant on, however much time is left', async () => {
    const target = await startTarget((response) => response.end());
    let now = 0;
    const lookup = async () => {
      now += 10 * SECOND;
      return [at('127.0.0.1')];
    };
    const url = `http://deploy.example.com:${target.port}/`;
    const sendBy = (notAfter: number) => send(url, { notAfter }, { now: () => now, lookup });

    const outcomes = [await sendBy(15 * SECOND), await sendBy(15 * SECOND), await sendBy(15 * SECOND)];

    expect(outcomes).toEqual([{ kind: 'done' }, LATE, LATE]);
    expect(target.requests).toHaveLength(1);
    // The third was not even looked up.
    expect(now).toBe(20 * SECOND);
  });
});

describe('an address that is not allowed', () => {
  const nothing = createAddressPolicy([]);

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'],
    ['017700000001', '127.0.0.1'],
    ['[::ffff:127.0.0.1]', '::ffff:7f00:1'],
    ['[::1]', '::1'],
  ])('WHK-2: is refused in http://%s/ without being connected to', async (host, address) => {
    const target = await startTarget((response) => response.end());

    const outcome = await send(`http://${host}:${target.port}/`, {}, { policy: nothing });

    expect(outcome).toEqual({
      kind: 'refused',
      detail: `The address of the target must not lead to ${address}: it is private or reserved, and not in SLUICE_ALLOW_PRIVATE_TARGETS`,
    });
    expect(target.sockets).toEqual([]);
  });

  it('WHK-2: is refused behind a name, by the look-up of the system too', async () => {
    const target = await startTarget((response) => response.end());

    const outcome = await send(`http://localhost:${target.port}/`, {}, { policy: nothing });

    expect(outcome).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('as "localhost" does') as string,
    });
    expect(target.sockets).toEqual([]);
  });

  it('WHK-2: is refused when a name leads to it on the second look-up', async () => {
    const target = await startTarget((response) => response.writeHead(503).end());
    const policy = createAddressPolicy(['127.0.0.1']);
    const addresses = ['127.0.0.1', '127.0.0.2'];
    const lookup = async () => [at(addresses.shift() ?? '')];
    const url = `http://deploy.example.com:${target.port}/`;

    const outcomes = [await send(url, {}, { policy, lookup }), await send(url, {}, { policy, lookup })];

    expect(outcomes).toEqual([
      broken('The target answered 503'),
      {
        kind: 'refused',
        detail:
          'The address of the target must not lead to 127.0.0.2, as "deploy.example.com" does: it is private or reserved, and not in SLUICE_ALLOW_PRIVATE_TARGETS',
      },
    ]);
    expect(target.sockets).toHaveLength(1);
  });

  it('WHK-2: is passed over where the name has one that is allowed', async () => {
    const target = await startTarget((response) => response.end());
    const policy = createAddressPolicy(['127.0.0.1']);
    const lookup = async () => ['::1', '10.0.0.7', '127.0.0.1', '169.254.169.254'].map(at);

    const outcome = await send(`http://deploy.example.com:${target.port}/`, {}, { policy, lookup });

    expect(outcome).toEqual({ kind: 'done' });
  });

  it.each([
    ['ftp://127.0.0.1/', 'must be an http or https address'],
    ['not an address', 'must hold no blanks and control characters'],
    ['http://ada:secret@127.0.0.1/', 'must hold no user and no password: requests are signed'],
  ])('WHK-2: is refused also where it was saved before the rule: %s', async (url, fault) => {
    expect(await send(url)).toEqual({ kind: 'refused', detail: `The address of the target ${fault}` });
  });

  it('keeps its detail short, however long the name', async () => {
    const lookup = async () => [at('fe80:ffff:ffff:ffff:ffff:ffff:ffff:ffff')];

    const outcome = await send(`http://${'x'.repeat(1_900)}/`, {}, { lookup });

    expect(outcome).toMatchObject({ kind: 'refused', detail: expect.stringMatching(/^.{1,300}$/) as string });
  });
});

describe('a certificate', () => {
  const file = (name: string) => readFileSync(path.join(__dirname, 'tls', name));

  it('WHK-2: that nobody vouches for is not sent to', async () => {
    let requests = 0;
    const server = createSecureServer({ key: file('key.pem'), cert: file('certificate.pem') }, () => (requests += 1));
    const { port } = await listen(server);

    const outcome = await send(`https://127.0.0.1:${port}/`);

    expect(outcome).toEqual(broken("The target's certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)"));
    expect(requests).toBe(0);
  });

  it('PRO-5: that does not come at all is to be asked for again', async () => {
    const target = await startRawTarget((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));

    const outcome = await send(target.url.replace('http:', 'https:'));

    expect(outcome).toEqual(broken('The target and Sluice do not agree on TLS (ERR_SSL_WRONG_VERSION_NUMBER)'));
  });

  it('PRO-5: that is not shown in time is not waited for', async () => {
    const target = await startRawTarget((socket) => void once(socket, 'data'));

    const outcome = await send(target.url.replace('http:', 'https:'), { timeoutMs: SHORT_MS });

    expect(outcome).toEqual(LATE);
  });
});

/** Writes something small again and again, until the other side has had enough. */
function drip(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 20);
  socket.on('close', () => clearInterval(timer));
}

function pendingLookup() {
  let end: () => void = () => undefined;
  const pending = new Promise<{ address: string; family: number }[]>((resolve) => {
    end = () => resolve([at('127.0.0.1')]);
  });
  return { lookup: () => pending, end };
}
