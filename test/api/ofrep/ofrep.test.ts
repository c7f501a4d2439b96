import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MemoryStorage } from '@openfeature/flagd-core';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature as ServerFeature } from '@openfeature/server-sdk';
import { OpenFeature as WebFeature, type Provider as WebProvider } from '@openfeature/web-sdk';
import { ADMIN_TOKEN, startApi, type ApiFixture } from '../../support/api-fixture';
import { eventually } from '../../support/eventually';

const gate = {
  state: 'ENABLED',
  variants: { on: true, off: false },
  defaultVariant: 'off',
  targeting: { if: [{ '==': [{ var: 'plan' }, 'pro'] }, 'on'] },
};
const theme = { state: 'ENABLED', variants: { red: { color: 'red' } }, defaultVariant: 'red' };
const silent = { error: ignore, warn: ignore, info: ignore, debug: ignore };
const PROJECT = '/v1/projects/shop';
const EVALUATE = '/ofrep/v1/evaluate/flags';

let api: ApiFixture;
let server: Server;
let url: string;
let serverKey: { id: string; key: string };
let clientKey: { id: string; key: string };

beforeAll(async () => {
  api = await startApi();
  server = createServer(api.app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  api.deps.settings.publicUrl = url;
  await operate('PUT', PROJECT, {});
  await operate('PUT', `${PROJECT}/environments/production`, { requiresPipeline: false });
  await operate('PUT', `${PROJECT}/environments/staging`, { requiresPipeline: false });
  await operate('PUT', `${PROJECT}/flags/new-checkout`, { kind: 'gate', definition: gate });
  await operate('PUT', `${PROJECT}/flags/theme`, { kind: 'config', definition: theme });
  await operate('PUT', `${PROJECT}/flags/undecided`, { kind: 'gate', definition: { ...gate, state: 'DISABLED' } });
  serverKey = await newKey('server');
  clientKey = await newKey('client');
  await api.deps.flagFollower.caughtUp();
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await api.close();
});

describe('OFREP', () => {
  it('FLG-4: evaluates one flag', async () => {
    const answer = await ask(`${EVALUATE}/new-checkout`, { context: { targetingKey: 'ada', plan: 'pro' } });

    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      key: 'new-checkout',
      value: true,
      reason: 'TARGETING_MATCH',
      variant: 'on',
    });
  });

  it('FLG-4: evaluates all flags, and answers 304 to its own ETag', async () => {
    const answer = await ask(EVALUATE, { context: {} });
    const tag = answer.headers.get('etag') ?? '';
    const again = await ask(EVALUATE, { context: {} }, { 'if-none-match': tag });

    expect(await answer.json()).toEqual({
      flags: [
        { key: 'new-checkout', value: false, reason: 'DEFAULT', variant: 'off' },
        { key: 'theme', value: { color: 'red' }, reason: 'STATIC', variant: 'red' },
        { key: 'undecided', reason: 'DISABLED' },
      ],
      eventStreams: [{ type: 'sse', url: expect.stringContaining(`${url}/ofrep/v1/changes?ticket=`) }],
    });
    expect(tag).toMatch(/^"[\w-]+"$/);
    expect(again.status).toBe(304);
    expect(again.headers.get('etag')).toBe(tag);
    expect(await again.text()).toBe('');
  });

  it.each<[string, string, number, object]>([
    ['malformed JSON', '{"context":', 400, { errorCode: 'PARSE_ERROR' }],
    ['a list', '[]', 400, { errorCode: 'PARSE_ERROR' }],
    ['a text as context', '{"context":"x"}', 400, { errorCode: 'INVALID_CONTEXT' }],
    ['an own __proto__', '{"context":{"__proto__":{"plan":"pro"}}}', 400, { errorCode: 'INVALID_CONTEXT' }],
    [
      'deep nesting',
      `{"context":{"a":${'['.repeat(9_000)}${']'.repeat(9_000)}}}`,
      400,
      { errorCode: 'INVALID_CONTEXT' },
    ],
    ['17 KB', JSON.stringify({ context: { a: 'x'.repeat(17_000) } }), 400, { errorCode: 'INVALID_CONTEXT' }],
    ['5 MB', JSON.stringify({ context: { a: 'x'.repeat(5_000_000) } }), 413, { errorCode: 'INVALID_CONTEXT' }],
  ])('FLG-4: answers %s in the form of the protocol', async (_, body, status, failure) => {
    const one = await ask(`${EVALUATE}/new-checkout`, body);
    const all = await ask(EVALUATE, body);

    expect(one.status).toBe(status);
    expect(await one.json()).toEqual({ key: 'new-checkout', ...failure, errorDetails: expect.any(String) });
    expect(all.status).toBe(status);
    expect(await all.json()).toEqual({ ...failure, errorDetails: expect.any(String) });
  });

  it('FLG-4: knows no other flags', async () => {
    const answer = await ask(`${EVALUATE}/__proto__`, {});

    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({
      key: '__proto__',
      errorCode: 'FLAG_NOT_FOUND',
      errorDetails: expect.any(String),
    });
  });

  it('FLG-4: needs an evaluation key, and takes no user’s token', async () => {
    const without = await fetch(`${url}${EVALUATE}`, { method: 'POST' });
    const withToken = await ask(EVALUATE, {}, { authorization: `Bearer ${ADMIN_TOKEN}` });

    expect([without.status, withToken.status]).toEqual([401, 401]);
    expect(await without.json()).toEqual({ errorCode: 'GENERAL', errorDetails: expect.any(String) });
  });

  it('FLG-4: lets pages of allowed origins read the answer and its ETag', async () => {
    const answer = await ask(EVALUATE, {}, { origin: 'https://app.example.com' });

    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(answer.headers.get('access-control-expose-headers')).toContain('ETag');
  });
});

