import { NOTIFICATION_TYPES } from '../../../src/domain/notification';
import { findSubscription } from '../../../src/store/subscriptions/find-subscription';
import { openSubscriptionSecret } from '../../../src/store/subscriptions/subscription-secret';
import { administratorOf, type ApiClient } from '../../support/api-client';
import { startApi, type ApiFixture } from '../../support/api-fixture';
import { addPeopleOfShop } from '../../support/people-of-shop';
import { insertProject, NOON, type ProjectFixture } from '../../support/store-fixtures';
import { placesOf } from '../../support/written-in';

const URL = 'https://hooks.example.com/deploys?key=planted-query';

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

const at = (name: string) => `/v1/projects/shop/subscriptions/${name}`;
const secretOf = (answer: { body: unknown }) => (answer.body as { secret: string }).secret;
const pathsIn = (answer: { body: unknown }) =>
  (answer.body as { errors: { path: string }[] }).errors.map((fault) => fault.path);

/** What webhooks of the subscription would be signed with. */
async function signing(name: string): Promise<string | null> {
  const row = await findSubscription(api.deps.store.read, project.projectId, name);
  return row && openSubscriptionSecret(api.deps.secretBox, row);
}

async function eventsOf(name: string) {
  const rows = await api.deps.store.read.selectFrom('events').selectAll().orderBy('position').execute();
  return rows
    .map(({ type, data }) => ({ type, data: JSON.parse(data) as { subscription?: string } }))
    .filter(({ data }) => data.subscription === name);
}

const eventTypesOf = async (name: string) => (await eventsOf(name)).map(({ type }) => type);

