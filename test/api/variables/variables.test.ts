import { inPieces } from '../../../src/store/in-pieces';
import { newId } from '../../../src/store/new-id';
import { findVariable } from '../../../src/store/variables/find-variable';
import { MOST_VARIABLES } from '../../../src/store/variables/put-variable';
import { openVariable } from '../../../src/store/variables/variable-value';
import { administratorOf, type ApiClient } from '../../support/api-client';
import { startApi, type ApiFixture } from '../../support/api-fixture';
import { addPeopleOfShop } from '../../support/people-of-shop';
import { insertProject, NOON, OFF, ON, type ProjectFixture } from '../../support/store-fixtures';
import { placesOf } from '../../support/written-in';

const SECRET = 'planted-value-of-a-variable';

let api: ApiFixture;
let project: ProjectFixture;
let manager: ApiClient;
let developer: ApiClient;
let viewer: ApiClient;
let stranger: ApiClient;

beforeAll(async () => {
  api = await startApi({ now: () => NOON });
  ({ project, manager, developer, viewer, stranger } = await addPeopleOfShop(api));
});

afterAll(() => api.close());

const at = (name: string) => `/v1/projects/shop/variables/${name}`;
const faultsIn = (answer: { body: unknown }) => (answer.body as { errors: { path: string; message: string }[] }).errors;
const pathsIn = (answer: { body: unknown }) => faultsIn(answer).map((fault) => fault.path);

async function stored(name: string): Promise<string> {
  const row = await findVariable(api.deps.store.read, project.projectId, name);
  return row ? openVariable(api.deps.secretBox, row) : '';
}

async function eventsOf(name: string) {
  const rows = await api.deps.store.read.selectFrom('events').selectAll().orderBy('position').execute();
  return rows
    .map(({ type, data }) => ({ type, data: JSON.parse(data) as { variable?: string } }))
    .filter(({ data }) => data.variable === name);
}

const eventTypesOf = async (name: string) => (await eventsOf(name)).map(({ type }) => type);