describe('clients of OpenFeature', () => {
  it('FLG-4: the server provider gets values and, without a variant, the default of the code', async () => {
    await ServerFeature.setProviderAndWait(
      'server',
      new OFREPProvider({ baseUrl: url, headers: [['Authorization', `Bearer ${serverKey.key}`]] }),
    );
    const client = ServerFeature.getClient('server');

    expect(await client.getBooleanValue('new-checkout', false, { targetingKey: 'ada', plan: 'pro' })).toBe(true);
    expect(await client.getObjectValue('theme', {})).toEqual({ color: 'red' });
    expect(await client.getBooleanValue('undecided', true)).toBe(true);
    expect(await client.getBooleanDetails('missing', true)).toMatchObject({ value: true, errorCode: 'FLAG_NOT_FOUND' });
    await ServerFeature.clearProviders();
  });

  it('FLG-4: so does the provider for browsers', async () => {
    const headers: [string, string][] = [['Authorization', `Bearer ${clientKey.key}`]];
    // Its own types do not agree about optional properties under `exactOptionalPropertyTypes`.
    const provider = new OFREPWebProvider({ baseUrl: url, pollInterval: 0, headers }) as unknown as WebProvider;
    await WebFeature.setProviderAndWait('web', provider, { targetingKey: 'ada', plan: 'pro' });
    const client = WebFeature.getClient('web');

    expect(client.getBooleanValue('new-checkout', false)).toBe(true);
    expect(client.getObjectValue('theme', {})).toEqual({ color: 'red' });
    expect(client.getBooleanValue('undecided', true)).toBe(true);
    await WebFeature.clearProviders();
  });
});

describe('the change stream', () => {
  it('FLG-4: says "refetch" when the environment changes, and ends with its key', async () => {
    const key = await newKey('client');
    const address = await streamOf(key.key);
    const stream = await openStream(address);

    await operate('PUT', `${PROJECT}/flags/theme?environments=staging`, {
      kind: 'config',
      definition: recolored('green'),
    });
    await operate('PUT', `${PROJECT}/flags/theme?environments=production`, {
      kind: 'config',
      definition: recolored('blue'),
    });
    await eventually('the client hears of it', () => stream.received().includes('data: {"type":"refetchEvaluation"}'));
    expect(stream.received().match(/refetchEvaluation/g)).toHaveLength(1);
    await operate('DELETE', `${PROJECT}/environments/production/evaluation-keys/${key.id}`);

    await stream.ended;
    expect((await fetch(address)).status).toBe(401);
    expect(api.logged.join('')).not.toContain(new URL(address).searchParams.get('ticket'));
  });

  it('FLG-4: keeps its address, so that clients need not connect anew with each answer', async () => {
    expect(await streamOf(clientKey.key)).toBe(await streamOf(clientKey.key));
    expect(await streamOf(clientKey.key)).not.toBe(await streamOf(serverKey.key));
  });

  it.each(['', '?ticket=', '?ticket=abc', '?ticket=abc&x=1'])('FLG-4: opens with a ticket only: %j', async (query) => {
    const answer = await fetch(`${url}/ofrep/v1/changes${query}`);

    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'request.unauthenticated' });
  });
});

describe('the export for flagd', () => {
  const path = `${PROJECT}/environments/production/flagd.json`;

  it('FLG-5: is valid by flagd’s schema, with an ETag', async () => {
    const answer = await get(path, serverKey.key);
    const text = await answer.text();
    const again = await get(path, serverKey.key, { 'if-none-match': answer.headers.get('etag') ?? '' });

    expect(answer.status).toBe(200);
    expect(() => new MemoryStorage(silent).setConfigurations(text, true)).not.toThrow();
    expect(JSON.parse(text)).toMatchObject({ flags: { 'new-checkout': gate } });
    expect(again.status).toBe(304);
  });

  it('FLG-5: is for server keys of that environment', async () => {
    expect((await get(path, clientKey.key)).status).toBe(403);
    expect((await get(`${PROJECT}/environments/staging/flagd.json`, serverKey.key)).status).toBe(404);
    expect((await get(`/v1/projects/other/environments/production/flagd.json`, serverKey.key)).status).toBe(404);
    expect((await fetch(`${url}${path}`)).status).toBe(401);
  });
});

function recolored(color: string): object {
  return { ...theme, variants: { red: { color } } };
}

async function operate(method: string, path: string, body?: object): Promise<Response> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) {
    throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  }
  return answer;
}

async function newKey(kind: string): Promise<{ id: string; key: string }> {
  const answer = await operate('POST', `${PROJECT}/environments/production/evaluation-keys`, { kind });
  return (await answer.json()) as { id: string; key: string };
}

function ask(path: string, body: object | string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${clientKey.key}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

function get(path: string, key: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}`, ...headers } });
}

async function streamOf(key: string): Promise<string> {
  const answer = await ask(EVALUATE, {}, { authorization: `Bearer ${key}` });
  const { eventStreams } = (await answer.json()) as { eventStreams: [{ url: string }] };
  return eventStreams[0].url;
}

async function openStream(address: string): Promise<{ received: () => string; ended: Promise<void> }> {
  const answer = await fetch(address);
  const decoder = new TextDecoder();
  let text = '';
  const read = async (): Promise<void> => {
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
    }
  };
  return { received: () => text, ended: read().catch(() => undefined) };
}

function ignore(): void {
  // flagd-core's remarks are of no interest here.
}
