import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import http from 'node:http';
import { Registry } from 'prom-client';
import request from 'supertest';
import { z } from 'zod';
import { defineRoute, ok } from '../../src/api/define-route';
import { PartStarting, type Deps } from '../../src/api/deps';
import { closeHttpServer, createHttpServer } from '../../src/api/http-server';
import { createApp } from '../../src/api/server';
import { DEFAULT_LIMITS } from '../../src/api/settings';
import { StoreUnavailable } from '../../src/store/store-error';
import { administratorOf, type ApiClient } from '../support/api-client';
import { ADMIN_TOKEN, startApi, type ApiFixture } from '../support/api-fixture';

let api: ApiFixture;
let admin: ApiClient;

beforeAll(async () => {
  api = await startApi();
  admin = administratorOf(api);
});

afterAll(() => api.close());

const bearer = { authorization: `Bearer ${ADMIN_TOKEN}` };

/** Over the real socket: what a client library would never send. */
async function sendRaw(
  port: number,
  text: string,
): Promise<{ status: number; type: string | undefined; body: Record<string, unknown> }> {
  const socket = net.connect(port, '127.0.0.1');
  socket.write(text);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
  return {
    status: Number(head.split(' ')[1]),
    type: /content-type: (.*)/i.exec(head)?.[1],
    body: JSON.parse(body) as Record<string, unknown>,
  };
}

