import request from 'supertest';
import { newId } from '../../../src/store/new-id';
import { ADMIN_TOKEN, startApi, type ApiFixture } from '../../support/api-fixture';
import { insertProject, NOON, OFF, ON } from '../../support/store-fixtures';

let api: ApiFixture;
let projectId: string;

beforeAll(async () => {
  api = await startApi();
  ({ projectId } = await insertProject(api.deps.store, 'shop'));
  await send('put', 'users/ada', { displayName: 'Ada', roles: [{ role: 'developer', project: 'shop' }] });
  await send('put', 'users/olga', { displayName: 'Olga', roles: [{ role: 'developer', project: 'shop' }] });
  await send('put', 'teams/operations', { displayName: 'Operations', members: ['ada', 'olga'] });
  await send('put', 'projects/shop/services/payments', { endpoints: { production: 'https://pay.example.com' } });
});

afterAll(() => api.close());

type Method = 'get' | 'put' | 'post' | 'delete';

function send(method: Method, path: string, body?: object) {
  return request(api.app)
    [method](`/v1/${path}`)
    .set({ authorization: `Bearer ${ADMIN_TOKEN}`, 'idempotency-key': newId() })
    .send(body);
}

const phases = [{ name: 'all', rules: [{ environments: ['staging', 'production'] }] }];
const save = (name: string, process: unknown) =>
  send('put', `projects/shop/pipelines/${name}`, { phases, process } as object);
const pathsOf = (body: { errors: { path: string }[] }) => body.errors.map(({ path }) => path).sort();

const check = { name: 'Check', kind: 'manual', instructions: 'Look at #{Octopus.Release.Version[payments]}.' };
const notes = 'Octopus.Action[Check].Output.Manual.Notes';

/** One step of each kind, each with all that it can have. */
const everything = [
  {
    ...{ ...check, teams: ['operations'], notesRequired: true, approvals: 2, authorMaySubmit: false, required: true },
    ...{ deadline: { after: '4h', outcome: 'escalate', escalateTo: ['operations'] }, blockConcurrent: true },
    ...{ environments: ['production'], notEnvironments: ['staging'], phases: ['all'], tenants: [] },
  },
  { name: 'Roll out', kind: 'roll-out', start: 'with-previous' },
  {
    ...{ name: 'Call', kind: 'http', method: 'PUT', url: 'https://build.example.com/hook?x=1', timeout: '90s' },
    ...{ headers: { 'X-Notes': `#{${notes}}` }, body: { text: `#{Action[Check].Output.Manual.Notes}`, n: [1, null] } },
    ...{ outputs: { id: 'build.id' }, runWhen: 'always' },
  },
  {
    ...{ name: 'Tell', kind: 'email', to: ['ada@example.com'], subject: `#{${notes}}`, body: 'It is **out**.' },
    runWhen: { expression: `vars["${notes}"] != "" && vars["Action[Call].Output.id"] == "7"` },
  },
  {
    name: 'Post',
    kind: 'notify',
    url: 'https://chat.example.com/hook',
    text: '#{Octopus.Deployment.Error}',
    runWhen: 'failure',
  },
];

