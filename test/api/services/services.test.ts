import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DAY } from '../../../src/domain/instant';
import { leaveQueues } from '../../../src/store/releases/queue';
import { findService } from '../../../src/store/services/find-service';
import { openSecret, secretsOf } from '../../../src/store/services/service-secrets';
import { addPerson, administratorOf, clientOf, type ApiClient } from '../../support/api-client';
import { startApi, type ApiFixture } from '../../support/api-fixture';
import { insertProject, insertRelease, NOON, type ProjectFixture } from '../../support/store-fixtures';

const STAGING = 'https://staging.example.com/deploy';
const PRODUCTION = 'https://example.com/deploy';
const both = { staging: STAGING, production: PRODUCTION };

let api: ApiFixture;
let project: ProjectFixture;
let admin: ApiClient;
let developer: ApiClient;
let viewer: ApiClient;
let clock = NOON;

beforeAll(async () => {
  api = await startApi({ now: () => clock });
  project = await insertProject(api.deps.store, 'shop');
  admin = administratorOf(api);
  developer = await addPerson(api, 'ada', [{ role: 'developer', project: 'shop' }]);
  viewer = await addPerson(api, 'grace', [{ role: 'viewer', project: 'shop' }]);
});

afterAll(() => api.close());

const at = (name: string) => `/v1/projects/shop/services/${name}`;
const secretOf = (answer: { body: unknown }) => (answer.body as { secret: string }).secret;
const pathsIn = (answer: { body: unknown }) =>
  (answer.body as { errors: { path: string }[] }).errors.map((fault) => fault.path);

async function idOf(name: string): Promise<string> {
  return (await findService(api.deps.store.read, project.projectId, name))?.id ?? '';
}

/** What requests to the service would be signed with. */
async function signing(name: string): Promise<string[]> {
  const sealed = await secretsOf(api.deps.store.read, await idOf(name), clock);
  return sealed.map((secret) => openSecret(api.deps.secretBox, secret));
}

async function eventsOf(name: string) {
  const rows = await api.deps.store.read.selectFrom('events').selectAll().orderBy('position').execute();
  return rows
    .map(({ type, data }) => ({ type, data: JSON.parse(data) as { service?: string } }))
    .filter(({ data }) => data.service === name);
}

const eventTypesOf = async (name: string) => (await eventsOf(name)).map(({ type }) => type);

