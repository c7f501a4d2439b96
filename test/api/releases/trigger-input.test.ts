import request from 'supertest';
import { ADMIN_TOKEN, startApi, type ApiFixture } from '../../support/api-fixture';
import { insertProject, OFF, ON } from '../../support/store-fixtures';

let api: ApiFixture;

beforeAll(async () => {
  api = await startApi();
  await insertProject(api.deps.store, 'shop');
  await put('pipelines/to-all', {
    phases: [{ name: 'all', bake: '1h', rules: [{ environments: ['staging', 'production'] }] }],
  });
  for (const name of ['checkout', 'search', 'cart']) {
    await put(`flags/${name}`, { kind: 'gate', definition: OFF });
  }
});

afterAll(() => api.close());

const authorization = `Bearer ${ADMIN_TOKEN}`;

const put = (path: string, body: object) =>
  request(api.app).put(`/v1/projects/shop/${path}`).set({ authorization }).send(body);

const trigger = (body: unknown) =>
  request(api.app)
    .post('/v1/projects/shop/pipelines/to-all/releases')
    .set({ authorization })
    .send(body as object);

const change = (more: object = {}) => ({ flag: 'checkout', definition: ON, ...more });
const pathsOf = (body: { errors: { path: string }[] }) => body.errors.map(({ path }) => path);

const releases = async () =>
  (await request(api.app).get('/v1/releases').set({ authorization })).body.items.length as number;

describe('the body of a trigger', () => {
  it('CHG-1: is refused with every fault of the change set at once', async () => {
    const { status, body } = await trigger({
      changes: [
        change({ environments: ['moon'] }),
        change({ flag: 'ghost' }),
        change({ environments: [] }),
        change({ flag: 'search', definition: { ...ON, defaultVariant: 'maybe' } }),
      ],
    });

    expect(status).toBe(400);
    expect(pathsOf(body)).toEqual([
      'changes[0].environments[0]',
      'changes[1].flag',
      'changes[2].flag',
      'changes[2].environments',
      'changes[3].definition.defaultVariant',
    ]);
    expect(await releases()).toBe(0);
  });

  it.each([
    ['tenants', { tenants: ['acme'] }, 'tenants'],
    ['a step that the pipeline does not have', { skipSteps: ['Check'] }, 'skipSteps[0]'],
    ['51 steps to leave out', { skipSteps: Array(51).fill('Check') }, 'skipSteps'],
    ['a service', { changes: [{ service: 'payments', version: '1.4.2' }] }, 'changes[0].service'],
    ['another whenBusy', { whenBusy: 'overtake' }, 'whenBusy'],
    ['a blank reason', { reason: '  ' }, 'reason'],
    ['a reason of a megabyte', { reason: 'x'.repeat(900_000) }, 'reason'],
    ['a label of another type', { labels: [7] }, 'labels[0]'],
    ['an unknown CI fact', { source: { pipeline: 'x' } }, 'source.pipeline'],
    ['a run that is no web page', { source: { runUrl: 'javascript:alert(1)' } }, 'source.runUrl'],
    ['no changes', { changes: [] }, 'changes'],
    ['51 changes', { changes: Array.from({ length: 51 }, () => change()) }, 'changes'],
    ['changes of another type', { changes: { flag: 'checkout' } }, 'changes'],
    ['a definition of another type', { changes: [change({ definition: 'on' })] }, 'changes[0].definition'],
  ])('INV-8: is refused with %s', async (_, more, path) => {
    const { status, body } = await trigger({ changes: [change()], ...more });

    expect(status).toBe(400);
    expect(pathsOf(body)).toContain(path);
    expect(await releases()).toBe(0);
  });

  it('FLG-9: is refused with definitions meant to exhaust memory or time', async () => {
    const targetings = [
      { reduce: [Array(27).fill(1), { merge: [{ var: 'accumulator' }, { var: 'accumulator' }] }, [1]] },
      { if: [{ some: [{ map: [{ var: 'a' }, { var: '' }] }, true] }, 'on', 'off'] },
      { if: [{ in: [{ var: 'a' }, Array(5_000).fill('x')] }, 'on', 'off'] },
    ];

    const answers = await Promise.all(
      targetings.map((targeting) => trigger({ changes: [change({ definition: { ...ON, targeting } })] })),
    );

    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
    expect(await releases()).toBe(0);
  });

  it('is refused when the flag is no longer what the change was made from', async () => {
    const base = (await put('flags/cart', { kind: 'gate', definition: OFF })).headers['etag'];
    await put('flags/cart', { kind: 'gate', definition: OFF, description: 'The cart' });

    const { status, body } = await trigger({ changes: [change({ flag: 'cart', base })] });

    expect(status).toBe(412);
    expect(body).toMatchObject({ code: 'release.change-outdated', errors: [{ path: 'changes[0].base' }] });
  });

  it('CHG-1: gives the same digest for the same change, however it is written', async () => {
    const source = {
      repository: 'acme/shop',
      commit: 'c0ffee',
      ref: 'refs/heads/main',
      runUrl: 'https://ci.example/1',
      actor: 'ada',
    };
    const environments = ['production', 'development', 'staging'];
    const first = await trigger({ changes: [change()], source, labels: ['hotfix'], reason: 'Because' });
    const queued = await trigger({ changes: [change({ environments })], whenBusy: 'queue' });

    expect([first.status, queued.status]).toEqual([201, 201]);
    expect(first.body).toMatchObject({ state: 'queued', source, labels: ['hotfix'], reason: 'Because' });
    expect(queued.body.digest).toBe(first.body.digest);
    expect(queued.body.changes).toEqual(first.body.changes);
  });
});