async function withServer<T>(use: (port: number) => Promise<T>): Promise<T> {
  const server = createHttpServer(api.app, { requestMs: 300, headersMs: 200, checkMs: 50 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    await closeHttpServer(server, 100);
  }
}

describe('HTTP-4: problems', () => {
  it('have type, title, status, detail and code, and say so in their content type', async () => {
    const { status, headers, body } = await request(api.app).get('/v1/nothing');

    expect(status).toBe(404);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(body).toEqual({
      type: 'urn:sluice:problem:request.unknown-route',
      title: 'There is nothing at this path',
      status: 404,
      detail: 'There is nothing at /v1/nothing',
      code: 'request.unknown-route',
    });
  });

  it('name the methods that a path takes', async () => {
    const answer = await request(api.app).patch('/v1/projects/shop').set(bearer);

    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('PUT, GET, DELETE');
    expect(answer.body).toMatchObject({ code: 'request.method-not-allowed' });
  });

  it('say that there is nothing to POST where a path is only read, and which methods it takes', async () => {
    const answer = await request(api.app).post('/v1/releases/any/deployments').set(bearer).send({});

    expect(answer.status).toBe(404);
    expect(answer.headers['allow']).toBe('GET');
    expect(answer.body).toMatchObject({ code: 'request.unknown-route', detail: 'This path takes GET' });
  });

  it('say plainly what is missing and what is empty', async () => {
    const { body } = await admin.post('/v1/apply', {
      documents: [{ kind: 'user', name: 'u', spec: { displayName: ' ' } }],
    });
    const missing = await admin.post('/v1/apply', {});

    expect(body.errors).toEqual([{ path: 'documents[0].spec.displayName', message: 'Must not be empty' }]);
    expect(missing.body.errors).toEqual([{ path: 'documents', message: 'Is missing' }]);
  });

  it('name every fault with its path, unknown fields among them', async () => {
    const { status, body } = await admin.put('/v1/projects/p/environments/e', {}).then(async () => {
      await admin.put('/v1/projects/p', {});
      return admin.put('/v1/projects/p/environments/e', { order: 'first', requiresReview: 1, colour: 'red' });
    });

    expect(status).toBe(400);
    expect((body as { errors: { path: string }[] }).errors.map(({ path }) => path).sort()).toEqual([
      'colour',
      'order',
      'requiresReview',
    ]);
  });

  it('take a body without Content-Length', async () => {
    await withServer(async (port) => {
      const sent = http.request({
        port,
        method: 'PUT',
        path: '/v1/projects/chunked',
        headers: { ...bearer, 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
      });
      sent.write('{"displayName":');
      sent.end('"In pieces"}');
      const [answer] = (await once(sent, 'response')) as [http.IncomingMessage];
      answer.resume();

      expect(answer.statusCode).toBe(201);
    });
  });

  it('do not tell what went wrong inside, but log it under the request’s id', async () => {
    const broken = defineRoute({
      method: 'get',
      path: '/broken',
      operationId: 'broken',
      summary: 'Fails',
      permission: 'public',
      answers: { 200: { description: 'Never.' } },
      handle: () => {
        throw new Error('a secret of ours');
      },
    });

    const answer = await request(createApp(fresh(), [broken]))
      .get('/broken')
      .set('x-request-id', 'my-request-1');

    expect(answer.status).toBe(500);
    expect(answer.headers['x-request-id']).toBe('my-request-1');
    expect(answer.body).toMatchObject({ code: 'request.failed' });
    expect(answer.text).not.toContain('secret');
    const line = api.logged.find((each) => each.includes('a secret of ours')) ?? '{}';
    expect(JSON.parse(line)).toMatchObject({ requestId: 'my-request-1', operation: 'broken' });
  });

  it('are 503 with the part’s name and Retry-After while the store is away (INV-9)', async () => {
    const away = defineRoute({
      method: 'get',
      path: '/away',
      operationId: 'away',
      summary: 'Reads',
      permission: 'public',
      answers: { 200: { description: 'Never.' } },
      handle: () => {
        throw new StoreUnavailable(new Error('disk full'));
      },
    });

    const answer = await request(createApp(fresh(), [away])).get('/away');

    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    expect(answer.body).toMatchObject({ code: 'store.unavailable', facts: { part: 'store' } });
    expect(answer.text).not.toContain('disk');
  });
});

describe('HTTP-8: health', () => {
  it('answers without a token', async () => {
    const livez = await request(api.app).get('/livez');
    const readyz = await request(api.app).get('/readyz');
    const metrics = await request(api.app).get('/metrics');

    expect([livez.status, livez.body]).toEqual([200, { alive: true }]);
    expect([readyz.status, readyz.body]).toEqual([
      200,
      { ready: true, parts: { store: 'up', temporal: 'absent', worker: 'absent' } },
    ]);
    expect(metrics.status).toBe(200);
    expect(metrics.headers['content-type']).toContain('text/plain');
    expect(metrics.text).toContain('sluice_http_request_duration_seconds_count{operation="getLivez",status="200"} 1');
  });

  it('is ready as long as something can be served, and tells of each part', async () => {
    const down = () => Promise.reject(new Error('gone'));
    const half = await startApi({ probes: { store: () => Promise.resolve(), temporal: down, worker: down } });
    const none = await startApi({ probes: { store: down, temporal: down } });

    const some = await request(half.app).get('/readyz');
    const part = await request(half.app).get('/readyz?part=temporal');
    const store = await request(half.app).get('/readyz?part=store');
    const nothing = await request(none.app).get('/readyz');
    const wrong = await request(half.app).get('/readyz?part=moon');

    expect([some.status, some.body]).toEqual([
      200,
      { ready: true, parts: { store: 'up', temporal: 'down', worker: 'down' } },
    ]);
    expect([part.status, part.body]).toEqual([503, { ready: false, parts: { temporal: 'down' } }]);
    expect(store.status).toBe(200);
    expect(nothing.status).toBe(503);
    expect(wrong.status).toBe(400);
    await half.close();
    await none.close();
  });

  it('logs what is wrong with a part that is down, and of one that is only starting just that', async () => {
    const logOf = async (error: Error): Promise<Record<string, unknown> | undefined> => {
      const asked = await startApi({ probes: { worker: () => Promise.reject(error) } });
      expect((await request(asked.app).get('/readyz?part=worker')).body).toMatchObject({ parts: { worker: 'down' } });
      await asked.close();
      const lines = asked.logged.map((line) => JSON.parse(line) as Record<string, unknown>);
      return lines.find(({ part }) => part === 'worker');
    };

    const starting = await logOf(new PartStarting('The worker is starting'));
    const gone = await logOf(new Error('gone'));

    expect(starting).toMatchObject({ level: 30, msg: 'The worker is starting' });
    expect(starting).not.toHaveProperty('err');
    expect(gone).toMatchObject({ level: 40, err: { message: 'gone', stack: expect.any(String) as string } });
  });
});

describe('HTTP-9: limits', () => {
  const big = JSON.stringify({ displayName: 'x'.repeat(5_000_000) });

  it('refuses a body beyond 1 MB, with Content-Length and without', async () => {
    const declared = await request(api.app)
      .put('/v1/projects/big')
      .set({ ...bearer, 'content-type': 'application/json' })
      .send(big);

    expect(declared.status).toBe(413);
    expect(declared.body).toMatchObject({ code: 'request.too-large' });

    await withServer(async (port) => {
      const sent = http.request({
        port,
        method: 'PUT',
        path: '/v1/projects/big',
        headers: { ...bearer, 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
      });
      sent.on('error', () => undefined);
      sent.end(big);
      const [answer] = (await once(sent, 'response')) as [http.IncomingMessage];
      answer.resume();
      expect(answer.statusCode).toBe(413);
    });
  });

  it('does not read the body of one who may not write', async () => {
    const answer = await request(api.app).put('/v1/projects/big').set('content-type', 'application/json').send(big);

    expect(answer.status).toBe(401);
  });

  it.each([
    ['text/plain', '{}'],
    ['application/x-www-form-urlencoded', 'a=b'],
    ['application/json; charset=latin1', '{}'],
  ])('refuses a body of %s with 415', async (type, body) => {
    const answer = await request(api.app)
      .put('/v1/projects/typed')
      .set({ ...bearer, 'content-type': type })
      .send(body);

    expect(answer.status).toBe(415);
    expect(answer.body).toMatchObject({ code: 'request.unsupported-media-type' });
  });

  it('refuses a compressed body with 415', async () => {
    const answer = await request(api.app)
      .put('/v1/projects/typed')
      .set({ ...bearer, 'content-type': 'application/json', 'content-encoding': 'gzip' })
      .send('{}');

    expect(answer.status).toBe(415);
  });

  it('answers 429 with Retry-After beyond the limit of a token, and serves the others', async () => {
    const limits = { ...DEFAULT_LIMITS, token: { perSecond: 1, burst: 3 } };
    const limited = await startApi({ settings: { ...api.deps.settings, limits } });
    const client = administratorOf(limited);

    const answers = [];
    for (let count = 0; count < 5; count += 1) {
      answers.push(await client.get('/v1/me'));
    }

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
    expect(answers[4]?.headers['retry-after']).toBe('1');
    expect(answers[4]?.body).toMatchObject({ code: 'request.too-many' });
    await request(limited.app).get('/livez').expect(200);
    await limited.close();
  });

  it('does not let tokens be guessed faster than used', async () => {
    const limits = { ...DEFAULT_LIMITS, anonymous: { perSecond: 1, burst: 3 } };
    const limited = await startApi({ settings: { ...api.deps.settings, limits } });

    const statuses = [];
    for (let count = 0; count < 5; count += 1) {
      const answer = await request(limited.app).get('/v1/me').set('authorization', `Bearer guess-${count}`);
      statuses.push(answer.status);
    }

    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    await limited.close();
  });

  it('lets 200 requests of one token through at once', async () => {
    const answers = await withServer((port) =>
      Promise.all(Array.from({ length: 200 }, () => fetch(`http://127.0.0.1:${port}/v1/me`, { headers: bearer }))),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('cuts requests that do not arrive in time', async () => {
    await withServer(async (port) => {
      const headers = `PUT /v1/projects/slow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n`;
      const halfHead = sendRaw(port, headers);
      const halfBody = sendRaw(port, `${headers}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`);

      expect(await halfHead).toMatchObject({ status: 408, body: { code: 'request.timeout' } });
      expect(await halfBody).toMatchObject({ status: 408, body: { code: 'request.timeout' } });
    });
  });

  it.each([
    ['what is not HTTP', 'HELLO\r\n\r\n', 400, 'request.malformed'],
    [
      'headers beyond 16 KB',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'request.headers-too-large',
    ],
    ['a header with a control character', 'GET / HTTP/1.1\r\nHost: x\r\nX: a\u0001b\r\n\r\n', 400, 'request.malformed'],
  ])('answers %s with a problem', async (_, text, status, code) => {
    await withServer(async (port) => {
      const answer = await sendRaw(port, text);

      expect(answer).toMatchObject({ status, type: 'application/problem+json', body: { code } });
    });
  });

  it.each([
    ['GET http://[bad/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['GET //// HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n'],
    ['GET /v1/projects/%ff%fe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
  ])('answers the odd request line %j with a problem of 4xx', async (text) => {
    await withServer(async (port) => {
      const answer = await sendRaw(port, text);

      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.type).toContain('application/problem+json');
    });
  });
});

describe('answers', () => {
  it('carry the headers that keep browsers from misusing them, and no cache keeps them', async () => {
    const { headers } = await admin.get('/v1/me');

    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['x-request-id']).toMatch(/^[\w-]{36}$/);
  });

  it('come to HEAD without a body', async () => {
    const answer = await request(api.app).head('/v1/me').set(bearer);

    expect(answer.status).toBe(200);
    expect(answer.text ?? '').toBe('');
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(0);
  });

  it('fail in tests when they are not what the route declares', async () => {
    const route = (body: object) =>
      defineRoute({
        method: 'get',
        path: '/declared',
        operationId: 'declared',
        summary: 'Answers',
        permission: 'public',
        answers: { 200: { description: 'A name.', body: z.object({ name: z.string() }) } },
        handle: () => ok(body as { name: string }),
      });

    const right = await request(createApp(fresh(), [route({ name: 'a' })])).get('/declared');
    const more = await request(createApp(fresh(), [route({ name: 'a', extra: 1 })])).get('/declared');
    const wrong = await request(createApp(fresh(), [route({ name: 1 })])).get('/declared');

    expect([right.status, more.status, wrong.status]).toEqual([200, 500, 500]);
  });
});

describe('CORS', () => {
  const page = defineRoute({
    method: 'post',
    path: '/page',
    operationId: 'page',
    summary: 'For pages',
    permission: 'public',
    cors: true,
    answers: { 200: { description: 'Nothing.', body: z.object({}) } },
    handle: () => ok({}),
  });

  it('lets pages of allowed origins in, and no others', async () => {
    const app = createApp(fresh(), [page]);
    const preflight = await request(app).options('/page').set('origin', 'https://app.example.com');
    const answer = await request(app).post('/page').set('origin', 'https://app.example.com');
    const other = await request(app).post('/page').set('origin', 'https://evil.example.com');

    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-methods']).toBe('POST');
    expect(preflight.headers['access-control-allow-headers']).toContain('Authorization');
    expect(answer.headers['access-control-allow-origin']).toBe('https://app.example.com');
    expect(answer.headers['access-control-expose-headers']).toContain('ETag');
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
    expect(other.headers['vary']).toContain('Origin');
  });

  it('is for flags alone', async () => {
    const answer = await request(api.app).options('/v1/me').set('origin', 'https://app.example.com');

    expect(answer.status).toBe(405);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });
});

/** Another application needs metrics of its own. */
function fresh(): Deps {
  return { ...api.deps, registry: new Registry() };
}