describe('PUT /v1/projects/{project}/services/{service}', () => {
  it('WHK-1: creates with defaults, a Location, an ETag and a secret, shown once', async () => {
    const { status, body, headers } = await admin.put(at('payments'), { endpoints: both });
    const read = await admin.get(at('payments'));

    expect(status).toBe(201);
    expect(headers['location']).toBe(at('payments'));
    expect(headers['etag']).toBe(read.headers['etag']);
    expect(body).toEqual({
      ...{ name: 'payments', project: 'shop', displayName: 'payments', endpoints: both, timeoutMs: 30_000 },
      ...{ callback: false, callbackTimeoutMs: 3_600_000 },
      ...{ createdAt: new Date(NOON).toISOString(), secretCreatedAt: new Date(NOON).toISOString() },
      ...{ versions: { development: null, staging: null, production: null }, release: null, queued: [] },
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) as string,
    });
    const { secret, ...shown } = body as { secret: string };
    expect(read.body).toEqual(shown);
    expect(await signing('payments')).toEqual([secret]);
  });

  it('HTTP-7: changes nothing with the same content, in whatever words', async () => {
    const first = await admin.put(at('same'), { endpoints: both, timeout: '1m', displayName: 'Same' }).expect(201);

    const answers = [
      await admin.put(at('same'), { endpoints: both, timeout: 'PT1M', displayName: 'Same' }),
      await admin.put(at('same'), { endpoints: both, timeout: 60_000, timeoutMs: 1, displayName: 'Same' }),
      await admin.put(at('same'), { timeoutMs: 60_000, displayName: 'Same', callback: false, callbackTimeout: 'PT1H' }),
      await admin.put(at('same'), (await admin.get(at('same'))).body as object),
      await admin.put(at('same'), first.body as object),
    ];

    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.headers['etag']).toBe(first.headers['etag']);
      expect(answer.body).not.toHaveProperty('secret');
    }
    expect(await eventTypesOf('same')).toEqual(['service-created', 'service-secret-created']);
  });

  it('HTTP-7: replaces what is sent, keeps endpoints that are left out, clears them by {}', async () => {
    await admin.put(at('kept'), { endpoints: both, timeout: '1m', displayName: 'Kept' }).expect(201);

    const kept = await admin.put(at('kept'), {}).expect(200);
    const moved = await admin.put(at('kept'), { endpoints: { production: STAGING } }).expect(200);
    const cleared = await admin.put(at('kept'), { endpoints: {} }).expect(200);

    expect(kept.body).toMatchObject({ endpoints: both, timeoutMs: 30_000, displayName: 'kept' });
    expect((moved.body as { endpoints: object }).endpoints).toEqual({ production: STAGING });
    expect((cleared.body as { endpoints: object }).endpoints).toEqual({});
  });

  it('HTTP-4: names every fault at once, each with its path', async () => {
    const answer = await admin.put(at('faulty'), {
      endpoints: {
        ...{ moon: PRODUCTION, staging: 'ftp://example.com', production: 'http://127.0.0.1/deploy' },
        development: 'http://ada:secret@example.com',
      },
      timeout: '5 parsecs',
      callbackTimeout: '8d',
    });

    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'service.invalid' });
    expect(pathsIn(answer)).toEqual([
      'endpoints.moon',
      'endpoints.staging',
      'endpoints.production',
      'endpoints.development',
      'timeout',
      'callbackTimeout',
    ]);
    await admin.get(at('faulty')).expect(404);
  });

  it('PRO-6: takes answers that come later, with a time for them, and tells of both', async () => {
    await admin.put(at('answers'), {}).expect(201);

    const later = await admin.put(at('answers'), { callback: true, callbackTimeout: '2h' });
    const again = await admin.put(at('answers'), later.body as object);
    const longer = await admin.put(at('answers'), { callback: true, callbackTimeoutMs: 10_800_000 });
    const atOnce = await admin.put(at('answers'), {});

    expect(later.body).toMatchObject({ callback: true, callbackTimeoutMs: 7_200_000 });
    expect(again.headers['etag']).toBe(later.headers['etag']);
    expect(longer.body).toMatchObject({ callback: true, callbackTimeoutMs: 10_800_000 });
    expect(atOnce.body).toMatchObject({ callback: false, callbackTimeoutMs: 3_600_000 });
    const changes = (await eventsOf('answers')).filter(({ type }) => type === 'service-changed');
    expect(changes.map(({ data }) => data)).toMatchObject([
      { callback: true, callbackTimeoutMs: 7_200_000 },
      { callback: true, callbackTimeoutMs: 10_800_000 },
      { callback: false, callbackTimeoutMs: 3_600_000 },
    ]);
  });

  it.each([
    [{ timeout: '999s' }, 'timeout'],
    [{ timeoutMs: 999 }, 'timeoutMs'],
    [{ timeoutMs: 1_000.5 }, 'timeoutMs'],
    [{ timeout: 0, timeoutMs: 1_000 }, 'timeout'],
    [{ callbackTimeout: 'soon' }, 'callbackTimeout'],
    [{ callbackTimeoutMs: 604_800_001 }, 'callbackTimeoutMs'],
    [{ endpoints: { constructor: PRODUCTION } }, 'endpoints.constructor'],
    [{ endpoints: { staging: '' } }, 'endpoints.staging'],
    [{ endpoints: { staging: `https://example.com/${'x'.repeat(2_000)}` } }, 'endpoints.staging'],
  ])('INV-8: refuses %j with its path', async (body, place) => {
    const answer = await admin.put(at('bad'), body);

    expect([answer.status, pathsIn(answer)]).toEqual([400, [place]]);
  });

  it.each([
    { endpoints: [PRODUCTION] },
    { endpoints: null },
    { endpoints: { staging: null } },
    { endpoints: { staging: { url: STAGING } } },
    { timeout: true },
    { callback: 'no' },
    { displayName: '' },
    { retries: 3 },
  ])('INV-8: refuses %j as not fitting', async (body) => {
    const answer = await admin.put(at('bad'), body);

    expect([answer.status, (answer.body as { code: string }).code]).toEqual([400, 'request.invalid']);
  });

  it('INV-8: refuses endpoints for more environments than there can be', async () => {
    const names = Array.from({ length: 40_000 }, (_, index) => [`e${index}`, 'https://a.b']);

    const answer = await admin.put(at('bad'), { endpoints: Object.fromEntries(names) as object });

    expect([answer.status, pathsIn(answer).length]).toEqual([400, 100]);
  });

  it('REL-19: takes addresses that were accepted before, and judges new ones', async () => {
    const rules = { fault: (_: string): string | null => null };
    const strict = await startApi({ endpointFault: (url) => rules.fault(url) });
    await insertProject(strict.deps.store, 'shop');
    const owner = administratorOf(strict);
    await owner.put(at('old'), { endpoints: both }).expect(201);
    rules.fault = () => 'must be something else';

    const renamed = await owner.put(at('old'), { endpoints: both, displayName: 'Old' });
    const mended = await owner.put(at('old'), { endpoints: { ...both, staging: PRODUCTION } });

    expect(renamed.status).toBe(200);
    expect([mended.status, pathsIn(mended)]).toEqual([400, ['endpoints.staging']]);
    await strict.close();
  });

  it('HTTP-7: guards by If-Match and creates only by If-None-Match', async () => {
    const { headers } = await admin.put(at('guarded'), {}, { 'if-none-match': '*' }).expect(201);
    const etag = String(headers['etag']);

    await admin.put(at('guarded'), { displayName: 'Two' }, { 'if-match': etag }).expect(200);

    for (const answer of [
      await admin.put(at('guarded'), { displayName: 'Three' }, { 'if-match': etag }),
      await admin.put(at('guarded'), {}, { 'if-none-match': '*' }),
      await admin.put(at('missing'), {}, { 'if-match': '*' }),
      await admin.delete(at('guarded'), { 'if-match': etag }),
    ]) {
      expect(answer.status).toBe(412);
      expect(answer.body).toMatchObject({ code: 'request.precondition-failed' });
    }
    expect((await admin.get(at('guarded'))).body).toMatchObject({ displayName: 'Two' });
  });

  it('HTTP-7: of two edits with one If-Match only one wins', async () => {
    const { headers } = await admin.put(at('raced'), {}).expect(201);
    const ifMatch = { 'if-match': String(headers['etag']) };

    const answers = await Promise.all(
      ['One', 'Two'].map((displayName) => admin.put(at('raced'), { displayName }, ifMatch)),
    );

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it('of two who create it at once one gets the secret', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => admin.put(at('at-once'), { endpoints: both })));

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
    expect(await signing('at-once')).toEqual(answers.filter(({ status }) => status === 201).map(secretOf));
  });

  it('REL-19: takes a mended endpoint while a release runs', async () => {
    await admin.put(at('broken'), { endpoints: { production: STAGING } }).expect(201);
    const serviceIds = [await idOf('broken')];
    const id = await api.deps.store.write((unit) => insertRelease(unit, project.projectId, [], { serviceIds }));

    const { status, body } = await admin.put(at('broken'), { endpoints: { production: PRODUCTION } });

    expect(status).toBe(200);
    expect(body).toMatchObject({ endpoints: { production: PRODUCTION }, release: id });
  });
});

