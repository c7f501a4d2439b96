import request from 'supertest';
import { hashSecret } from '../../../src/store/secret-hash';
import { newId } from '../../../src/store/new-id';
import { ADMIN_TOKEN, startApi, type ApiFixture } from '../../support/api-fixture';
import { insertProject, insertRelease, NOON, OFF, ON } from '../../support/store-fixtures';

const DEVELOPER_TOKEN = 'the-token-of-a-developer-for-tests-only';

let api: ApiFixture;
let projectId: string;

beforeAll(async () => {
  api = await startApi();
  ({ projectId } = await insertProject(api.deps.store, 'shop'));
  await insertDeveloper();
});

afterAll(() => api.close());

async function insertDeveloper(): Promise<void> {
  const id = newId();
  const common = { createdAt: NOON, deletedAt: null };
  await api.deps.store.write(async ({ sql }) => {
    await sql
      .insertInto('users')
      .values({ id, slug: 'dev', displayName: 'Dev', email: null, ...common })
      .execute();
    await sql
      .insertInto('grants')
      .values({ id: newId(), subjectKind: 'user', subjectId: id, role: 'developer', permission: null, projectId })
      .execute();
    await sql
      .insertInto('tokens')
      .values({
        ...{ id: newId(), userId: id, name: 'test', hash: hashSecret(DEVELOPER_TOKEN), madeBy: id },
        ...{ fromSetting: 0, narrowed: 0, expiresAt: null, ...common },
      })
      .execute();
  });
}

const call = (method: 'get' | 'put' | 'delete', name: string, headers: Record<string, string> = {}) =>
  request(api.app)
    [method](`/v1/projects/shop/flags/${name}`)
    .set({ authorization: `Bearer ${DEVELOPER_TOKEN}`, ...headers });
const asAdmin = { authorization: `Bearer ${ADMIN_TOKEN}` };

const gate = (definition: object = OFF) => ({ kind: 'gate', definition, description: 'A new checkout' });

async function release(name: string): Promise<string> {
  const { id } = await api.deps.store.read
    .selectFrom('flags')
    .select('id')
    .where('slug', '=', name)
    .executeTakeFirstOrThrow();
  return api.deps.store.write((unit) => insertRelease(unit, projectId, [id]));
}

