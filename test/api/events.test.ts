import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpServer, closeHttpServer } from '../../src/api/http-server';
import { addPerson, administratorOf, clientOf, type ApiClient } from '../support/api-client';
import { startApi, type ApiFixture } from '../support/api-fixture';
import { eventually } from '../support/eventually';

let api: ApiFixture;
let admin: ApiClient;
let server: http.Server;
const open: Reader[] = [];

beforeAll(async () => {
  api = await startApi();
  admin = administratorOf(api);
  server = createHttpServer(api.app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await admin.put('/v1/projects/shop', {}).expect(201);
  await admin.put('/v1/projects/blog', {}).expect(201);
});

afterEach(() => {
  for (const reader of open.splice(0)) {
    reader.request.destroy();
  }
});

afterAll(async () => {
  await closeHttpServer(server, 1_000);
  await api.close();
});

interface Received {
  id: string;
  event: string;
  data: { type: string; project: string | null; data: Record<string, unknown> };
}

interface Reader {
  request: http.ClientRequest;
  status: number;
  text: string;
  events: Received[];
  lastId: string;
  ended: boolean;
}

/** Follows the stream as a browser's EventSource would. */
async function follow(client: ApiClient, path = '/v1/events', headers: Record<string, string> = {}): Promise<Reader> {
  const request = http.get({
    port: (server.address() as AddressInfo).port,
    path,
    headers: { authorization: `Bearer ${client.token}`, ...headers },
  });
  const reader: Reader = { request, status: 0, text: '', events: [], lastId: '', ended: false };
  open.push(reader);
  request.on('error', () => undefined);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  reader.status = response.statusCode ?? 0;
  let rest = '';
  response.on('error', () => undefined);
  response.on('data', (chunk: Buffer) => {
    reader.text += chunk.toString();
    const blocks = (rest + chunk.toString()).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]));
      reader.lastId = fields.get('id') ?? reader.lastId;
      const data = fields.get('data');
      if (data !== undefined) {
        reader.events.push({
          id: fields.get('id') ?? '',
          event: fields.get('event') ?? '',
          data: JSON.parse(data) as Received['data'],
        });
      }
    }
  });
  response.on('close', () => (reader.ended = true));
  return reader;
}

const typesOf = (reader: Reader) => reader.events.map(({ event }) => event);

describe('GET /v1/events', () => {
  it('sends what happens from now on, in commit order, with its place as id', async () => {
    const reader = await follow(admin);
    await admin.put('/v1/projects/shop/environments/a', {}).expect(201);
    await admin.put('/v1/projects/shop/environments/b', {}).expect(201);

    await eventually('2 events', () => reader.events.length >= 2);

    expect(typesOf(reader)).toEqual(['environment-created', 'environment-created']);
    expect(reader.events.map(({ data }) => data.data['environment'])).toEqual(['a', 'b']);
    const [first, second] = reader.events.map(({ id }) => Number(id));
    expect(second).toBeGreaterThan(first ?? 0);
  });

  it('goes on behind Last-Event-ID, without losing or repeating any', async () => {
    const before = await follow(admin);
    await admin.put('/v1/projects/shop/environments/c', {}).expect(201);
    await eventually('1 events', () => before.events.length >= 1);
    before.request.destroy();
    await admin.put('/v1/projects/shop/environments/d', {}).expect(201);

    const after = await follow(admin, '/v1/events', { 'last-event-id': before.events[0]?.id ?? '' });
    await admin.put('/v1/projects/shop/environments/e', {}).expect(201);
    await eventually('2 events', () => after.events.length >= 2);

    expect(after.events.map(({ data }) => data.data['environment'])).toEqual(['d', 'e']);
  });

  it('begins at the beginning with Last-Event-ID 0, across pages', async () => {
    for (let number = 0; number < 250; number += 1) {
      await api.deps.store.write(async (unit) => {
        unit.record({ type: 'tested', at: 1, actorId: null, projectId: null, releaseId: null, data: { number } });
      });
    }
    const reader = await follow(admin, '/v1/events', { 'last-event-id': '0' });

    await eventually('all events', () => reader.events.length > 250);

    const ids = reader.events.map(({ id }) => Number(id));
    expect(ids).toEqual(ids.map((_, index) => index + 1));
  });

  it('INV-7: sends what the caller may see now, and moves past the rest', async () => {
    const person = await addPerson(api, 'watcher', [{ role: 'viewer', project: 'shop' }]);
    const reader = await follow(person);

    await admin.put('/v1/projects/shop/environments/seen', {}).expect(201);
    await admin.put('/v1/projects/blog/environments/hidden', {}).expect(201);
    await admin.put('/v1/users/unseen', {}).expect(201);
    await eventually('1 events', () => reader.events.length >= 1);
    await admin.put('/v1/users/watcher', { roles: [{ role: 'viewer', project: 'blog' }] }).expect(200);
    await admin.put('/v1/projects/shop/environments/no-longer', {}).expect(201);
    await admin.put('/v1/projects/blog/environments/now', {}).expect(201);
    await eventually('2 events', () => reader.events.length >= 2);

    expect(reader.events.map(({ data }) => data.data['environment'])).toEqual(['seen', 'now']);
    expect(reader.text).not.toContain('hidden');
    expect(Number(reader.lastId)).toBeGreaterThanOrEqual(Number(reader.events[1]?.id));
  });

  it('SEC-3: ends with the token', async () => {
    const person = await addPerson(api, 'ending', []);
    const made = (await person.post('/v1/users/ending/tokens', {}).expect(201)).body as { id: string; token: string };
    const reader = await follow(clientOf(api, made.token));
    expect(reader.status).toBe(200);

    await person.delete(`/v1/users/ending/tokens/${made.id}`).expect(204);

    await eventually('the end of the stream', () => reader.ended);
  });

  it('says at once that it is open', async () => {
    const reader = await follow(admin);

    await eventually('its first words', () => reader.text.includes('retry: '));
  });

  it('refuses a place that is none, an unknown release and too many streams', async () => {
    const place = await follow(admin, '/v1/events', { 'last-event-id': 'soon' });
    const release = await follow(admin, '/v1/events?release=none');
    const person = await addPerson(api, 'greedy', []);
    const statuses = [];
    for (let count = 0; count < 60; count += 1) {
      statuses.push((await follow(person)).status);
    }

    expect([place.status, release.status]).toEqual([400, 404]);
    expect(new Set(statuses.slice(0, 50))).toEqual(new Set([200]));
    expect(statuses.at(-1)).toBe(429);
  });
});

