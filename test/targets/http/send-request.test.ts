import type { HttpOutcome } from '../../../src/domain/http-answer';
import { MINUTE, SECOND } from '../../../src/domain/instant';
import { createAddressPolicy } from '../../../src/targets/http/address-policy';
import { sendRequest, type HttpRequest, type HttpSurroundings } from '../../../src/targets/http/send-request';
import { eventually } from '../../support/eventually';
import { startHttpEndpoint, type HttpEndpoint } from '../../support/http-endpoint';
import { testPolicy } from '../../support/test-services';

const KEY = '01J/-/everyone/production/Build%20it/apply/1';
/** Long enough for everything that is to happen. */
const LONG_MS = 20_000;
/** For what never comes. */
const SHORT_MS = 300;

let endpoint: HttpEndpoint;

beforeEach(async () => {
  endpoint = await startHttpEndpoint();
});

afterEach(() => endpoint.stop());

function send(request: Partial<HttpRequest> = {}, surroundings: Partial<HttpSurroundings> = {}): Promise<HttpOutcome> {
  return sendRequest(
    {
      url: endpoint.url,
      method: 'POST',
      headers: {},
      body: '{"branch":"größer"}',
      contentType: 'application/json',
      key: KEY,
      timeoutMs: LONG_MS,
      ...request,
    },
    { policy: testPolicy, now: Date.now, ...surroundings },
  );
}

const at = (address: string) => ({ address, family: address.includes(':') ? 6 : 4 });
const broken = (detail: string) => ({ kind: 'broken', detail, retryAfterMs: null });

describe('what is sent', () => {
  it('PRO-5: is one request under its key, with what the step gives', async () => {
    endpoint.answer({ status: 201, body: '{"id":7}' });

    const outcome = await send({ headers: { 'X-Token': 'of ada' } });

    expect(outcome).toEqual({ kind: 'done', status: 201, body: '{"id":7}' });
    expect(endpoint.requests).toEqual([
      {
        method: 'POST',
        path: '/build',
        key: KEY,
        body: '{"branch":"größer"}',
        headers: {
          host: `127.0.0.1:${endpoint.port}`,
          connection: 'close',
          'content-length': '21',
          'content-type': 'application/json',
          'idempotency-key': KEY,
          'user-agent': 'Sluice',
          'x-token': 'of ada',
        },
      },
    ]);
  });

  it('WHK-3: is the same under the same key when it is sent again', async () => {
    endpoint.answer('reset', { status: 503 }, { status: 200 });

    const outcomes = [await send(), await send(), await send()];

    expect(outcomes.map(({ kind }) => kind)).toEqual(['broken', 'broken', 'done']);
    const [first] = endpoint.requests;
    expect(endpoint.requestsOf(KEY)).toEqual([first, first, first]);
  });

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('PRO-5: may be a %s without a body', async (method) => {
    const outcome = await send({ method, body: null, contentType: null });

    expect(outcome).toEqual({ kind: 'done', status: 200, body: '' });
    expect(endpoint.requests).toMatchObject([{ method, body: '' }]);
    expect(endpoint.requests[0]?.headers).not.toHaveProperty('transfer-encoding');
    expect(endpoint.requests[0]?.headers).not.toHaveProperty('content-type');
  });

  it('PRO-5: is of the type, and by the agent, that the step names', async () => {
    await send({ headers: { 'Content-Type': 'text/plain', 'User-Agent': 'shop' } });

    expect(endpoint.requests[0]?.headers).toMatchObject({ 'content-type': 'text/plain', 'user-agent': 'shop' });
  });

  it.each(['Host', 'IDEMPOTENCY-KEY', 'Content-Length', 'transfer-encoding', 'Connection'])(
    'PRO-5: is nothing where the step sets the header %s',
    async (name) => {
      const outcome = await send({ headers: { [name]: '7' } });

      expect(outcome).toEqual({ kind: 'refused', detail: `The header "${name}" is set by Sluice alone` });
      expect(endpoint.sockets).toEqual([]);
    },
  );

  it.each(['hunter2\r\nx-evil: 1', 'hunter2\n', 'hunter2\u0000', 'hunter2 →'])(
    'VAR-4: is nothing where a variable makes a header of %j, which is not repeated',
    async (value) => {
      const outcome = await send({ headers: { 'x-note': value } });

      expect(outcome).toEqual({
        kind: 'refused',
        detail: 'The value of the header "x-note" holds characters that no header can',
      });
      expect(endpoint.sockets).toEqual([]);
    },
  );

  it.each(['', 'a b', 'a:', 'a\r\nb'])('PRO-5: is nothing where %j is to be a header', async (name) => {
    expect(await send({ headers: { [name]: '7' } })).toMatchObject({ kind: 'refused' });
    expect(endpoint.sockets).toEqual([]);
  });

  it('WHK-3: is nothing under a key that is no header', async () => {
    await expect(send({ key: 'the\nkey' })).rejects.toThrow('Invalid character in header content');

    expect(endpoint.sockets).toEqual([]);
  });
});