describe('PUT /v1/projects/{project}/variables/{variable}', () => {
  it('VAR-6: creates with defaults, a Location and an ETag', async () => {
    const { status, body, headers } = await manager.put(at('Region'), { value: 'eu' });
    const read = await viewer.get(at('Region')).expect(200);

    expect(status).toBe(201);
    expect(headers['location']).toBe(at('Region'));
    expect(headers['etag']).toBe(read.headers['etag']);
    expect(body).toEqual({
      ...{ name: 'Region', project: 'shop', value: 'eu', environments: [], tenants: [], sensitive: false },
      createdAt: new Date(NOON).toISOString(),
    });
    expect(read.body).toEqual(body);
  });

  it('HTTP-7: changes nothing with the same content, in whatever words', async () => {
    const first = await manager.put(at('Same'), { value: 'x', environments: ['production', 'staging'] }).expect(201);

    const answers = [
      await manager.put(at('Same'), { value: 'x', environments: ['staging', 'production', 'staging'], tenants: [] }),
      await manager.put(at('Same'), { value: 'x', environments: ['staging', 'production'], sensitive: false }),
      await manager.put(at('Same'), (await manager.get(at('Same'))).body as object),
      await manager.put(at('Same'), first.body as object),
    ];

    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.headers['etag']).toBe(first.headers['etag']);
      expect(answer.body).toEqual(first.body);
    }
    expect(first.body).toMatchObject({ environments: ['staging', 'production'] });
    expect(await eventTypesOf('Same')).toEqual(['variable-created']);
  });

  it('HTTP-7: replaces what is sent, and what is left out is as in a new one', async () => {
    await manager.put(at('Replaced'), { value: 'one', environments: ['staging'] }).expect(201);

    const { body } = await manager.put(at('Replaced'), { value: 'two' }).expect(200);

    expect(body).toMatchObject({ value: 'two', environments: [] });
  });

  it('VAR-4: shows no sensitive value, and takes the GET body as it is', async () => {
    const made = await manager.put(at('Secret'), { value: SECRET, sensitive: true }).expect(201);
    const read = await manager.get(at('Secret')).expect(200);

    const again = await manager.put(at('Secret'), read.body as object).expect(200);
    const same = await manager.put(at('Secret'), { value: SECRET, sensitive: true }).expect(200);

    expect(read.body).toMatchObject({ value: null, sensitive: true });
    for (const answer of [made, again, same]) {
      expect(answer.body).toEqual(read.body);
      expect(answer.headers['etag']).toBe(read.headers['etag']);
    }
    expect(await stored('Secret')).toBe(SECRET);
    expect(await eventTypesOf('Secret')).toEqual(['variable-created']);
  });

  it('VAR-4: one that is sensitive stays so where nothing is said, and is turned off with a value only', async () => {
    await manager.put(at('Kept'), { value: SECRET, sensitive: true }).expect(201);

    const moved = await manager.put(at('Kept'), { value: null, environments: ['staging'] }).expect(200);
    const changed = await manager.put(at('Kept'), { value: 'another-planted-value' }).expect(200);
    const refused = await manager.put(at('Kept'), { value: null, sensitive: false });
    const shown = await manager.put(at('Kept'), { value: 'open', sensitive: false }).expect(200);

    expect(moved.body).toMatchObject({ value: null, sensitive: true, environments: ['staging'] });
    expect(changed.body).toMatchObject({ value: null, sensitive: true });
    expect([refused.status, pathsIn(refused)]).toEqual([400, ['value']]);
    expect(shown.body).toMatchObject({ value: 'open', sensitive: false });
    expect((await eventsOf('Kept')).map(({ data }) => data)).toMatchObject([
      { sensitive: true, environments: [] },
      { sensitive: true, environments: ['staging'] },
      { sensitive: true, environments: [] },
      { sensitive: false },
    ]);
  });

  it.each([{ value: null }, { value: null, sensitive: true }])('VAR-6: a new one needs a value: %j', async (body) => {
    const answer = await manager.put(at('Valueless'), body);

    expect([answer.status, pathsIn(answer)]).toEqual([400, ['value']]);
    expect(answer.body).toMatchObject({ code: 'variable.invalid' });
    await manager.get(at('Valueless')).expect(404);
  });

  it('HTTP-4: names every fault at once, each with its path', async () => {
    const answer = await manager.put(at('Faulty'), {
      ...{ value: null, environments: ['moon', 'staging', 'constructor'], tenants: ['acme'] },
    });

    expect(answer.status).toBe(400);
    expect(faultsIn(answer).slice(1)).toEqual([
      { path: 'environments[0]', message: 'names the environment "moon", which does not exist' },
      { path: 'environments[2]', message: 'names the environment "constructor", which does not exist' },
      { path: 'tenants[0]', message: 'names the tenant "acme", which does not exist' },
    ]);
    expect(faultsIn(answer)[0]).toMatchObject({ path: 'value' });
  });

  it('VAR-6: names no environment of another project', async () => {
    await administratorOf(api).put('/v1/projects/blog/environments/mars', {}).expect(201);

    expect(pathsIn(await manager.put(at('Far'), { value: 'x', environments: ['mars'] }))).toEqual(['environments[0]']);
  });

  it.each([
    [{ value: 'a\0b' }, 'value'],
    [{ value: '\ud800' }, 'value'],
    [{ value: 'x'.repeat(32 * 1024 + 1) }, 'value'],
    [{ value: '€'.repeat(11_000) }, 'value'],
    [{ value: 1 }, 'value'],
    [{}, 'value'],
    [{ value: 'x', sensitive: 'yes' }, 'sensitive'],
    [{ value: 'x', environments: 'staging' }, 'environments'],
    [{ value: 'x', tenants: null }, 'tenants'],
    [{ value: 'x', secret: true }, 'secret'],
  ])('INV-8: refuses a body that cannot be meant (%#)', async (body, place) => {
    const answer = await manager.put(at('Bad'), body);

    expect([answer.status, pathsIn(answer)]).toEqual([400, [place]]);
    expect(answer.body).toMatchObject({ code: 'request.invalid' });
  });

  it('VAR-6: takes 32 KB of text, lines and blanks as they are', async () => {
    const value = ` ${'é'.repeat(16 * 1024 - 2)}\r\n\t`;

    const { body } = await manager.put(at('Large'), { value }).expect(201);

    expect(body).toMatchObject({ value });
    expect((await manager.put(at('Empty'), { value: '' }).expect(201)).body).toMatchObject({ value: '' });
  });

  it.each(['a', 'Db.Url', 'x-y_z.1', 'Octopus', 'Octopuses.Name', 'constructor', `n${'x'.repeat(99)}`])(
    'VAR-6: takes the name %s',
    async (name) => {
      await manager.put(at(name), { value: 'x' }).expect(201);

      expect((await manager.get(at(name)).expect(200)).body).toMatchObject({ name });
    },
  );

  it.each([
    '1a',
    '_a',
    '.a',
    'a b',
    'a/b',
    'a#{b}',
    'é',
    'Octopus.Name',
    'oCTOPUS.x',
    'Action[a].x',
    `n${'x'.repeat(100)}`,
  ])('VAR-3: refuses the name %s', async (name) => {
    const answer = await manager.put(at(encodeURIComponent(name)), { value: 'x' });

    expect([answer.status, pathsIn(answer)]).toEqual([400, ['path.variable']]);
  });

  it('HTTP-7: guards by If-Match and creates only by If-None-Match', async () => {
    const { headers } = await manager.put(at('Guarded'), { value: '1' }, { 'if-none-match': '*' }).expect(201);
    const etag = String(headers['etag']);

    await manager.put(at('Guarded'), { value: '2' }, { 'if-match': etag }).expect(200);

    for (const answer of [
      await manager.put(at('Guarded'), { value: '3' }, { 'if-match': etag }),
      await manager.put(at('Guarded'), { value: '3' }, { 'if-none-match': '*' }),
      await manager.put(at('Missing'), { value: '3' }, { 'if-match': '*' }),
      await manager.delete(at('Guarded'), { 'if-match': etag }),
    ]) {
      expect(answer.status).toBe(412);
      expect(answer.body).toMatchObject({ code: 'request.precondition-failed' });
    }
    expect(await stored('Guarded')).toBe('2');
  });

  it('HTTP-7: of two edits with one If-Match only one wins', async () => {
    const { headers } = await manager.put(at('Raced'), { value: '0', sensitive: true }).expect(201);
    const ifMatch = { 'if-match': String(headers['etag']) };

    const answers = await Promise.all(['1', '2'].map((value) => manager.put(at('Raced'), { value }, ifMatch)));

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect(await eventTypesOf('Raced')).toEqual(['variable-created', 'variable-changed']);
  });

  it('of several who create it at once one does', async () => {
    const answers = await Promise.all(
      [1, 2, 3].map(() => manager.put(at('AtOnce'), { value: SECRET, sensitive: true })),
    );

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
    expect(await eventTypesOf('AtOnce')).toEqual(['variable-created']);
  });
});