describe('who may do what', () => {
  it('a developer creates a service without endpoints, and gets no secret as none is made', async () => {
    const { status, body } = await developer.put(at('bare'), { displayName: 'Bare', timeout: '1m' });

    expect(status).toBe(201);
    expect(body).toMatchObject({ secret: null, secretCreatedAt: null, endpoints: {} });
    expect(await signing('bare')).toEqual([]);
  });

  it.each([
    ['creating with endpoints', 'new', { endpoints: both }],
    ['adding one', 'theirs', { endpoints: { ...both, development: STAGING } }],
    ['changing one', 'theirs', { endpoints: { ...both, staging: PRODUCTION } }],
    ['taking one away', 'theirs', { endpoints: { staging: STAGING } }],
    ['clearing them', 'theirs', { endpoints: {} }],
    ['naming an environment that does not exist', 'theirs', { endpoints: { ...both, moon: STAGING } }],
  ])('%s takes EndpointEdit, and a developer has none', async (_, name, body) => {
    await admin.put(at('theirs'), { endpoints: both });

    const refused = await developer.put(at(name), body);

    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({ code: 'request.forbidden', facts: { permission: 'EndpointEdit' } });
    expect((await admin.get(at('theirs'))).body).toMatchObject({ endpoints: both });
    await admin.get(at('new')).expect(404);
  });

  it('a developer changes the rest, and may send the endpoints that are there', async () => {
    await admin.put(at('shared'), { endpoints: both }).expect(201);

    const kept = await developer.put(at('shared'), { timeout: '2m' }).expect(200);
    const sent = await developer.put(at('shared'), { endpoints: both, displayName: 'Shared' }).expect(200);

    expect(kept.body).toMatchObject({ endpoints: both, timeoutMs: 120_000 });
    expect(sent.body).toMatchObject({ endpoints: both, displayName: 'Shared' });
  });

  it('a single permission besides is enough, in its project only', async () => {
    const keeper = await addPerson(api, 'keeper', [
      { role: 'developer', project: 'shop' },
      { permission: 'EndpointEdit', project: 'shop' },
    ]);
    await insertProject(api.deps.store, 'blog');

    const { status, body } = await keeper.put(at('keepers'), { endpoints: both });

    expect(status).toBe(201);
    expect(await signing('keepers')).toEqual([secretOf({ body })]);
    await keeper.post(`${at('keepers')}/secret`).expect(201);
    const elsewhere = await keeper.put('/v1/projects/blog/services/keepers', {});
    expect(elsewhere.body).toMatchObject({ code: 'project.unknown' });
  });

  it('SEC-3: a token without EndpointEdit has none, whoever its user is', async () => {
    const roles = [{ role: 'developer', project: 'shop' }];
    const { body } = await admin.post('/v1/users/admin/tokens', { roles }).expect(201);
    const narrow = clientOf(api, (body as { token: string }).token);

    await narrow.put(at('narrow'), { endpoints: both }).expect(403);
    expect((await narrow.put(at('narrow'), {}).expect(201)).body).toMatchObject({ secret: null });
    await narrow.post(`${at('narrow')}/secret`).expect(403);
  });

  it('a viewer sees addresses, and neither writes nor sees a secret', async () => {
    const { body } = await admin.put(at('seen'), { endpoints: both }).expect(201);

    const read = await viewer.get(at('seen')).expect(200);
    const listed = await viewer.get('/v1/projects/shop/services?limit=200').expect(200);

    expect(read.body).toMatchObject({ endpoints: both });
    expect(listed.text).toContain(STAGING);
    for (const answer of [read, listed, await admin.get(at('seen'))]) {
      expect(answer.text).not.toContain(secretOf({ body }));
      expect(answer.text).not.toContain('whsec_');
    }
    for (const answer of [await viewer.put(at('seen'), {}), await viewer.delete(at('seen'))]) {
      expect(answer.body).toMatchObject({ code: 'request.forbidden', facts: { permission: 'ServiceEdit' } });
    }
    expect((await viewer.post(`${at('seen')}/secret`)).body).toMatchObject({ facts: { permission: 'EndpointEdit' } });
  });

  it('INV-4: a refusal for want of EndpointEdit is in the audit', async () => {
    const eager = await addPerson(api, 'eager', [{ role: 'developer', project: 'shop' }]);

    await eager.put(at('wanted'), { endpoints: both }).expect(403);

    const { body } = await admin.get('/v1/audit?project=shop&actor=eager').expect(200);
    expect((body as { items: object[] }).items).toMatchObject([
      { type: 'permission-missing', data: { operation: 'putService', permission: 'EndpointEdit' } },
    ]);
  });
});