describe('PUT /v1/projects/{project}/flags/{flag}', () => {
  it('REL-4: creates freely, live in every environment', async () => {
    const { status, body, headers } = await call('put', 'fresh').send(gate());

    expect(status).toBe(201);
    expect(headers['location']).toBe('/v1/projects/shop/flags/fresh');
    expect(body).toMatchObject({ name: 'fresh', kind: 'gate', definition: OFF, release: null, queued: [] });
    expect(body.environments.map(({ environment }: { environment: string }) => environment)).toEqual([
      'development',
      'staging',
      'production',
    ]);
  });

  it('REL-4: refuses a direct edit without FlagOverride and takes it with it', async () => {
    await call('put', 'guarded').send(gate());

    const refused = await call('put', 'guarded').send(gate(ON));
    const overridden = await call('put', 'guarded', asAdmin).send(gate(ON));

    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      code: 'flag.requires-pipeline',
      facts: { environments: ['staging', 'production'] },
    });
    expect(overridden.status).toBe(200);
    expect(overridden.body.definition).toEqual(ON);
  });

  it('REL-4: lets edits of opted-out environments pass', async () => {
    await call('put', 'free').send(gate());

    const { status, body } = await call('put', 'free?environments=development').send(gate(ON));

    expect(status).toBe(200);
    expect(body.definition).toEqual(OFF);
    expect(body.environments[0]).toEqual({ environment: 'development', definition: ON, release: null });
  });

  it('REL-4: refuses everybody while a release runs, but for what changes nothing', async () => {
    await call('put', 'moving').send(gate());
    const id = await release('moving');

    const changed = await call('put', 'moving', asAdmin).send(gate(ON));
    const same = await call('put', 'moving').send((await call('get', 'moving')).body);

    expect(changed.body).toMatchObject({ code: 'flag.being-released', facts: { active: [id] } });
    expect(same.status).toBe(200);
    expect(same.body.release).toBe(id);
    expect((await call('delete', 'moving', asAdmin)).body.code).toBe('flag.being-released');
  });

  it('FLG-1: never changes the kind', async () => {
    await call('put', 'fixed').send(gate());
    const config = { kind: 'config', definition: { state: 'ENABLED', variants: { a: {} }, defaultVariant: 'a' } };

    expect((await call('put', 'fixed', asAdmin).send(config)).body.code).toBe('flag.kind-fixed');
  });

  it.each([
    ['an unknown variant', { ...OFF, defaultVariant: 'maybe' }, 'definition.defaultVariant'],
    ['a variant of another type', { ...OFF, variants: { on: 'yes', off: false } }, 'definition.variants.on'],
    [
      'reduce',
      { ...OFF, targeting: { if: [{ reduce: [{ var: 'a' }, 1, 0] }, 'on', 'off'] } },
      'definition.targeting.if[0].reduce',
    ],
    [
      'iteration in an iteration',
      { ...OFF, targeting: { if: [{ some: [{ merge: [{ var: 'a' }] }, true] }, 'on', 'off'] } },
      'definition.targeting.if[0].some[0].merge',
    ],
    ['computed variants', { ...OFF, targeting: { cat: ['o', 'n'] } }, 'definition.targeting'],
    ['2,000 nodes', { ...OFF, targeting: { in: [{ var: 'a' }, Array(2_000).fill('x')] } }, 'definition'],
    ['a definition of 100 KB', { ...OFF, targeting: { in: [{ var: 'a' }, ['x'.repeat(100_000)]] } }, 'definition'],
  ])('FLG-9: refuses %s with its path', async (_, definition, path) => {
    const { status, body } = await call('put', 'bad').send(gate(definition));

    expect(status).toBe(400);
    expect(body.code).toBe('flag.invalid');
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path);
    expect((await call('get', 'bad')).status).toBe(404);
  });

  it('INV-8: refuses nesting, wrong types, unknown fields and reserved keys', async () => {
    const deep = `{"kind":"gate","definition":{"state":"ENABLED","variants":{"a":true},"targeting":${'{"!":['.repeat(5_000)}1${']}'.repeat(5_000)}}}`;
    const proto = '{"kind":"gate","definition":{"state":"ENABLED","variants":{"__proto__":true}}}';
    const send = (body: string) => call('put', 'bad').set('content-type', 'application/json').send(body);

    const answers = [await send(deep), await send(proto), await send('[]'), await send('{"kind":"gate"}')];
    const unknown = await call('put', 'bad').send({ ...gate(), tenants: [] });

    expect([...answers, unknown].map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
  });

  it.each(['', ',', 'development,development', 'development,'])('refuses ?environments=%s', async (list) => {
    expect((await call('put', `free?environments=${list}`).send(gate())).status).toBe(400);
  });

  it('names an environment that does not exist', async () => {
    const { status, body } = await call('put', 'free?environments=moon').send(gate());

    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'reference.unknown', facts: { environments: ['moon'] } });
  });

  it('HTTP-7: of two edits with one If-Match only one wins', async () => {
    const { headers } = await call('put', 'raced').send(gate());
    const ifMatch = { ...asAdmin, 'if-match': headers['etag'] ?? '' };

    const answers = await Promise.all(
      ['one', 'two'].map((description) => call('put', 'raced', ifMatch).send({ ...gate(), description })),
    );

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });
});

describe('GET, list and DELETE', () => {
  it('HTTP-7: deletes softly, judged like an edit of all environments', async () => {
    await call('put', 'doomed').send(gate());

    expect((await call('delete', 'doomed')).body.code).toBe('flag.requires-pipeline');
    expect((await call('delete', 'doomed', asAdmin)).status).toBe(204);
    expect((await call('get', 'doomed')).body.code).toBe('flag.gone');
    expect((await call('put', 'doomed').send(gate())).body.code).toBe('flag.gone');
    expect((await call('delete', 'doomed', asAdmin)).status).toBe(410);
    expect((await call('get', 'never')).body.code).toBe('flag.unknown');
  });

  it('HTTP-5: lists page by page, by kind', async () => {
    const list = (query: string) => request(api.app).get(`/v1/projects/shop/flags${query}`).set(asAdmin);
    await call('put', 'listed').send({
      kind: 'config',
      definition: { state: 'ENABLED', variants: { a: { size: 1 } } },
    });

    const configs = await list('?kind=config');
    const first = await list('?limit=1');

    expect(configs.body.items).toMatchObject([{ name: 'listed', kind: 'config' }]);
    expect(first.body.next).toEqual(expect.any(String));
    expect((await list('?kind=other')).status).toBe(400);
    expect((await list('?cursor=nonsense')).status).toBe(400);
  });
});