describe('who may do what', () => {
  it('takes VariableEdit to write and ProjectView to read', async () => {
    await manager.put(at('Theirs'), { value: 'x' }).expect(201);

    for (const person of [viewer, developer]) {
      await person.get(at('Theirs')).expect(200);
      await person.get('/v1/projects/shop/variables').expect(200);
      for (const answer of [await person.put(at('Theirs'), { value: 'y' }), await person.delete(at('Theirs'))]) {
        expect(answer.status).toBe(403);
        expect(answer.body).toMatchObject({ code: 'request.forbidden', facts: { permission: 'VariableEdit' } });
      }
    }
    expect(await stored('Theirs')).toBe('x');
  });

  it('HTTP-3: a stranger does not see the project', async () => {
    for (const answer of [
      await stranger.put(at('Theirs'), { value: 'y' }),
      await stranger.get(at('Theirs')),
      await stranger.get('/v1/projects/shop/variables'),
      await stranger.delete(at('Theirs')),
    ]) {
      expect([answer.status, (answer.body as { code: string }).code]).toEqual([404, 'project.unknown']);
    }
  });
});

describe('GET and list', () => {
  it('HTTP-5: go page by page, newest first, without sensitive values', async () => {
    const admin = administratorOf(api);
    await insertProject(api.deps.store, 'paged');
    for (const name of ['One', 'Two', 'Three']) {
      await admin.put(`/v1/projects/paged/variables/${name}`, { value: SECRET, sensitive: true }).expect(201);
    }
    const page = async (query: string) =>
      (await admin.get(`/v1/projects/paged/variables?${query}`).expect(200)).body as {
        items: { name: string; value: string | null }[];
        next: string | null;
      };

    const first = await page('limit=2');
    const second = await page(`limit=2&cursor=${first.next}`);

    expect(first.items.map(({ name, value }) => [name, value])).toEqual([
      ['Three', null],
      ['Two', null],
    ]);
    expect([second.items.map(({ name }) => name), second.next]).toEqual([['One'], null]);
  });

  it('HTTP-7: answer a GET whose ETag is known with 304, and what never was with 404', async () => {
    const { headers } = await manager.put(at('Cached'), { value: 'x' }).expect(201);

    await viewer.get(at('Cached'), { 'if-none-match': String(headers['etag']) }).expect(304);
    expect((await viewer.get(at('Never')).expect(404)).body).toMatchObject({ code: 'variable.unknown' });
  });
});

