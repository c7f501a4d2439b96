import request from 'supertest';
import { newId } from '../../../src/store/new-id';
import { hashSecret } from '../../../src/store/secret-hash';
import { ADMIN_TOKEN, startApi, type ApiFixture } from '../../support/api-fixture';
import { insertProject, insertRelease, NOON, OFF, ON } from '../../support/store-fixtures';

const DEVELOPER_TOKEN = 'the-token-of-a-developer-for-tests-only';

let api: ApiFixture;
let shopId: string;

beforeEach(async () => {
  api = await startApi();
  ({ projectId: shopId } = await insertProject(api.deps.store, 'shop'));
});

afterEach(() => api.close());

const apply = (documents: unknown, { query = '', token = ADMIN_TOKEN, key = newId() } = {}) =>
  request(api.app)
    .post(`/v1/apply${query}`)
    .set({ authorization: `Bearer ${token}`, 'idempotency-key': key })
    .send({ documents } as object);

const get = (path: string) => request(api.app).get(`/v1/${path}`).set('authorization', `Bearer ${ADMIN_TOKEN}`);

async function insertDeveloper(): Promise<string> {
  const id = newId();
  const common = { createdAt: NOON, deletedAt: null };
  await api.deps.store.write(async ({ sql }) => {
    await sql
      .insertInto('users')
      .values({ id, slug: 'dev', displayName: 'Dev', email: null, ...common })
      .execute();
    await sql
      .insertInto('grants')
      .values({
        id: newId(),
        subjectKind: 'user',
        subjectId: id,
        role: 'developer',
        permission: null,
        projectId: shopId,
      })
      .execute();
    await sql
      .insertInto('tokens')
      .values({
        ...{ id: newId(), userId: id, name: 'test', hash: hashSecret(DEVELOPER_TOKEN), madeBy: id },
        ...{ fromSetting: 0, narrowed: 0, expiresAt: null, ...common },
      })
      .execute();
  });
  return id;
}

