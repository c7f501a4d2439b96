import request from 'supertest';
import { ADMIN_TOKEN, startApi, type ApiFixture } from '../../support/api-fixture';
import { insertProject, insertRelease } from '../../support/store-fixtures';

let api: ApiFixture;

beforeAll(async () => {
  api = await startApi();
  await insertProject(api.deps.store, 'shop');
});

afterAll(() => api.close());

const call = (method: 'get' | 'put' | 'delete', name: string, headers: Record<string, string> = {}) =>
  request(api.app)
    [method](`/v1/projects/shop/pipelines/${name}`)
    .set({ authorization: `Bearer ${ADMIN_TOKEN}`, ...headers });

const rules = [{ environments: ['staging', 'production'] }];
const simple = (name = 'all') => ({ phases: [{ name, bake: '30m', requiredReview: false, rules }] });

const pathsOf = (body: { errors: { path: string }[] }) => body.errors.map(({ path }) => path).sort();

describe('PUT /v1/projects/{project}/pipelines/{pipeline}', () => {
  it('PIPE-5: answers the version, raised by changed content only', async () => {
    const first = await call('put', 'versions').send(simple());
    const same = await call('put', 'versions').send(simple());
    const other = await call('put', 'versions').send(simple('everyone'));

    expect([first.status, same.status, other.status]).toEqual([201, 200, 200]);
    expect([first.body.version, same.body.version, other.body.version]).toEqual([1, 1, 2]);
    expect(first.headers['location']).toBe('/v1/projects/shop/pipelines/versions');
    expect(same.headers['etag']).toBe(first.headers['etag']);
    expect(other.headers['etag']).not.toBe(first.headers['etag']);
  });

  it('HTTP-2: reads durations as text and answers milliseconds', async () => {
    const deadline = { after: '2d', outcome: 'abort' };
    const phases = [{ name: 'all', bake: '1h30m', requiredReview: { deadline }, rules }];

    const { body } = await call('put', 'durations').send({ phases });

    expect(body.phases[0]).toMatchObject({
      bakeMs: 5_400_000,
      requiredReview: {
        teams: [],
        approvals: 1,
        authorMayApprove: false,
        deadline: { afterMs: 172_800_000, outcome: 'abort' },
      },
    });
  });

  it('HTTP-7: takes every GET body as it is, and changes nothing', async () => {
    const conditions = [{ operator: 'percentage', values: [10] }];
    const deadline = { after: '2d', outcome: 'keep-waiting' };
    const phases = [
      { name: 'few', bake: 1, requiredReview: { deadline }, rules: [{ environments: ['production'], conditions }] },
      { name: 'all', rules },
    ];
    await call('put', 'round-trip').send({ phases, onFailure: 'abort', reasonRequired: ['abort'] });
    const shown = await call('get', 'round-trip');

    const again = await call('put', 'round-trip').send(shown.body);

    expect(again.status).toBe(200);
    expect(again.body).toEqual(shown.body);
    expect(again.body.version).toBe(1);
  });

  it('HTTP-7: lets what a person writes win over what a GET body carried', async () => {
    const { body } = await call('put', 'edited').send(simple());
    body.phases[0].bake = '2h';

    const edited = await call('put', 'edited').send(body);

    expect(edited.body).toMatchObject({ version: 2, phases: [{ bakeMs: 7_200_000 }] });
  });

  it('PIPE-4: refuses with every fault at once, each with its path', async () => {
    const phases = [
      { name: 'all', bake: '-1s', rules: [{ environments: ['moon'] }] },
      { name: 'all', bakeMs: 1e300, requiredReview: { teams: ['ghosts'], approvals: 0 }, rules: [] },
      {
        name: ' x',
        requiredReview: { approvals: 40, deadline: { outcome: 'abort' } },
        rules: [{ environments: ['staging'], conditions: [{ attribute: 'age', operator: '~', values: [{}] }] }],
      },
    ];

    const { status, body } = await call('put', 'broken').send({ phases, reasonRequired: ['party'] });

    expect(status).toBe(400);
    expect(body.code).toBe('pipeline.invalid');
    expect(pathsOf(body)).toEqual([
      'phases[0].bake',
      'phases[0].rules[0].environments[0]',
      'phases[1].bake',
      'phases[1].name',
      'phases[1].requiredReview.approvals',
      'phases[1].requiredReview.teams[0]',
      'phases[1].rules',
      'phases[2].name',
      'phases[2].requiredReview.approvals',
      'phases[2].requiredReview.deadline.after',
      'phases[2].rules[0].conditions[0].operator',
      'reasonRequired[0]',
    ]);
    expect((await call('get', 'broken')).status).toBe(404);
  });

  it.each(['tenants', 'nonsense'])('refuses the unknown field %s', async (field) => {
    const { status, body } = await call('put', 'unknown-field').send({ ...simple(), [field]: [] });

    expect(status).toBe(400);
    expect(pathsOf(body)).toEqual([field]);
  });

  it.each(['optional', 'automatic', 'minimumEnvironments'])(
    'refuses the unknown field %s of a phase',
    async (field) => {
      const { status, body } = await call('put', 'unknown-field').send({
        phases: [{ ...simple().phases[0], [field]: null }],
      });

      expect(status).toBe(400);
      expect(pathsOf(body)).toEqual([`phases[0].${field}`]);
    },
  );

  it('PIPE-4: refuses a review that nobody but one person could give', async () => {
    const phases = [{ name: 'all', requiredReview: { approvals: 2 }, rules }];

    const { status, body } = await call('put', 'lonely').send({ phases });

    expect(status).toBe(400);
    expect(pathsOf(body)).toEqual(['phases[0].requiredReview.approvals']);
  });

  it('REL-24: saves and warns where the phases do not cover everybody', async () => {
    const { status, body } = await call('put', 'partial').send({
      phases: [{ name: 'one', rules: [{ environments: ['staging'] }] }],
    });

    expect(status).toBe(201);
    expect(body.warnings).toEqual([{ path: 'phases', message: expect.stringContaining('production') }]);
  });

  it.each([
    ['a list', []],
    ['phases of another type', { phases: 'all' }],
    ['numbers as names', { phases: [{ name: 1, rules }] }],
    ['a review of another type', { phases: [{ name: 'all', requiredReview: 'yes', rules }] }],
    [
      'conditions of another type',
      { phases: [{ name: 'all', rules: [{ environments: ['staging'], conditions: {} }] }] },
    ],
    ['a very long name', { phases: [{ name: 'x'.repeat(500_000), rules }] }],
    ['100,000 environments', { phases: [{ name: 'all', rules: [{ environments: Array(100_000).fill('x') }] }] }],
    ['10,000 phases', { phases: Array(10_000).fill({ name: 'all', rules: [] }) }],
  ])('INV-8: refuses %s', async (_, body) => {
    const answer = await call('put', 'bad').send(body);

    expect(answer.status).toBe(400);
    expect(answer.type).toBe('application/problem+json');
    expect(answer.text.length).toBeLessThan(50_000);
  });

  it('HTTP-7: If-Match and If-None-Match guard against lost updates', async () => {
    const { headers } = await call('put', 'guarded').send(simple());
    const etag = headers['etag'] ?? '';

    const twice = await call('put', 'guarded', { 'if-none-match': '*' }).send(simple('x'));
    const [first, second] = await Promise.all(
      ['few', 'many'].map((name) => call('put', 'guarded', { 'if-match': etag }).send(simple(name))),
    );

    expect(twice.status).toBe(412);
    expect([first?.status, second?.status].sort()).toEqual([200, 412]);
    expect((await call('get', 'guarded')).body.version).toBe(2);
  });
});