it('VAR-6: a project has only so many; another is refused with what to do', async () => {
  const { projectId } = await insertProject(api.deps.store, 'full');
  const owner = administratorOf(api);
  const rows = Array.from({ length: MOST_VARIABLES }, (_, index) => ({
    ...{ id: newId(), projectId, name: `V${index}`, value: 'x', sensitive: 0 as const, environments: '[]' },
    ...{ createdAt: NOON, deletedAt: null },
  }));
  await api.deps.store.write(async ({ sql }) => {
    for (const piece of inPieces(rows)) await sql.insertInto('variables').values(piece).execute();
  });

  const refused = await owner.put('/v1/projects/full/variables/More', { value: 'x' });
  const document = { kind: 'variable', project: 'full', name: 'More', spec: { value: 'x' } };
  const applied = await owner.post('/v1/apply', { documents: [document] });

  expect(refused.status).toBe(409);
  expect(refused.body).toMatchObject({
    code: 'variable.too-many',
    detail: 'The project has 500 variables, and can have no more: delete one that nothing uses',
    facts: { most: 500 },
  });
  expect(applied.body).toMatchObject({ status: 409, code: 'variable.too-many', errors: [{ path: 'documents[0]' }] });
  await owner.put('/v1/projects/full/variables/V7', { value: 'y' }).expect(200);
});

it('VAR-4: one that a mail is sent to can be marked as sensitive, and no pipeline names a sensitive one there', async () => {
  const phases = [{ name: 'all', bake: '1h', rules: [{ environments: ['production'] }] }];
  const mailing = (subject: string) => ({
    phases,
    process: [{ name: 'Tell', kind: 'email', to: ['ada@example.com', '#{Whom}'], subject, body: 'It is out' }],
  });
  await manager.put('/v1/projects/shop/flags/told', { kind: 'gate', definition: OFF }).expect(201);
  await manager.put(at('Whom'), { value: 'grace@example.com' }).expect(201);
  await manager.put('/v1/projects/shop/pipelines/mailing', mailing('Out')).expect(201);

  await manager.put(at('Whom'), { value: 'grace@example.com', sensitive: true }).expect(200);

  await manager.put('/v1/projects/shop/pipelines/mailing', mailing('Out')).expect(200);
  const changed = await manager.put('/v1/projects/shop/pipelines/mailing', mailing('It is out'));
  expect([changed.status, pathsIn(changed)]).toEqual([400, ['process[0].to[1]']]);
  const triggered = await manager.post('/v1/projects/shop/pipelines/mailing/releases', {
    changes: [{ flag: 'told', definition: ON }],
  });
  expect([triggered.status, pathsIn(triggered)]).toEqual([400, ['pipeline.process[0].to[1]']]);
});

