import { addPerson, administratorOf, type ApiClient } from '../support/api-client';
import { startApi, type ApiFixture } from '../support/api-fixture';

let api: ApiFixture;
let admin: ApiClient;
let viewer: ApiClient;
let stranger: ApiClient;

beforeAll(async () => {
  api = await startApi();
  admin = administratorOf(api);
  await admin.put('/v1/projects/shop', { displayName: 'The shop' }).expect(201);
  await admin.put('/v1/projects/blog', {}).expect(201);
  viewer = await addPerson(api, 'vera', [{ role: 'viewer', project: 'shop' }]);
  stranger = await addPerson(api, 'sam', [{ role: 'administrator', project: 'blog' }]);
});

afterAll(() => api.close());

async function eventCount(): Promise<number> {
  const { count } = await api.deps.store.read
    .selectFrom('events')
    .select((row) => row.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

describe('HTTP-7: PUT', () => {
  it('creates with 201, Location and ETag, and replaces with 200', async () => {
    const created = await admin.put('/v1/projects/put', { displayName: 'One' });
    const changed = await admin.put('/v1/projects/put', { displayName: 'Two' });

    expect(created.status).toBe(201);
    expect(created.headers['location']).toBe('/v1/projects/put');
    expect(created.body).toMatchObject({ name: 'put', displayName: 'One' });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ displayName: 'Two' });
    expect(created.headers['etag']).toMatch(/^"[\w-]+"$/);
    expect(changed.headers['etag']).not.toBe(created.headers['etag']);
  });

  it.each([
    ['/v1/projects/same', { displayName: 'Same' }],
    ['/v1/projects/shop/environments/same', { order: 7, requiresPipeline: false }],
    ['/v1/users/same', { displayName: 'Same', email: 'a@example.com', roles: [{ role: 'viewer' }] }],
    ['/v1/teams/same', { displayName: 'Same', members: ['admin'], roles: [{ role: 'viewer', project: 'shop' }] }],
  ])('changes nothing and is no event with the same content: %s', async (path, body) => {
    const first = await admin.put(path, body).expect(201);
    const events = await eventCount();

    const again = await admin.put(path, body).expect(200);

    expect(again.body).toEqual(first.body);
    expect(again.headers['etag']).toBe(first.headers['etag']);
    expect(await eventCount()).toBe(events);
  });

  it.each([['/v1/projects/shop'], ['/v1/projects/shop/environments/same'], ['/v1/users/same'], ['/v1/teams/same']])(
    'takes the body of a GET as it is: %s',
    async (path) => {
      const read = await admin.get(path).expect(200);
      const events = await eventCount();

      const put = await admin.put(path, read.body as object).expect(200);

      expect(put.body).toEqual(read.body);
      expect(put.headers['etag']).toBe(read.headers['etag']);
      expect(await eventCount()).toBe(events);
    },
  );

  it('guards by If-Match and creates only by If-None-Match', async () => {
    const { headers } = await admin.put('/v1/projects/guarded', { displayName: 'One' }).expect(201);
    const etag = String(headers['etag']);

    await admin.put('/v1/projects/guarded', { displayName: 'Two' }, { 'if-match': etag }).expect(200);
    const late = await admin.put('/v1/projects/guarded', { displayName: 'Three' }, { 'if-match': etag });
    const exists = await admin.put('/v1/projects/guarded', {}, { 'if-none-match': '*' });
    const missing = await admin.put('/v1/projects/missing', {}, { 'if-match': '*' });
    const lateDelete = await admin.delete('/v1/projects/guarded', { 'if-match': etag });

    for (const answer of [late, exists, missing, lateDelete]) {
      expect(answer.status).toBe(412);
      expect(answer.body).toMatchObject({ code: 'request.precondition-failed' });
    }
    await admin.put('/v1/projects/fresh', {}, { 'if-none-match': '*' }).expect(201);
    expect((await admin.get('/v1/projects/guarded')).body).toMatchObject({ displayName: 'Two' });
  });

  it('answers a GET whose ETag is known with 304', async () => {
    const first = await admin.get('/v1/projects/shop').expect(200);

    const again = await admin.get('/v1/projects/shop', { 'if-none-match': String(first.headers['etag']) });

    expect(again.status).toBe(304);
    expect(again.text).toBe('');
  });

  it('keeps members and roles that are left out, and clears them by []', async () => {
    await admin.put('/v1/teams/kept', { members: ['admin'], roles: [{ role: 'viewer' }] }).expect(201);

    const kept = await admin.put('/v1/teams/kept', { displayName: 'Kept' }).expect(200);
    const cleared = await admin.put('/v1/teams/kept', { displayName: 'Kept', members: [], roles: [] }).expect(200);

    expect(kept.body).toMatchObject({ members: ['admin'], roles: [{ role: 'viewer' }] });
    expect(cleared.body).toMatchObject({ members: [], roles: [] });
  });
});