describe('PUT /v1/projects/{project}/subscriptions/{subscription}', () => {
  it('NOT-2: creates one by webhook with a Location, an ETag and a secret, shown once', async () => {
    const { status, body, headers } = await manager.put(at('on-call'), { url: URL });
    const read = await manager.get(at('on-call')).expect(200);

    expect(status).toBe(201);
    expect(headers['location']).toBe(at('on-call'));
    expect(headers['etag']).toBe(read.headers['etag']);
    expect(body).toEqual({
      ...{ name: 'on-call', project: 'shop', url: URL, email: null, events: [] },
      createdAt: new Date(NOON).toISOString(),
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) as string,
    });
    const { secret, ...shown } = body as { secret: string };
    expect(read.body).toEqual(shown);
    expect(await signing('on-call')).toBe(secret);
  });

  it('NOT-2: creates one by mail, which needs no secret', async () => {
    const { body } = await manager.put(at('mail'), { email: 'ada@example.com', events: ['review-due'] }).expect(201);

    expect(body).toMatchObject({ url: null, email: 'ada@example.com', events: ['review-due'] });
    expect(body).not.toHaveProperty('secret');
    expect(await signing('mail')).toBeNull();
  });

  it('HTTP-7: changes nothing with the same content, in whatever words', async () => {
    const content = { url: URL, events: ['review-due', 'defect-raised'] };
    const first = await manager.put(at('same'), content).expect(201);

    const answers = [
      await manager.put(at('same'), { url: URL, events: ['defect-raised', 'review-due', 'defect-raised'] }),
      await manager.put(at('same'), { ...content, email: null }),
      await manager.put(at('same'), (await manager.get(at('same'))).body as object),
      await manager.put(at('same'), first.body as object),
    ];

    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.headers['etag']).toBe(first.headers['etag']);
      expect(answer.body).toMatchObject({ events: ['defect-raised', 'review-due'] });
      expect(answer.body).not.toHaveProperty('secret');
    }
    expect(await eventTypesOf('same')).toEqual(['subscription-created']);
  });

  it('NOT-2: keeps its secret when the address changes, and makes another one after mail', async () => {
    const first = secretOf(await manager.put(at('moved'), { url: URL }).expect(201));

    const moved = await manager.put(at('moved'), { url: 'https://example.com' }).expect(200);
    expect([moved.body, await signing('moved')]).toEqual([expect.not.objectContaining({ secret: first }), first]);
    await manager.put(at('moved'), { email: 'ada@example.com' }).expect(200);
    expect(await signing('moved')).toBeNull();
    const back = await manager.put(at('moved'), { url: URL }).expect(200);

    expect(secretOf(back)).not.toBe(first);
    expect(await signing('moved')).toBe(secretOf(back));
  });

  it('NOT-2: takes every type of notification', async () => {
    const { body } = await manager.put(at('every'), { url: URL, events: [...NOTIFICATION_TYPES] }).expect(201);

    expect(body).toMatchObject({ events: [...NOTIFICATION_TYPES].sort() });
  });

  it.each([
    [{}],
    [{ events: ['review-due'] }],
    [{ url: null, email: null }],
    [{ url: URL, email: 'ada@example.com' }],
    [{ url: 'ftp://example.com' }],
    [{ url: 'example.com' }],
    [{ url: '' }],
    [{ url: 'http://127.0.0.1/hook' }],
    [{ url: 'http://[::ffff:10.0.0.1]/' }],
    [{ url: 'https://ada:secret@example.com' }],
    [{ url: `https://example.com/${'x'.repeat(2_000)}` }],
  ])('WHK-2: refuses %j', async (body) => {
    const answer = await manager.put(at('bad'), body);

    expect([answer.status, pathsIn(answer)]).toEqual([400, ['url']]);
    expect(answer.body).toMatchObject({ code: 'subscription.invalid' });
    await manager.get(at('bad')).expect(404);
  });

  it.each([
    [{ url: URL, events: ['review-due', 'lunch-due'] }, 'events[1]'],
    [{ url: URL, events: null }, 'events'],
    [{ url: 7 }, 'url'],
    [{ email: 'ada' }, 'email'],
    [{ email: 'Ada <ada@example.com>' }, 'email'],
    [{ email: 'ada@example.com, grace@example.com' }, 'email'],
    [{ email: 'ada@example.com\r\nBcc: grace@example.com' }, 'email'],
    [{ email: `${'a'.repeat(250)}@example.com` }, 'email'],
    [{ email: 'ada@exam\nple.com' }, 'email'],
    [{ url: URL, retries: 3 }, 'retries'],
  ])('INV-8: refuses %j as not fitting', async (body, place) => {
    const answer = await manager.put(at('bad'), body);

    expect([answer.status, [...new Set(pathsIn(answer))]]).toEqual([400, [place]]);
    expect(answer.body).toMatchObject({ code: 'request.invalid' });
  });

  it('HTTP-7: takes an address that was accepted before, and judges a new one', async () => {
    const rules = { fault: (_: string): string | null => null };
    const strict = await startApi({ endpointFault: (url) => rules.fault(url) });
    await insertProject(strict.deps.store, 'shop');
    const owner = administratorOf(strict);
    await owner.put(at('old'), { url: URL }).expect(201);
    rules.fault = () => 'must be something else';

    const narrowed = await owner.put(at('old'), { url: URL, events: ['review-due'] });
    const moved = await owner.put(at('old'), { url: 'https://example.com' });

    expect(narrowed.status).toBe(200);
    expect([moved.status, pathsIn(moved)]).toEqual([400, ['url']]);
    await strict.close();
  });

  it('HTTP-7: guards by If-Match and creates only by If-None-Match', async () => {
    const { headers } = await manager.put(at('guarded'), { url: URL }, { 'if-none-match': '*' }).expect(201);
    const etag = String(headers['etag']);

    await manager.put(at('guarded'), { email: 'ada@example.com' }, { 'if-match': etag }).expect(200);

    for (const answer of [
      await manager.put(at('guarded'), { url: URL }, { 'if-match': etag }),
      await manager.put(at('guarded'), { url: URL }, { 'if-none-match': '*' }),
      await manager.put(at('missing'), { url: URL }, { 'if-match': '*' }),
      await manager.delete(at('guarded'), { 'if-match': etag }),
    ]) {
      expect(answer.status).toBe(412);
      expect(answer.body).toMatchObject({ code: 'request.precondition-failed' });
    }
    expect((await manager.get(at('guarded'))).body).toMatchObject({ email: 'ada@example.com' });
  });

  it('HTTP-7: of two edits with one If-Match only one wins', async () => {
    const { headers } = await manager.put(at('raced'), { url: URL }).expect(201);
    const ifMatch = { 'if-match': String(headers['etag']) };

    const answers = await Promise.all(
      ['https://one.example.com', 'https://two.example.com'].map((url) => manager.put(at('raced'), { url }, ifMatch)),
    );

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it('of several who create it at once one gets the secret', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => manager.put(at('at-once'), { url: URL })));

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
    expect(answers.filter(({ status }) => status === 201).map(secretOf)).toEqual([await signing('at-once')]);
    expect(answers.filter(({ status }) => status === 200).map(secretOf)).toEqual([undefined, undefined]);
  });
});