describe('DELETE /v1/projects/{project}/variables/{variable}', () => {
  it('HTTP-7: is soft: then 410, and the name is not given again', async () => {
    await manager.put(at('Old'), { value: SECRET, sensitive: true }).expect(201);

    await manager.delete(at('Old')).expect(204);

    for (const answer of [
      await manager.get(at('Old')),
      await manager.put(at('Old'), { value: 'x' }),
      await manager.delete(at('Old')),
    ]) {
      expect([answer.status, (answer.body as { code: string }).code]).toEqual([410, 'variable.gone']);
    }
    expect((await manager.get('/v1/projects/shop/variables?limit=200')).text).not.toContain('"name":"Old"');
    expect((await manager.delete(at('Never'))).body).toMatchObject({ code: 'variable.unknown' });
    expect(await eventTypesOf('Old')).toEqual(['variable-created', 'variable-deleted']);
  });

  it('VAR-3: is refused while the process of a pipeline uses it, naming it', async () => {
    const rules = [{ environments: ['production'] }];
    const phases = [{ name: 'all', bake: '1h', rules }];
    const process = [{ name: 'Check', kind: 'manual', instructions: 'Look at #{Board}' }];
    await manager.put(at('Board'), { value: 'https://example.com' }).expect(201);
    await manager.put('/v1/projects/shop/pipelines/standard', { phases, process }).expect(201);

    const refused = await manager.delete(at('Board'));

    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'variable.in-use', facts: { users: ['pipeline standard'] } });
    await manager.put('/v1/projects/shop/pipelines/standard', { phases }).expect(200);
    await manager.delete(at('Board')).expect(204);
  });

  it('VAR-3: is refused while a condition uses it, whoever else does not', async () => {
    const phases = [{ name: 'all', bake: '1h', rules: [{ environments: ['production'] }] }];
    const asking = {
      name: 'Check',
      kind: 'manual',
      instructions: 'Look',
      runWhen: { expression: 'vars["Gate"] == "1"' },
    };
    await manager.put(at('Gate'), { value: '1' }).expect(201);
    await manager.put('/v1/projects/shop/pipelines/gated', { phases, process: [asking] }).expect(201);
    await manager.put('/v1/projects/shop/pipelines/plain', { phases }).expect(201);

    const refused = await manager.delete(at('Gate')).expect(409);

    expect(refused.body).toMatchObject({ code: 'variable.in-use', facts: { users: ['pipeline gated'] } });
  });

  it('an environment that a variable is limited to is not deleted', async () => {
    await manager.put(at('Limited'), { value: 'x', environments: ['development'] }).expect(201);
    const admin = administratorOf(api);

    const refused = await admin.delete('/v1/projects/shop/environments/development');

    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'environment.in-use', facts: { users: ['variable Limited'] } });
  });
});

it('VAR-4: a sensitive value is in no answer, log, event, audit or table, whatever is tried with it', async () => {
  const planted = 'planted-and-looked-for';
  const other = 'planted-in-its-place';
  const answers = [
    await manager.put(at('Silent'), { value: planted, sensitive: true }),
    await manager.put(at('Silent'), { value: planted, sensitive: true }, { 'if-match': '"other"' }),
    await manager.put(at('Silent'), { value: planted, sensitive: true, environments: ['moon'] }),
    await manager.put(at('Silent'), { value: planted, sensitive: true, colour: 'red' }),
    await developer.put(at('Silent'), { value: planted, sensitive: true }),
    await manager.put(at('Silent'), { value: other, sensitive: true, environments: ['staging'] }),
    await manager.get(at('Silent')),
    await manager.get('/v1/projects/shop/variables?limit=200'),
    await administratorOf(api).get('/v1/audit?project=shop&limit=200'),
    await administratorOf(api).get('/v1/audit/export?project=shop'),
    await manager.delete(at('Silent')),
  ];

  expect(answers.map(({ status }) => status)).toEqual([201, 412, 400, 400, 403, 200, 200, 200, 200, 200, 204]);
  for (const text of [planted, other]) {
    for (const answer of answers) {
      expect(answer.text ?? '').not.toContain(text);
      expect(JSON.stringify(answer.headers)).not.toContain(text);
    }
    expect(api.logged.join('\n')).not.toContain(text);
    expect(await placesOf(text, api.deps.store)).toEqual([]);
  }
  expect(JSON.stringify(await eventsOf('Silent'))).not.toMatch(/value|length/);
  expect(await placesOf('Silent', api.deps.store)).toEqual(expect.arrayContaining(['variables', 'events']));
});

it('INV-4: no value is in an event, whether sensitive or not: it can turn out to have been a secret', async () => {
  await manager.put(at('Told'), { value: 'not-marked-as-secret' }).expect(201);
  await manager.put(at('Told'), { value: 'not-marked-either', environments: ['staging'] }).expect(200);

  expect(await placesOf('not-marked', api.deps.store)).not.toContain('events');
  expect(await eventsOf('Told')).toMatchObject([
    { type: 'variable-created', data: { environments: [] } },
    { type: 'variable-changed', data: { environments: ['staging'] } },
  ]);
});