describe('POST /v1/projects/{project}/services/{service}/secret', () => {
  it('makes a new one at any time, and both sign for 24 hours', async () => {
    const first = secretOf(await admin.put(at('rotated'), {}).expect(201));
    const etag = String((await admin.get(at('rotated'))).headers['etag']);

    const answer = await admin.post(`${at('rotated')}/secret`);

    expect(answer.status).toBe(201);
    const second = secretOf(answer);
    expect(answer.body).toEqual({ secret: expect.stringMatching(/^whsec_/) as string });
    expect(await signing('rotated')).toEqual([second, first]);
    expect((await admin.get(at('rotated'))).headers['etag']).not.toBe(etag);
    clock += DAY;
    expect(await signing('rotated')).toEqual([second]);
  });

  it('makes the first one where there is none', async () => {
    await developer.put(at('first'), {}).expect(201);
    expect((await developer.post(`${at('first')}/secret`)).status).toBe(403);

    const secret = secretOf(await admin.post(`${at('first')}/secret`, {}).expect(201));

    expect(await signing('first')).toEqual([secret]);
    expect((await developer.get(at('first'))).body).toMatchObject({ secretCreatedAt: new Date(clock).toISOString() });
  });

  it('HTTP-6: gives a repetition the same secret, and makes one', async () => {
    await admin.put(at('repeated'), {}).expect(201);
    const ask = (key: string) => admin.post(`${at('repeated')}/secret`, {}, { 'idempotency-key': key });

    const first = await ask('one');
    const again = await Promise.all([ask('one'), ask('one')]);
    const other = await ask('two');

    expect(again.map(({ status, body }) => [status, body])).toEqual([
      [201, first.body],
      [201, first.body],
    ]);
    expect(secretOf(other)).not.toBe(secretOf(first));
    expect(await signing('repeated')).toHaveLength(3);
  });

  it('HTTP-6: an answer that was kept is the same after another one was made, and no other user’s', async () => {
    await admin.put(at('kept-answer'), {}).expect(201);
    const key = { 'idempotency-key': 'mine' };
    const mine = await admin.post(`${at('kept-answer')}/secret`, {}, key);
    const other = await addPerson(api, 'other', [{ role: 'administrator', project: 'shop' }]);

    const theirs = await other.post(`${at('kept-answer')}/secret`, {}, key).expect(201);

    expect(secretOf(theirs)).not.toBe(secretOf(mine));
    expect((await admin.post(`${at('kept-answer')}/secret`, {}, key)).body).toEqual(mine.body);
  });

  it('takes no settings', async () => {
    await admin.put(at('plain'), {}).expect(201);

    expect((await admin.post(`${at('plain')}/secret`, { secret: 'whsec_mine' })).status).toBe(400);
  });

  it('INV-7: leaves no secret in store, log or audit', async () => {
    const made = secretOf(await admin.put(at('silent'), { endpoints: both }).expect(201));
    const key = { 'idempotency-key': 'silent' };
    const second = secretOf(await admin.post(`${at('silent')}/secret`, {}, key).expect(201));
    const audit = await admin.get('/v1/audit?project=shop&limit=200').expect(200);
    const dataDir = api.deps.store.dataDir ?? '';
    const files = readdirSync(dataDir).map((name) => readFileSync(path.join(dataDir, name)));

    expect(files.some((bytes) => bytes.includes('silent'))).toBe(true);
    for (const secret of [made, second].map((text) => text.slice('whsec_'.length))) {
      expect(files.some((bytes) => bytes.includes(secret))).toBe(false);
      expect(api.logged.join('\n')).not.toContain(secret);
      expect(audit.text).not.toContain(secret);
    }
    const sealed = await secretsOf(api.deps.store.read, await idOf('silent'), clock);
    expect(sealed).toHaveLength(2);
    for (const secret of sealed) {
      expect(audit.text).not.toContain(secret.sealed);
    }
    expect(await eventTypesOf('silent')).toEqual([
      'service-created',
      'service-secret-created',
      'service-secret-created',
    ]);
  });
});