describe('GET, list and DELETE', () => {
  it('shows an older version', async () => {
    await call('put', 'history').send(simple('first'));
    await call('put', 'history').send(simple('second'));

    const { body } = await call('get', 'history?version=1');

    expect(body).toMatchObject({ version: 1, latestVersion: 2, phases: [{ name: 'first' }], savedBy: 'admin' });
    expect((await call('get', 'history?version=3')).body.code).toBe('pipeline.unknown');
    expect((await call('get', 'history?version=0')).status).toBe(400);
  });

  it('HTTP-5: lists page by page', async () => {
    const list = (query: string) =>
      request(api.app).get(`/v1/projects/shop/pipelines${query}`).set('authorization', `Bearer ${ADMIN_TOKEN}`);
    await call('put', 'page-1').send(simple());
    await call('put', 'page-2').send(simple());

    const first = await list('?limit=1');
    const second = await list(`?limit=1&cursor=${first.body.next}`);

    expect(first.body.items).toMatchObject([{ name: 'page-2', project: 'shop', phases: ['all'] }]);
    expect(second.body.items).toMatchObject([{ name: 'page-1' }]);
  });

  it('HTTP-7: deletes softly: 410 afterwards, versions stay readable', async () => {
    await call('put', 'doomed').send(simple());

    expect((await call('delete', 'doomed')).status).toBe(204);
    expect((await call('delete', 'doomed')).body.code).toBe('pipeline.gone');
    expect((await call('get', 'doomed')).status).toBe(410);
    expect((await call('put', 'doomed').send(simple())).status).toBe(410);
    expect((await call('get', 'doomed?version=1')).status).toBe(200);
    expect((await call('delete', 'never')).status).toBe(404);
  });

  it('PIPE-5: refuses to delete one that a release runs on, and names the release', async () => {
    await call('put', 'busy').send(simple());
    const { id: projectId } = await api.deps.store.read
      .selectFrom('projects')
      .select('id')
      .where('slug', '=', 'shop')
      .executeTakeFirstOrThrow();
    const release = await api.deps.store.write(async (unit) => {
      const { id } = await unit.sql
        .selectFrom('pipelines')
        .select('id')
        .where('slug', '=', 'busy')
        .executeTakeFirstOrThrow();
      const made = await insertRelease(unit, projectId, ['some-flag']);
      await unit.sql.updateTable('releases').set({ pipelineId: id }).where('id', '=', made).execute();
      return made;
    });

    const { status, body } = await call('delete', 'busy');

    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'pipeline.in-use', facts: { users: [release] } });
  });

  it('HTTP-3: tells nobody without a token anything', async () => {
    expect((await call('get', 'history', { authorization: '' })).status).toBe(401);
    expect((await call('put', 'history', { authorization: 'Bearer nope' }).send(simple())).status).toBe(401);
  });
});