describe('HTTP-7: DELETE', () => {
  it('is soft: then 410, and the name is not given again (HTTP-1)', async () => {
    await admin.put('/v1/projects/old', {}).expect(201);
    await admin.put('/v1/projects/old/environments/e', {}).expect(201);

    await admin.delete('/v1/projects/old').expect(204);

    for (const answer of [
      await admin.get('/v1/projects/old'),
      await admin.delete('/v1/projects/old'),
      await admin.put('/v1/projects/old', {}),
      await admin.get('/v1/projects/old/environments/e'),
    ]) {
      expect(answer.status).toBe(410);
      expect(answer.body).toMatchObject({ code: 'project.gone' });
    }
    const { body } = await admin.get('/v1/audit?project=old').expect(200);
    expect((body as { items: { type: string }[] }).items.map(({ type }) => type)).toEqual([
      'project-deleted',
      'environment-created',
      'project-created',
    ]);
  });

  it('refuses an environment that a pipeline reaches, naming it', async () => {
    await admin.put('/v1/projects/shop/environments/used', {}).expect(201);
    const phases = [{ name: 'all', rules: [{ environments: ['used'] }] }];
    await admin.put('/v1/projects/shop/pipelines/uses', { phases }).expect(201);

    const refused = await admin.delete('/v1/projects/shop/environments/used');

    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'environment.in-use', facts: { users: ['pipeline uses'] } });
    await admin.delete('/v1/projects/shop/pipelines/uses').expect(204);
    await admin.delete('/v1/projects/shop/environments/used').expect(204);
    await admin.put('/v1/projects/shop/environments/used', {}).expect(410);
  });

  it('refuses a team that a review asks, naming it', async () => {
    await admin.put('/v1/teams/asked', { members: ['admin'] }).expect(201);
    await admin.put('/v1/projects/shop/environments/reviewed', {}).expect(201);
    const review = { teams: ['asked'], authorMayApprove: true };
    const phases = [{ name: 'all', requiredReview: review, rules: [{ environments: ['reviewed'] }] }];
    await admin.put('/v1/projects/shop/pipelines/asks', { phases }).expect(201);

    const refused = await admin.delete('/v1/teams/asked');

    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'team.in-use', facts: { users: ['pipeline asks'] } });
  });
});

describe('environments', () => {
  it('have their defaults, and a place after the others', async () => {
    await admin.put('/v1/projects/blog/environments/first', {}).expect(201);

    const { body } = await admin.put('/v1/projects/blog/environments/second', {}).expect(201);

    expect(body).toMatchObject({
      name: 'second',
      project: 'blog',
      displayName: 'second',
      order: 2,
      requiresPipeline: true,
      requiresReview: false,
    });
  });
});

describe('HTTP-3: who may see and do what', () => {
  it('tells a stranger of a project what it tells of one that does not exist', async () => {
    const hidden = await stranger.get('/v1/projects/shop');
    const missing = await stranger.get('/v1/projects/nothing');

    expect(hidden.status).toBe(404);
    expect(hidden.body).toEqual(JSON.parse(missing.text.replaceAll('nothing', 'shop')));
    for (const path of [
      'environments',
      'environments/same',
      'environments/none',
      'environments/same/evaluation-keys',
    ]) {
      const answer = await stranger.get(`/v1/projects/shop/${path}`);
      expect(answer.status).toBe(404);
      expect(answer.body).toMatchObject({ code: 'project.unknown' });
    }
    await stranger.delete('/v1/projects/shop').expect(404);
    const written = await stranger.put('/v1/projects/shop', {});
    const created = await stranger.put('/v1/projects/nothing', {});
    expect(written.status).toBe(403);
    expect(written.body).toEqual(created.body);
  });

  it('answers 403 with the permission to one who sees the project', async () => {
    const answer = await viewer.put('/v1/projects/shop/environments/same', {});

    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'request.forbidden', facts: { permission: 'EnvironmentEdit' } });
    expect((answer.body as { detail: string }).detail).toContain('EnvironmentEdit');
  });

  it('lists what the caller may see', async () => {
    const namesFor = async (client: ApiClient) =>
      ((await client.get('/v1/projects')).body as { items: { name: string }[] }).items.map(({ name }) => name);

    expect(await namesFor(viewer)).toEqual(['shop']);
    expect(await namesFor(stranger)).toEqual(['blog']);
    expect(await namesFor(admin)).toEqual(expect.arrayContaining(['shop', 'blog']));
  });

  it('INV-4: puts a missing permission into the audit once per caller, route and minute', async () => {
    const someone = await addPerson(api, 'eager', [{ role: 'viewer', project: 'blog' }]);

    await someone.put('/v1/projects/blog/environments/a', {}).expect(403);
    await someone.put('/v1/projects/blog/environments/b', {}).expect(403);

    const { body } = await admin.get('/v1/audit?project=blog&actor=eager').expect(200);
    expect((body as { items: object[] }).items).toMatchObject([
      { type: 'permission-missing', data: { operation: 'putEnvironment', permission: 'EnvironmentEdit' } },
    ]);
  });
});