describe('who may do what', () => {
  it('takes SubscriptionEdit, to read as well: an address can be as good as a key', async () => {
    await manager.put(at('theirs'), { url: URL }).expect(201);

    for (const person of [viewer, developer]) {
      for (const answer of [
        await person.get(at('theirs')),
        await person.get('/v1/projects/shop/subscriptions'),
        await person.put(at('theirs'), { url: 'https://example.com' }),
        await person.delete(at('theirs')),
      ]) {
        expect(answer.status).toBe(403);
        expect(answer.body).toMatchObject({ code: 'request.forbidden', facts: { permission: 'SubscriptionEdit' } });
        expect(answer.text).not.toContain('hooks.example.com');
      }
    }
    expect((await manager.get(at('theirs'))).body).toMatchObject({ url: URL });
  });

  it('HTTP-3: a stranger does not see the project', async () => {
    for (const answer of [
      await stranger.put(at('theirs'), { url: URL }),
      await stranger.get(at('theirs')),
      await stranger.get('/v1/projects/shop/subscriptions'),
      await stranger.delete(at('theirs')),
    ]) {
      expect([answer.status, (answer.body as { code: string }).code]).toEqual([404, 'project.unknown']);
    }
  });
});

describe('GET and list', () => {
  it('HTTP-5: go page by page, newest first, without secrets', async () => {
    const admin = administratorOf(api);
    await insertProject(api.deps.store, 'paged');
    for (const name of ['one', 'two', 'three']) {
      await admin.put(`/v1/projects/paged/subscriptions/${name}`, { url: URL }).expect(201);
    }
    const page = async (query: string) =>
      (await admin.get(`/v1/projects/paged/subscriptions?${query}`).expect(200)).body as {
        items: { name: string }[];
        next: string | null;
      };

    const first = await page('limit=2');
    const second = await page(`limit=2&cursor=${first.next}`);

    expect(first.items.map(({ name }) => name)).toEqual(['three', 'two']);
    expect([second.items.map(({ name }) => name), second.next]).toEqual([['one'], null]);
    expect(JSON.stringify([first, second])).not.toContain('whsec_');
  });

  it('HTTP-7: answer a GET whose ETag is known with 304, and what never was with 404', async () => {
    const { headers } = await manager.put(at('cached'), { url: URL }).expect(201);

    await manager.get(at('cached'), { 'if-none-match': String(headers['etag']) }).expect(304);
    expect((await manager.get(at('never')).expect(404)).body).toMatchObject({ code: 'subscription.unknown' });
  });
});

describe('DELETE /v1/projects/{project}/subscriptions/{subscription}', () => {
  it('HTTP-7: is soft: then 410, and the name is not given again', async () => {
    await manager.put(at('old'), { url: URL }).expect(201);

    await manager.delete(at('old')).expect(204);

    for (const answer of [
      await manager.get(at('old')),
      await manager.put(at('old'), { url: URL }),
      await manager.delete(at('old')),
    ]) {
      expect([answer.status, (answer.body as { code: string }).code]).toEqual([410, 'subscription.gone']);
    }
    expect((await manager.get('/v1/projects/shop/subscriptions?limit=200')).text).not.toContain('"name":"old"');
    expect((await manager.delete(at('never'))).body).toMatchObject({ code: 'subscription.unknown' });
    expect(await signing('old')).toBeNull();
    expect(await eventTypesOf('old')).toEqual(['subscription-created', 'subscription-deleted']);
  });
});

it('INV-7: a secret is in no later answer, log, event, audit or table, and an address in no event', async () => {
  const address = 'https://hooks.example.com/planted-path?key=planted-query-of-mine';
  const made = secretOf(await manager.put(at('silent'), { url: address }).expect(201)).slice('whsec_'.length);
  const again = await manager.put(at('silent'), { url: address, events: ['review-due'] });
  const audit = await administratorOf(api).get('/v1/audit?project=shop&limit=200').expect(200);
  const answers = [again, await manager.get(at('silent')), await manager.get('/v1/projects/shop/subscriptions'), audit];

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  for (const { text } of answers) {
    expect(text).not.toContain(made);
  }
  expect(api.logged.join('\n')).not.toContain(made);
  expect(await placesOf(made, api.deps.store)).toEqual([]);
  expect(await placesOf('planted-path', api.deps.store)).toContain('subscriptions');
  for (const place of [audit.text, api.logged.join('\n'), JSON.stringify(await eventsOf('silent'))]) {
    expect(place).not.toMatch(/planted-path|planted-query/);
  }
  expect(await eventsOf('silent')).toMatchObject([
    { type: 'subscription-created', data: { channel: 'webhook', origin: 'https://hooks.example.com', events: [] } },
    { type: 'subscription-changed', data: { events: ['review-due'] } },
  ]);
});