describe('GET and list', () => {
  it('show what was deployed where, the release that holds it, and those that wait', async () => {
    await admin.put(at('deployed'), { endpoints: both }).expect(201);
    const serviceId = await idOf('deployed');
    const environmentId = project.environments.staging;
    const [release, waiting] = await api.deps.store.write(async (unit) => {
      await unit.sql
        .insertInto('serviceVersions')
        .values({ serviceId, environmentId, version: '1.4.2', sequence: 1 })
        .execute();
      return [
        await insertRelease(unit, project.projectId, [], { serviceIds: [serviceId] }),
        await insertRelease(unit, project.projectId, [], { serviceIds: [serviceId], held: false }),
      ];
    });

    const { body } = await developer.get(at('deployed')).expect(200);

    expect(body).toMatchObject({
      versions: { development: null, staging: '1.4.2', production: null },
      ...{ release, queued: [waiting] },
    });
    await developer.put(at('deployed'), body as object).expect(200);
  });

  it('HTTP-7: answer a GET whose ETag is known with 304', async () => {
    await admin.put(at('cached'), {}).expect(201);
    const { headers } = await admin.get(at('cached')).expect(200);

    await admin.get(at('cached'), { 'if-none-match': String(headers['etag']) }).expect(304);
  });

  it('HTTP-5: go page by page, newest first', async () => {
    await insertProject(api.deps.store, 'paged');
    for (const name of ['one', 'two', 'three']) {
      await admin.put(`/v1/projects/paged/services/${name}`, {}).expect(201);
    }
    const page = async (query: string) =>
      (await admin.get(`/v1/projects/paged/services?${query}`).expect(200)).body as {
        items: { name: string }[];
        next: string | null;
      };

    const first = await page('limit=2');
    const second = await page(`limit=2&cursor=${first.next}`);

    expect(first.items.map(({ name }) => name)).toEqual(['three', 'two']);
    expect([second.items.map(({ name }) => name), second.next]).toEqual([['one'], null]);
    await admin.get('/v1/projects/paged/services?cursor=nonsense').expect(400);
  });
});