describe('GET /v1/audit', () => {
  interface Entry {
    id: string;
    type: string;
    project: string | null;
    sequence: number;
    hash: string;
    previousHash: string;
  }

  it('is read newest first, filtered, page by page', async () => {
    await admin.put('/v1/projects/audited', {}).expect(201);
    for (const name of ['one', 'two', 'three']) {
      await admin.put(`/v1/projects/audited/environments/${name}`, {}).expect(201);
    }

    const first = (await admin.get('/v1/audit?project=audited&limit=3').expect(200)).body as {
      items: Entry[];
      next: string;
    };
    const second = (await admin.get(`/v1/audit?project=audited&limit=3&cursor=${first.next}`).expect(200))
      .body as typeof first;

    expect([...first.items, ...second.items].map(({ sequence }) => sequence)).toEqual([4, 3, 2, 1]);
    expect(second.next).toBeNull();
    expect(first.items[0]?.previousHash).toBe(first.items[1]?.hash);
    expect((await admin.get('/v1/audit?actor=nobody')).body).toEqual({ items: [], next: null });
    const later = await admin.get(`/v1/audit?project=audited&from=${new Date(Date.now() + 60_000).toISOString()}`);
    expect((later.body as { items: Entry[] }).items).toEqual([]);
  });

  it('needs AuditView, where it is read', async () => {
    const manager = await addPerson(api, 'manager', [{ role: 'release-manager', project: 'audited' }]);
    const viewer = await addPerson(api, 'onlooker', [{ role: 'viewer', project: 'audited' }]);

    const { items } = (await manager.get('/v1/audit').expect(200)).body as { items: Entry[] };

    expect(new Set(items.map(({ project }) => project))).toEqual(new Set(['audited']));
    await manager.get('/v1/audit?project=shop').expect(404);
    await manager.get('/v1/audit/export').expect(403);
    await manager.get('/v1/audit/export?project=audited').expect(200);
    await viewer.get('/v1/audit').expect(403);
    await viewer.get('/v1/audit?project=audited').expect(403);
    await viewer.get('/v1/audit/export?project=audited').expect(403);
  });

  it('is exported as a whole chain', async () => {
    const answer = await admin
      .get('/v1/audit/export?project=audited')
      .buffer(true)
      .parse((response, done) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => done(null, text));
      });

    expect(answer.headers['content-type']).toContain('application/x-ndjson');
    expect(answer.headers['content-disposition']).toContain('audit-audited.ndjson');
    const lines = (answer.body as string)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-1)).toMatchObject({ end: { count: lines.length - 1 } });
  });
});