describe('the process of a pipeline', () => {
  it('PRO-1, HTTP-7: is saved as it is sent, and every GET body is a valid PUT body', async () => {
    const saved = await save('whole', everything);
    const shown = await send('get', 'projects/shop/pipelines/whole');
    const again = await send('put', 'projects/shop/pipelines/whole', shown.body as object);

    expect(saved.status).toBe(201);
    expect(shown.body.process).toMatchObject([
      { kind: 'manual', deadline: { afterMs: 14_400_000, outcome: 'escalate', escalateTo: ['operations'] } },
      { kind: 'roll-out', runWhen: 'success', start: 'with-previous', required: false, environments: [] },
      { kind: 'http', timeoutMs: 90_000, body: { n: [1, null] }, outputs: { id: 'build.id' } },
      { kind: 'email', runWhen: { expression: expect.stringContaining('vars[') } },
      { kind: 'notify', runWhen: 'failure' },
    ]);
    expect(again.body).toEqual(shown.body);
    expect(again.body.version).toBe(1);
  });

  it('PIPE-4: is refused with every fault at once, each with its path', async () => {
    const { status, body } = await save('broken', [
      { ...check, start: 'with-previous', teams: ['ghosts'], instructions: '#{Gone}', environments: ['moon'] },
      { ...check, name: 'CHECK', deadline: { outcome: 'abort' }, tenants: ['acme'] },
      { name: 'Call', kind: 'http', url: 'https://127.0.0.1/', headers: { Host: 'x' }, timeout: '16m', body: ['#{'] },
      {
        name: 'Tell',
        kind: 'email',
        to: ['ada'],
        subject: 'x',
        body: 'x',
        runWhen: { expression: 'vars["Gone"] == ""' },
      },
    ]);

    expect([status, body.code]).toEqual([400, 'pipeline.invalid']);
    expect(pathsOf(body)).toEqual([
      'process[0].environments[0]',
      'process[0].instructions',
      'process[0].start',
      'process[0].teams[0]',
      'process[1].deadline.after',
      'process[1].name',
      'process[1].tenants',
      'process[2].body[0]',
      'process[2].headers.Host',
      'process[2].timeout',
      'process[2].url',
      'process[3].runWhen.expression',
      'process[3].to[0]',
    ]);
    expect((await send('get', 'projects/shop/pipelines/broken')).status).toBe(404);
  });

  it('HTTP-4: says what a kind and a run condition can be', async () => {
    const steps = [
      { name: 'a', kind: 'manua' },
      { name: 'b' },
      { name: 'c', kind: 'roll-out', runWhen: 'sometimes' },
      { name: 'd', kind: 'roll-out', runWhen: null },
      { name: 'e', kind: 'roll-out', runWhen: { expresion: 'true' } },
    ];

    const { status, body } = await save('guessed', steps);

    expect(status).toBe(400);
    const kind = 'Must be roll-out, manual, http, email or notify';
    const runWhen = 'Must be success, failure, always or { "expression": "…" }';
    expect(body.errors).toEqual([
      { path: 'process[0].kind', message: kind },
      { path: 'process[1].kind', message: kind },
      { path: 'process[2].runWhen', message: runWhen },
      { path: 'process[3].runWhen', message: runWhen },
      { path: 'process[4].runWhen.expression', message: 'Is missing' },
      { path: 'process[4].runWhen.expresion', message: 'Unknown field' },
    ]);
  });

  it('PRO-3: says where a condition is wrong', async () => {
    const runWhen = { expression: 'vars["Octopus.Release.Id"].matches("(a+)+$")' };

    const { body } = await save('slow', [{ ...check, runWhen }]);

    expect(body.errors).toEqual([
      {
        path: 'process[0].runWhen.expression',
        message: 'must not use matches(): a regular expression may run for minutes (character 1)',
      },
    ]);
  });

  it('INT-6: is refused where too few people could answer', async () => {
    const { body } = await save('lonely', [
      { ...check, teams: ['operations'], approvals: 3 },
      { ...check, name: 'Anybody', approvals: 2 },
    ]);

    expect(body.errors).toEqual([
      {
        path: 'process[0].approvals',
        message: 'asks for 3, but only 2 could submit: members of operations who hold InterruptionSubmit',
      },
      {
        path: 'process[1].approvals',
        message: 'asks for 2, but only 1 could submit: holders of DeploymentCreate',
      },
    ]);
  });

  it('INT-6, INT-3: is refused where the members of its teams may not answer, at save and at trigger', async () => {
    const viewers = { members: ['vera'] };
    const by = (role: string) => send('put', 'users/vera', { roles: [{ role, project: 'shop' }] });
    await by('viewer');
    await send('put', 'teams/watchers', viewers);
    await send('put', 'projects/shop/flags/watched', { kind: 'gate', definition: OFF });
    const step = { ...check, teams: ['watchers'] };
    const message = 'asks for 1, but only 0 could submit: members of watchers who hold InterruptionSubmit';

    const refused = await save('watched', [step]);
    await by('developer');
    const saved = await save('watched', [step]);
    await by('viewer');
    const triggered = await send('post', 'projects/shop/pipelines/watched/releases', {
      changes: [{ flag: 'watched', definition: ON }],
    });

    expect([refused.status, saved.status, triggered.status]).toEqual([400, 201, 400]);
    expect(refused.body.errors).toEqual([{ path: 'process[0].approvals', message }]);
    expect(triggered.body.errors).toEqual([{ path: 'pipeline.process[0].approvals', message }]);
  });

  it.each([
    ['fields of another kind', { ...check, url: 'https://x.example.com' }, 'process[0].url'],
    ['an unknown kind', { ...check, kind: 'shell' }, 'process[0].kind'],
    ['no kind', { name: 'x' }, 'process[0].kind'],
    ['a wrong condition', { ...check, runWhen: 'sometimes' }, 'process[0].runWhen'],
    ['a list as a name', { ...check, name: [] }, 'process[0].name'],
  ])('INV-8: is refused with %s', async (_, step, path) => {
    const { status, body } = await save('shape', [step]);

    expect([status, body.code]).toEqual([400, 'request.invalid']);
    expect(pathsOf(body)).toEqual([path]);
  });

  it('INV-8: is refused with a body of more lists inside one another than it may have', async () => {
    const deep = `${'['.repeat(40)}${']'.repeat(40)}`;
    const step = JSON.stringify({ name: 'Call', kind: 'http', url: 'https://x.example.com', body: 0 });

    const { status, body } = await request(api.app)
      .put('/v1/projects/shop/pipelines/deep')
      .set({ authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' })
      .send(`{"phases":${JSON.stringify(phases)},"process":[${step.replace(':0', `:${deep}`)}]}`);

    expect([status, pathsOf(body)]).toEqual([400, ['process[0].body']]);
  });

  it('INV-8: is refused with names that objects have by themselves', async () => {
    const step = { name: 'Call', kind: 'http', url: 'https://x.example.com', body: {}, headers: {}, outputs: {} };
    const sent = JSON.stringify(step).replace('"body":{}', '"body":{"a":{"__proto__":1}}');

    const { status, body } = await request(api.app)
      .put('/v1/projects/shop/pipelines/proto')
      .set({ authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' })
      .send(`{"phases":${JSON.stringify(phases)},"process":[${sent}]}`);

    expect([status, pathsOf(body)]).toEqual([400, ['process[0].body.a.__proto__']]);
  });

  it('PIPE-7: can be applied as a document', async () => {
    const document = (process: object[]) => ({
      documents: [{ kind: 'pipeline', project: 'shop', name: 'applied', spec: { phases, process } }],
    });

    const refused = await send('post', 'apply', document([{ ...check, teams: ['ghosts'] }]));
    const applied = await send('post', 'apply', document(everything));
    const again = await send('post', 'apply', document(everything));

    expect([refused.status, pathsOf(refused.body)]).toEqual([400, ['documents[0].spec.process[0].teams[0]']]);
    expect([applied.status, again.status]).toEqual([200, 200]);
    expect(again.body.documents).toMatchObject([{ outcome: 'unchanged' }]);
  });

  it('PIPE-4: is judged again by a trigger, with the people and variables of then', async () => {
    const variable = { id: newId(), projectId, name: 'Region', value: 'eu', sensitive: 0 as const, environments: '[]' };
    await api.deps.store.write(({ sql }) =>
      sql
        .insertInto('variables')
        .values({ ...variable, createdAt: NOON, deletedAt: null })
        .execute(),
    );
    await send('put', 'projects/shop/flags/checkout', { kind: 'gate', definition: OFF });
    await send('put', 'teams/passing', { members: ['ada'] });
    const saved = await save('later', [
      { ...check, teams: ['passing'], instructions: '#{Region}' },
      {
        name: 'Post',
        kind: 'notify',
        url: 'https://x.example.com',
        text: 'x',
        runWhen: { expression: 'vars["Region"] == "eu"' },
      },
    ]);
    await api.deps.store.write(({ sql }) =>
      sql.updateTable('variables').set({ deletedAt: NOON }).where('id', '=', variable.id).execute(),
    );
    await send('put', 'teams/passing', { members: [] });

    const { status, body } = await send('post', 'projects/shop/pipelines/later/releases', {
      changes: [{ flag: 'checkout', definition: ON }],
    });

    expect(saved.status).toBe(201);
    expect([status, body.code]).toEqual([400, 'release.invalid']);
    expect(pathsOf(body)).toEqual([
      'pipeline.process[0].approvals',
      'pipeline.process[0].instructions',
      'pipeline.process[1].runWhen.expression',
    ]);
  });
});

describe('a roll-out', () => {
  it('PRO-7: that would release a phase with nothing in it is no definition', async () => {
    const { status, body } = await save('no-roll-out', [
      { name: 'Go', kind: 'roll-out', runWhen: 'failure', environments: ['production'] },
    ]);

    expect(status).toBe(400);
    expect(pathsOf(body)).toEqual(['process[0].environments', 'process[0].runWhen']);
  });
});

describe('the webhook of a chat', () => {
  it('INV-7: is shown to those alone who may edit the pipeline; to others its origin, under the same ETag', async () => {
    const url = 'https://chat.example.com:8443/services/T0/B0/planted?x=secret';
    const post = { name: 'Post', kind: 'notify', url, text: 'Done' };
    await save('secretive', [post]);
    await send('put', 'users/grace', { roles: [{ role: 'viewer', project: 'shop' }] });
    const { body: made } = await send('post', 'users/grace/tokens', { name: 'test' });
    const asGrace = (path: string) =>
      request(api.app)
        .get(`/v1/${path}`)
        .set({ authorization: `Bearer ${(made as { token: string }).token}` });

    const whole = await send('get', 'projects/shop/pipelines/secretive');
    const shown = await asGrace('projects/shop/pipelines/secretive');
    const pinned = await asGrace('projects/shop/pipelines/secretive?version=1');

    expect(whole.body.process[0].url).toBe(url);
    expect(shown.body).toEqual({
      ...whole.body,
      process: [{ ...whole.body.process[0], url: 'https://chat.example.com:8443/…' }],
    });
    expect(shown.headers['etag']).toBe(whole.headers['etag']);
    expect(pinned.text).not.toContain('planted');
    const put = await send('put', 'projects/shop/pipelines/secretive', shown.body as object);
    expect([put.status, pathsOf(put.body)]).toEqual([400, ['process[0].url']]);
    const others = ['projects/shop/pipelines', 'audit?project=shop', 'projects/shop'].map((path) => send('get', path));
    for (const { status, text } of await Promise.all(others)) {
      expect([status, text.includes('planted')]).toEqual([200, false]);
    }
  });
});

describe('what a step names', () => {
  it('HTTP-7: is not deleted meanwhile, and the refusal says who needs it', async () => {
    for (const team of ['asked', 'escalated', 'free']) {
      await send('put', `teams/${team}`, { members: ['ada'] });
    }
    for (const environment of ['only', 'never', 'unused']) {
      await send('put', `projects/shop/environments/${environment}`, {});
    }
    const deadline = { after: '1h', outcome: 'escalate', escalateTo: ['escalated'] };
    await save('names-them', [
      { ...check, teams: ['asked'], deadline, environments: ['only'] },
      { name: 'Roll out', kind: 'roll-out', notEnvironments: ['never'] },
    ]);

    const facts = { users: ['pipeline names-them'] };
    for (const path of ['teams/asked', 'teams/escalated']) {
      expect((await send('delete', path)).body).toMatchObject({ status: 409, code: 'team.in-use', facts });
    }
    for (const environment of ['only', 'never']) {
      const { body } = await send('delete', `projects/shop/environments/${environment}`);
      expect(body).toMatchObject({ status: 409, code: 'environment.in-use', facts });
    }
    expect((await send('delete', 'teams/free')).status).toBe(204);
    expect((await send('delete', 'projects/shop/environments/unused')).status).toBe(204);
  });
});