describe('DELETE /v1/projects/{project}/services/{service}', () => {
  it('HTTP-7: is soft: then 410, and the name is not given again', async () => {
    await admin.put(at('old'), { endpoints: both }).expect(201);
    const serviceId = await idOf('old');

    await admin.delete(at('old')).expect(204);

    for (const answer of [
      await admin.get(at('old')),
      await admin.put(at('old'), {}),
      await admin.delete(at('old')),
      await admin.post(`${at('old')}/secret`),
    ]) {
      expect(answer.status).toBe(410);
      expect(answer.body).toMatchObject({ code: 'service.gone' });
    }
    expect((await admin.get('/v1/projects/shop/services?limit=200')).text).not.toContain('"name":"old"');
    expect(await secretsOf(api.deps.store.read, serviceId, clock)).toEqual([]);
    expect(await eventTypesOf('old')).toEqual(['service-created', 'service-secret-created', 'service-deleted']);
  });

  it('is 404 for what never was', async () => {
    expect((await admin.delete(at('never'))).body).toMatchObject({ code: 'service.unknown' });
  });

  it('REL-3: is refused while a release holds it or waits for it, naming them', async () => {
    await admin.put(at('busy'), {}).expect(201);
    const serviceIds = [await idOf('busy')];
    const releases = await api.deps.store.write(async (unit) => [
      await insertRelease(unit, project.projectId, [], { serviceIds }),
      await insertRelease(unit, project.projectId, [], { serviceIds, held: false }),
    ]);

    const refused = await admin.delete(at('busy'));

    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      code: 'service.in-use',
      facts: { users: releases.map((id) => `release ${id}`) },
    });
    await api.deps.store.write(async (unit) => {
      for (const id of releases) await leaveQueues(unit, id);
    });
    await admin.delete(at('busy')).expect(204);
  });

  it('HTTP-7: is refused while the process of a pipeline names its version, naming the pipeline', async () => {
    await admin.put(at('named'), {}).expect(201);
    const pipeline = '/v1/projects/shop/pipelines/names-it';
    const phases = [{ name: 'all', rules: [{ environments: ['staging'] }] }];
    const check = { name: 'Check', kind: 'manual', instructions: 'Look at #{Octopus.Release.Version[named]}.' };
    await admin.put(pipeline, { phases, process: [check] }).expect(201);

    const refused = await admin.delete(at('named'));

    expect([refused.status, refused.body]).toMatchObject([
      409,
      { code: 'service.in-use', facts: { users: ['pipeline names-it'] } },
    ]);
    // Only the newest version counts.
    await admin.put(pipeline, { phases, process: [{ ...check, instructions: 'Look.' }] }).expect(200);
    await admin.delete(at('named')).expect(204);
  });

  it('takes EndpointEdit where endpoints or secrets go with it', async () => {
    await developer.put(at('mine'), {}).expect(201);
    await admin.put(at('with-endpoints'), { endpoints: both }).expect(201);
    await admin.put(at('with-secret'), {}).expect(201);

    for (const name of ['with-endpoints', 'with-secret']) {
      const refused = await developer.delete(at(name));
      expect(refused.status).toBe(403);
      expect(refused.body).toMatchObject({ facts: { permission: 'EndpointEdit' } });
    }
    await developer.delete(at('mine')).expect(204);
  });

  it('of an environment takes its endpoints along', async () => {
    await insertProject(api.deps.store, 'shrinking');
    const service = '/v1/projects/shrinking/services/payments';
    const endpoints = { ...both, development: STAGING };
    const { headers } = await admin.put(service, { endpoints }).expect(201);

    await admin.delete('/v1/projects/shrinking/environments/development').expect(204);

    const after = await admin.get(service).expect(200);
    expect(after.body).toMatchObject({ endpoints: both, versions: { staging: null, production: null } });
    expect(after.headers['etag']).not.toBe(headers['etag']);
    expect(pathsIn(await admin.put(service, { endpoints }))).toEqual(['endpoints.development']);
  });
});

it('INV-4: each change of a service is told once, with what it is now', async () => {
  await admin.put(at('told'), { endpoints: both }).expect(201);
  await admin.put(at('told'), { timeout: '1m' }).expect(200);

  expect(await eventsOf('told')).toMatchObject([
    { type: 'service-created', data: { displayName: 'told', timeoutMs: 30_000, endpoints: both } },
    { type: 'service-secret-created' },
    { type: 'service-changed', data: { displayName: 'told', timeoutMs: 60_000, endpoints: both } },
  ]);
});