const counts = () =>
  Promise.all(
    (
      [
        'projects',
        'environments',
        'flags',
        'services',
        'serviceEndpoints',
        'variables',
        'pipelines',
        'users',
        'teams',
        'events',
      ] as const
    ).map(async (table) => {
      const { count } = await api.deps.store.read
        .selectFrom(table)
        .select((row) => row.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return [table, Number(count)];
    }),
  );

const flag = (name = 'checkout', definition: object = OFF) => ({
  ...{ kind: 'flag', project: 'shop', name },
  spec: { kind: 'gate', definition },
});

const pipeline = (phase: object = {}) => ({
  ...{ kind: 'pipeline', project: 'shop', name: 'to-all' },
  spec: { phases: [{ name: 'all', bake: '1h', rules: [{ environments: ['staging', 'production'] }], ...phase }] },
});

/** A project with everything in it, last things first. */
const blog = [
  {
    ...{ kind: 'pipeline', project: 'blog', name: 'to-all' },
    spec: {
      phases: [{ name: 'all', requiredReview: { teams: ['editors'] }, rules: [{ environments: ['production'] }] }],
    },
  },
  { kind: 'flag', project: 'blog', name: 'comments', spec: { kind: 'gate', definition: OFF, description: 'Comments' } },
  {
    ...{ kind: 'service', project: 'blog', name: 'payments' },
    spec: { endpoints: { production: 'https://example.com/deploy' }, timeout: '1m' },
  },
  {
    ...{ kind: 'variable', project: 'blog', name: 'Db.Url' },
    spec: { value: 'postgres://db', environments: ['production'] },
  },
  { kind: 'environment', project: 'blog', name: 'production', spec: { order: 1, requiresReview: true } },
  { kind: 'team', name: 'editors', spec: { members: ['ada'], roles: [{ role: 'release-manager', project: 'blog' }] } },
  { kind: 'user', name: 'ada', spec: { displayName: 'Ada', roles: [{ role: 'developer', project: 'blog' }] } },
  { kind: 'project', name: 'blog', spec: { displayName: 'The blog' } },
];

type Answered = { outcome: string; difference: unknown[] }[];
const outcomes = ({ body }: { body: { documents: Answered } }) => body.documents.map(({ outcome }) => outcome);
const pathsOf = (body: { errors: { path: string }[] }) => body.errors.map(({ path }) => path);

describe('POST /v1/apply', () => {
  it('PIPE-7: makes what the documents describe, in whatever order, and then leaves it alone', async () => {
    const first = await apply(blog);
    const before = await counts();
    const second = await apply([...blog].reverse());

    expect(first.status).toBe(200);
    expect(outcomes(first)).toEqual(blog.map(() => 'created'));
    expect(first.body.documents.map(({ kind }: { kind: string }) => kind)).toEqual(blog.map(({ kind }) => kind));
    expect(outcomes(second)).toEqual(blog.map(() => 'unchanged'));
    expect(second.body.documents.every(({ difference }: { difference: unknown[] }) => difference.length === 0)).toBe(
      true,
    );
    expect(await counts()).toEqual(before);
  });

  it('shows every place in which something changed', async () => {
    await apply([pipeline()]);

    const { body } = await apply([pipeline({ bake: '2h', name: 'everyone' })]);

    expect(body.documents).toEqual([
      {
        ...{ kind: 'pipeline', project: 'shop', name: 'to-all', outcome: 'changed' },
        difference: [
          { path: 'phases[0].bakeMs', from: 3_600_000, to: 7_200_000 },
          { path: 'phases[0].name', from: 'all', to: 'everyone' },
        ],
      },
    ]);
  });

  it('with dryRun shows the difference and writes nothing', async () => {
    const before = await counts();

    const dry = await apply(blog, { query: '?dryRun=true' });

    expect(dry.status).toBe(200);
    expect(dry.body.dryRun).toBe(true);
    expect(outcomes(dry)).toEqual(blog.map(() => 'created'));
    expect(await counts()).toEqual(before);
    expect((await get('projects/blog')).status).toBe(404);
  });

  it('is all or nothing, and says everything that is wrong at once', async () => {
    const before = await counts();

    const { status, body } = await apply([
      flag('fine'),
      flag('broken', { ...OFF, defaultVariant: 'maybe' }),
      pipeline({ bake: '-1s', rules: [{ environments: ['moon'] }] }),
      { kind: 'team', name: 'editors', spec: { members: ['ghost'] } },
    ]);

    expect(status).toBe(422);
    expect(body.detail).toMatch(/^documents\[3\]\.spec\.members\[0\]: .*, and 3 more$/);
    expect(pathsOf(body).sort()).toEqual([
      'documents[1].spec.definition.defaultVariant',
      'documents[2].spec.phases[0].bake',
      'documents[2].spec.phases[0].rules[0].environments[0]',
      'documents[3].spec.members[0]',
    ]);
    expect(await counts()).toEqual(before);
  });

  it('refuses the same thing twice, unknown kinds and unknown fields, with their paths', async () => {
    const twice = await apply([flag(), pipeline(), flag()]);
    const tenant = await apply([{ kind: 'tenant', project: 'shop', name: 'address', spec: {} }]);
    const unknown = await apply([{ ...flag(), spec: { ...flag().spec, tenants: [] } }]);
    const foreign = await apply([{ kind: 'user', project: 'shop', name: 'ada', spec: {} }]);
    const other = await apply([{ kind: 'project', project: 'shop', name: 'blog', spec: {} }]);

    expect([twice, tenant, unknown, foreign, other].map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
    expect(pathsOf(twice.body)).toEqual(['documents[2]']);
    expect(pathsOf(tenant.body)).toEqual(['documents[0].kind']);
    expect(pathsOf(unknown.body)).toEqual(['documents[0].spec.tenants']);
    expect(pathsOf(foreign.body)).toEqual(['documents[0].project']);
    expect(pathsOf(other.body)).toEqual(['documents[0].project']);
  });

  it.each([
    ['no documents', []],
    ['501 documents', Array.from({ length: 501 }, (_, index) => flag(`flag-${index}`))],
    ['something else', 'all of it'],
    ['lists in the place of documents', [[[]]]],
  ])('INV-8: refuses %s', async (_, documents) => {
    expect((await apply(documents)).status).toBe(400);
  });

  describe('permissions (SEC-2)', () => {
    beforeEach(insertDeveloper);

    it('takes what each document alone would be allowed', async () => {
      const { status, body } = await apply([flag()], { token: DEVELOPER_TOKEN });

      expect({ status, outcome: body.documents?.[0]?.outcome }).toEqual({ status: 200, outcome: 'created' });
    });

    it('writes nothing when one document is not allowed, and names all that are not', async () => {
      const before = await counts();

      const { status, body } = await apply([flag(), pipeline(), blog[7]], { token: DEVELOPER_TOKEN });

      expect(status).toBe(403);
      expect(body).toMatchObject({ code: 'request.forbidden', facts: { permission: 'PipelineEdit' } });
      expect(pathsOf(body)).toEqual(['documents[1]', 'documents[2]']);
      expect((await counts()).slice(0, -1)).toEqual(before.slice(0, -1));
    });

    it('lets no document be the reason to allow another', async () => {
      const grant = { kind: 'user', name: 'dev', spec: { roles: [{ role: 'administrator' }] } };

      const { status, body } = await apply([grant, pipeline()], { token: DEVELOPER_TOKEN });

      expect(status).toBe(403);
      expect(pathsOf(body)).toEqual(['documents[0]', 'documents[1]']);
    });

    it('HTTP-3: hides a project that the caller may not see, existing or not', async () => {
      await insertProject(api.deps.store, 'secret');
      const within = (project: string) => apply([{ ...flag(), project }], { token: DEVELOPER_TOKEN });

      const [hidden, missing] = [await within('secret'), await within('nowhere')];

      expect([hidden.status, missing.status]).toEqual([404, 404]);
      expect(hidden.body.code).toBe(missing.body.code);
    });
  });

  describe('flags (REL-4)', () => {
    it('leaves a flag alone where the document is what was last applied, whatever became of the flag', async () => {
      await apply([flag()]);
      await request(api.app)
        .put('/v1/projects/shop/flags/checkout')
        .set('authorization', `Bearer ${ADMIN_TOKEN}`)
        .send({ kind: 'gate', definition: ON });

      const again = await apply([flag()]);

      expect(outcomes(again)).toEqual(['unchanged']);
      expect((await get('projects/shop/flags/checkout')).body.definition).toEqual(ON);
    });

    it('judges a changed document as a direct edit', async () => {
      await insertDeveloper();
      await apply([flag()]);

      const refused = await apply([flag('checkout', ON)], { token: DEVELOPER_TOKEN });
      const overridden = await apply([flag('checkout', ON)]);

      expect(refused.body).toMatchObject({ code: 'flag.requires-pipeline', errors: [{ path: 'documents[0]' }] });
      expect(outcomes(overridden)).toEqual(['changed']);
    });

    it('refuses a changed document while a release runs, and takes the same one', async () => {
      await apply([flag()]);
      const { id } = await api.deps.store.read.selectFrom('flags').select('id').executeTakeFirstOrThrow();
      await api.deps.store.write((unit) => insertRelease(unit, shopId, [id]));

      expect((await apply([flag('checkout', ON)])).body.code).toBe('flag.being-released');
      expect(outcomes(await apply([flag()]))).toEqual(['unchanged']);
    });
  });

  describe('services', () => {
    const ENDPOINTS = { production: 'https://example.com/deploy' };
    const service = (spec: object = { endpoints: ENDPOINTS }, name = 'payments') => ({
      ...{ kind: 'service', project: 'shop', name },
      spec,
    });

    it('come without a secret, and show every place in which they change', async () => {
      const first = await apply([service()]);
      const second = await apply([service({ timeout: '1m', endpoints: { staging: 'https://staging.example.com' } })]);

      expect(outcomes(first)).toEqual(['created']);
      expect(first.body.documents[0].difference).toEqual([
        {
          ...{ path: '', from: null },
          to: {
            ...{ displayName: 'payments', endpoints: ENDPOINTS, timeoutMs: 30_000 },
            ...{ callback: false, callbackTimeoutMs: 3_600_000 },
          },
        },
      ]);
      expect(second.body.documents[0].difference).toEqual([
        { path: 'endpoints.production', from: ENDPOINTS.production, to: null },
        { path: 'endpoints.staging', from: null, to: 'https://staging.example.com' },
        { path: 'timeoutMs', from: 30_000, to: 60_000 },
      ]);
      expect(JSON.stringify(first.body)).not.toContain('whsec_');
      expect((await get('projects/shop/services/payments')).body.secretCreatedAt).toBeNull();
    });

    it('HTTP-7: keep endpoints that the document leaves out', async () => {
      await apply([service()]);

      expect(outcomes(await apply([service({})]))).toEqual(['unchanged']);
      expect((await get('projects/shop/services/payments')).body.endpoints).toEqual(ENDPOINTS);
    });

    it('have all their faults named, with their place in the request', async () => {
      const { status, body } = await apply([
        service({ endpoints: { moon: 'https://example.com', production: 'http://127.0.0.1' }, timeoutMs: 1 }),
        service({ callback: true, callbackTimeout: '8d' }, 'orders'),
      ]);

      expect({ status, code: body.code }).toEqual({ status: 400, code: 'service.invalid' });
      expect(pathsOf(body)).toEqual([
        'documents[0].spec.endpoints.moon',
        'documents[0].spec.endpoints.production',
        'documents[0].spec.timeoutMs',
        'documents[1].spec.callbackTimeout',
      ]);
    });

    it('SEC-2: take EndpointEdit where endpoints change, before anything is written', async () => {
      await insertDeveloper();
      await apply([service()]);
      const before = await counts();

      const refused = await apply(
        [
          flag(),
          service({ endpoints: { ...ENDPOINTS, staging: 'https://staging.example.com' } }),
          service({ endpoints: {} }, 'bare'),
          service({ endpoints: ENDPOINTS }, 'orders'),
        ],
        { token: DEVELOPER_TOKEN },
      );

      expect(refused.status).toBe(403);
      expect(refused.body).toMatchObject({ code: 'request.forbidden', facts: { permission: 'EndpointEdit' } });
      expect(pathsOf(refused.body)).toEqual(['documents[1]', 'documents[3]']);
      expect((await counts()).slice(0, -1)).toEqual(before.slice(0, -1));
      const kept = await apply([service({ endpoints: ENDPOINTS, timeout: '1m' })], { token: DEVELOPER_TOKEN });
      expect(outcomes(kept)).toEqual(['changed']);
    });

    it('SEC-2: with a project of the same request take EndpointEdit everywhere', async () => {
      await insertDeveloper();

      const { status, body } = await apply([{ ...service(), project: 'blog' }, blog[7]], { token: DEVELOPER_TOKEN });

      expect({ status, paths: pathsOf(body) }).toEqual({ status: 403, paths: ['documents[0]', 'documents[1]'] });
    });

    it('with dryRun show the difference and write nothing', async () => {
      const before = await counts();

      const dry = await apply([service()], { query: '?dryRun=true' });

      expect(outcomes(dry)).toEqual(['created']);
      expect(await counts()).toEqual(before);
    });

    it('of a deleted name are refused', async () => {
      await apply([service({})]);
      await request(api.app)
        .delete('/v1/projects/shop/services/payments')
        .set('authorization', `Bearer ${ADMIN_TOKEN}`)
        .expect(204);

      expect((await apply([service({})])).body).toMatchObject({
        code: 'service.gone',
        errors: [{ path: 'documents[0]' }],
      });
    });
  });

  describe('variables', () => {
    const variable = (spec: object = { value: 'eu' }, name = 'Region') => ({
      ...{ kind: 'variable', project: 'shop', name },
      spec,
    });
    const put = (spec: object) =>
      request(api.app)
        .put('/v1/projects/shop/variables/Region')
        .set('authorization', `Bearer ${ADMIN_TOKEN}`)
        .send(spec);

    it('VAR-6: are made, changed and left alone', async () => {
      const first = await apply([variable()]);
      const second = await apply([variable({ value: 'us', environments: ['staging'] })]);
      const third = await apply([variable({ value: 'us', environments: ['staging'], sensitive: false })]);

      expect([first, second, third].map(outcomes)).toEqual([['created'], ['changed'], ['unchanged']]);
      expect(second.body.documents[0].difference).toEqual([
        { path: 'environments[0]', from: null, to: 'staging' },
        { path: 'value', from: 'eu', to: 'us' },
      ]);
    });

    it('VAR-4: are refused where sensitive, as documents hold no secrets', async () => {
      const before = await counts();

      const { status, body } = await apply([variable(), variable({ value: 'planted', sensitive: true }, 'Secret')]);

      expect({ status, code: body.code, paths: pathsOf(body) }).toEqual({
        ...{ status: 400, code: 'variable.invalid', paths: ['documents[1].spec.sensitive'] },
      });
      expect(JSON.stringify(body)).not.toContain('planted');
      expect(await counts()).toEqual(before);
    });

    it('VAR-4: that are sensitive already are made open only by a document that says so', async () => {
      await put({ value: 'planted', sensitive: true }).expect(201);

      const refused = await apply([variable({ value: 'eu' })]);
      const opened = await apply([variable({ value: 'eu', sensitive: false })]);

      expect(pathsOf(refused.body)).toEqual(['documents[0].spec.sensitive']);
      expect(outcomes(opened)).toEqual(['changed']);
      expect(JSON.stringify([refused.body, opened.body])).not.toContain('planted');
      expect((await get('projects/shop/variables/Region')).body).toMatchObject({ value: 'eu', sensitive: false });
    });

    it('SEC-2: take VariableEdit, before anything is written', async () => {
      await insertDeveloper();
      const before = await counts();

      const { status, body } = await apply([flag(), variable()], { token: DEVELOPER_TOKEN });

      expect({ status, permission: body.facts.permission }).toEqual({ status: 403, permission: 'VariableEdit' });
      expect((await counts()).slice(0, -1)).toEqual(before.slice(0, -1));
    });

    it('HTTP-1: are named as in paths', async () => {
      expect(pathsOf((await apply([variable({ value: 'x' }, 'Octopus.Name')])).body)).toEqual(['documents[0].name']);
    });
  });

  describe('repetition (HTTP-6)', () => {
    it('gets the first answer, and another body under the same key 422', async () => {
      const first = await apply([flag()], { key: 'one' });
      const again = await apply([flag()], { key: 'one' });
      const other = await apply([pipeline()], { key: 'one' });

      expect(again.body).toEqual(first.body);
      expect(other.body.code).toBe('idempotency.mismatch');
    });

    it('does not use the key up for a dry run or a refusal', async () => {
      await apply([flag()], { key: 'two', query: '?dryRun=true' });
      await apply([{ ...flag(), project: 'nowhere' }], { key: 'two' });

      expect(outcomes(await apply([flag()], { key: 'two' }))).toEqual(['created']);
    });

    it('of twenty at once makes one', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => apply(blog)));

      expect(answers.every(({ status }) => status === 200)).toBe(true);
      expect(answers.filter((answer) => outcomes(answer).includes('created'))).toHaveLength(1);
    });
  });
});