describe('HTTP-5: lists', () => {
  it('go newest first, page by page, without losing or repeating any', async () => {
    for (let number = 0; number < 5; number += 1) {
      await admin.put(`/v1/projects/blog/environments/page-${number}`, {}).expect(201);
    }
    const found: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const path: string = `/v1/projects/blog/environments?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const { body } = await admin.get(path).expect(200);
      const page = body as { items: { name: string }[]; next: string | null };
      found.push(...page.items.map(({ name }) => name));
      cursor = page.next;
    }

    expect(found).toEqual(['page-4', 'page-3', 'page-2', 'page-1', 'page-0', 'second', 'first']);
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=x',
    'limit=-1',
    'limit=1.5',
    'cursor=nonsense',
    'limit=1&limit=2',
    'other=1',
  ])('refuse ?%s', async (query) => {
    const answer = await admin.get(`/v1/projects?${query}`);

    expect(answer.status).toBe(400);
    expect((answer.body as { errors: { path: string }[] }).errors[0]?.path).toMatch(/^query\./);
  });
});

describe('evaluation keys', () => {
  const keys = '/v1/projects/shop/environments/same/evaluation-keys';

  it('are shown once, count at once, and are gone at once', async () => {
    const created = await admin.post(keys, { kind: 'client', name: 'web' }).expect(201);
    const { id, key } = created.body as { id: string; key: string };

    expect(created.headers['location']).toBe(`${keys}/${id}`);
    expect(await api.deps.keyRing.find(key)).toMatchObject({ keyId: id, kind: 'client' });
    const { body } = await admin.get(keys).expect(200);
    expect(JSON.stringify(body)).not.toContain(key);
    expect((body as { items: object[] }).items).toMatchObject([{ id, kind: 'client', name: 'web' }]);
    await admin.get(`${keys}/${id}`).expect(200);

    await admin.delete(`${keys}/${id}`).expect(204);

    expect(await api.deps.keyRing.find(key)).toBeNull();
    expect(api.deps.keyRing.isLive(id)).toBe(false);
    await admin.get(`${keys}/${id}`).expect(410);
    await admin.delete(`${keys}/${id}`).expect(410);
  });

  it('are server keys without a body', async () => {
    const { id } = (await admin.post(keys).expect(201)).body as { id: string };

    expect((await admin.get(`${keys}/${id}`)).body).toMatchObject({ kind: 'server', name: 'server' });
  });

  it('of another environment are unknown', async () => {
    const { id } = (await admin.post(keys).expect(201)).body as { id: string };

    const answer = await admin.delete(`/v1/projects/blog/environments/first/evaluation-keys/${id}`);

    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: 'evaluation-key.unknown' });
  });

  it('open nothing when their environment is gone', async () => {
    await admin.put('/v1/projects/shop/environments/brief', {}).expect(201);
    const { key } = (await admin.post('/v1/projects/shop/environments/brief/evaluation-keys').expect(201)).body as {
      key: string;
    };

    await admin.delete('/v1/projects/shop/environments/brief').expect(204);

    expect(await api.deps.keyRing.find(key)).toBeNull();
  });

  it('need EvaluationKeyEdit', async () => {
    await viewer.post(keys).expect(403);
    await viewer.get(keys).expect(403);
  });
});