describe('what an answer brings', () => {
  it.each<[number, HttpOutcome['kind']]>([
    ...[200, 201, 204, 299].map((status): [number, 'done'] => [status, 'done']),
    ...[300, 301, 304, 308].map((status): [number, 'refused'] => [status, 'refused']),
    ...[400, 401, 404, 410, 412, 422, 499].map((status): [number, 'refused'] => [status, 'refused']),
    ...[408, 409, 425, 429].map((status): [number, 'broken'] => [status, 'broken']),
    ...[500, 503, 599, 999].map((status): [number, 'broken'] => [status, 'broken']),
  ])('PRO-5: of %i is %s', async (status, kind) => {
    endpoint.answer({ status });

    expect(await send()).toMatchObject({ kind });
    expect(endpoint.requests).toHaveLength(1);
  });

  it('PRO-5: of 429 is to be asked again after what it asks for, up to a limit', async () => {
    endpoint.answer(
      { status: 429, headers: { 'retry-after': '7' } },
      { status: 429, headers: { 'retry-after': '999999' } },
    );

    const outcomes = [await send(), await send()];

    expect(outcomes).toEqual([
      { kind: 'broken', detail: 'The endpoint answered 429', retryAfterMs: 7 * SECOND },
      { kind: 'broken', detail: 'The endpoint answered 429', retryAfterMs: 5 * MINUTE },
    ]);
  });

  it('WHK-2: of a redirect is a refusal, and its location is not asked', async () => {
    endpoint.answer('redirect');

    const outcome = await send();

    expect(outcome).toEqual({
      kind: 'refused',
      detail: 'The endpoint answers with a redirect, which is not followed',
    });
    expect(endpoint.requests.map(({ path }) => path)).toEqual(['/build']);
  });

  it.each<[number, object]>([
    [64 * 1_024, { body: expect.stringMatching(/^x+$/) as string }],
    [64 * 1_024 + 1, { body: null }],
  ])('PRO-5: of %i bytes is kept up to 64 KB, and done all the same', async (length, kept) => {
    endpoint.answer({ status: 200, body: 'x'.repeat(length) });

    expect(await send()).toMatchObject({ kind: 'done', ...kept });
  });

  it('PRO-5: of far too much is hung up on', async () => {
    endpoint.answer('huge');

    expect(await send()).toEqual({ kind: 'done', status: 200, body: null });
    await eventually('the connection is closed', () => endpoint.sockets.every((socket) => socket.closed));
  });
});

describe('an endpoint that fails', () => {
  it.each<[string, object]>([
    ['hang', broken('No answer came in time')],
    ['drip', { kind: 'done', status: 200, body: null }],
  ])('PRO-5: by a %s ends in time', async (answer, outcome) => {
    endpoint.answer(answer as 'hang' | 'drip');

    expect(await send({ timeoutMs: answer === 'hang' ? SHORT_MS : 2 * SECOND })).toEqual(outcome);
    await eventually('the connection is closed', () => endpoint.sockets.every((socket) => socket.closed));
  });

  it('PRO-5: by hanging up is to be asked again', async () => {
    endpoint.answer('reset');

    expect(await send()).toEqual(broken('The endpoint closed the connection without an answer (ECONNRESET)'));
  });

  it('PRO-5: by not being there is to be asked again', async () => {
    await endpoint.stop();

    expect(await send()).toEqual(broken('The endpoint refused the connection (ECONNREFUSED)'));
  });

  it('PRO-5: is asked nothing from the given instant on', async () => {
    expect(await send({ notAfter: 7 }, { now: () => 7 })).toEqual(broken('No answer came in time'));
    expect(endpoint.sockets).toEqual([]);
  });
});

describe('an address that is not allowed', () => {
  it('WHK-2: is refused as it is written, without being connected to', async () => {
    const outcome = await send({}, { policy: createAddressPolicy([]) });

    expect(outcome).toEqual({
      kind: 'refused',
      detail:
        'The address of the endpoint must not lead to 127.0.0.1: it is private or reserved, and not in SLUICE_ALLOW_PRIVATE_TARGETS',
    });
    expect(endpoint.sockets).toEqual([]);
  });

  it('WHK-2: is refused when a name leads to it on the second look-up', async () => {
    endpoint.answer({ status: 503 });
    const addresses = ['127.0.0.1', '127.0.0.2'];
    const lookup = async () => [at(addresses.shift() ?? '')];
    const policy = createAddressPolicy(['127.0.0.1']);
    const url = `http://builds.example.com:${endpoint.port}/`;

    const outcomes = [await send({ url }, { policy, lookup }), await send({ url }, { policy, lookup })];

    expect(outcomes).toMatchObject([broken('The endpoint answered 503'), { kind: 'refused' }]);
    expect(endpoint.sockets).toHaveLength(1);
  });
});

describe('a detail', () => {
  it('VAR-4: repeats nothing that may be secret', async () => {
    const secrets = { headers: { authorization: 'Bearer hunter2' }, body: 'hunter2' };
    const url = `${endpoint.url}/hunter2?token=hunter2`;
    endpoint.answer({ status: 403, body: 'hunter2' }, { status: 500, body: 'hunter2' }, 'redirect', 'reset', 'hang');

    const outcomes = [
      await send({ ...secrets, url }),
      await send({ ...secrets, url }),
      await send({ ...secrets, url }),
      await send({ ...secrets, url }),
      await send({ ...secrets, url, timeoutMs: SHORT_MS }),
      await send({ ...secrets, url }, { policy: createAddressPolicy([]) }),
      await send({ ...secrets, url: `${url}#hunter2` }),
      await send({ ...secrets, url: `hunter2://${url}` }),
      await send({ ...secrets, url: url.replace('//', '//hunter2:hunter2@') }),
    ];

    expect(endpoint.requests).toHaveLength(5);
    expect(outcomes.map(({ kind }) => kind)).not.toContain('done');
    expect(JSON.stringify(outcomes)).not.toContain('hunter2');
  });
});
