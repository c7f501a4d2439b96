import fc from 'fast-check';
import request, { type Response } from 'supertest';
import { z } from 'zod';
import type { Route } from '../../src/api/define-route';
import { routes } from '../../src/api/routes';
import { addPerson, administratorOf, type ApiClient } from '../support/api-client';
import { ADMIN_TOKEN, startApi, type ApiFixture } from '../support/api-fixture';
import { insertInterruption } from '../support/insert-interruption';

/*
 * Every route there is, from the list that the service itself serves: a new one is covered by being there. What stands
 * behind the names below exists, so that the scope is found and the body is what is wrong.
 */

let api: ApiFixture;
let admin: ApiClient;
let stranger: ApiClient;
let evaluationKey: string;
const known: Record<string, string> = {
  project: 'shop',
  environment: 'production',
  flag: 'checkout',
  service: 'payments',
  pipeline: 'standard',
  variable: 'Region',
  subscription: 'on-call',
  user: 'ada',
  team: 'leads',
  key: 'checkout',
};

const rules = [{ environments: ['production'] }];
const definition = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off' };

beforeAll(async () => {
  api = await startApi();
  admin = administratorOf(api);
  await admin.put('/v1/projects/shop', {}).expect(201);
  await admin.put('/v1/projects/shop/environments/production', {}).expect(201);
  await admin.put('/v1/projects/shop/flags/checkout', { kind: 'gate', definition, description: '' }).expect(201);
  await admin.put('/v1/projects/shop/services/payments', {}).expect(201);
  await admin.put('/v1/projects/shop/pipelines/standard', { phases: [{ name: 'all', bake: '1h', rules }] }).expect(201);
  await admin.put('/v1/projects/shop/variables/Region', { value: 'eu' }).expect(201);
  await admin.put('/v1/projects/shop/subscriptions/on-call', { url: 'https://example.com' }).expect(201);
  await admin.put('/v1/users/ada', {}).expect(201);
  await admin.put('/v1/teams/leads', { members: ['ada'] }).expect(201);
  const key = await admin.post('/v1/projects/shop/environments/production/evaluation-keys').expect(201);
  evaluationKey = (key.body as { key: string }).key;
  const changes = [{ flag: 'checkout', definition: { ...definition, defaultVariant: 'on' } }];
  const release = await admin.post('/v1/projects/shop/pipelines/standard/releases', { changes }).expect(201);
  known['release'] = (release.body as { id: string }).id;
  const { interruption, deployment } = await insertInterruption(api.deps.store, known['release']);
  Object.assign(known, { interruption, deployment });
  await admin.put('/v1/projects/other', {}).expect(201);
  stranger = await addPerson(api, 'stranger', [{ role: 'administrator', project: 'other' }]);
});

afterAll(() => api.close());

/** The list is needed before the tests run; what it is built from is not used for that. */
const all = listRoutes();
const writing = all.filter(({ method }) => method === 'put' || method === 'post');
const withParameters = all.filter(({ path }) => path.includes(':'));
const inProject = all.filter(({ path }) => path.includes(':project'));
/** What belongs to a project without naming it, by the parameter that leads there. */
const byId = ['release', 'interruption', 'deployment'].flatMap((parameter) =>
  titled(all.filter(({ path }) => path.includes(`:${parameter}`))).map(
    ([title, route]) => [title, route, parameter] as [string, Route, string],
  ),
);
/** Asks for something by name, where a PUT would create it and a key has no name to ask for. */
const isLookUp = ({ method, permission }: Route) => method !== 'put' && permission !== 'evaluation-key';
const withToken = all.filter(({ permission }) => permission !== 'public');

function listRoutes(): Route[] {
  const anything: object = new Proxy(() => anything, { get: (_, name) => (name === 'then' ? undefined : anything) });
  return routes(anything as Parameters<typeof routes>[0]);
}

function titled(list: Route[]) {
  return list.map((route) => [`${route.method.toUpperCase()} ${route.path}`, route] as [string, Route]);
}

function fill(route: Route, values: Record<string, string> = {}): string {
  return route.path.replace(/:(\w+)/g, (_, name: string) => values[name] ?? known[name] ?? 'unknown');
}

function send(route: Route, path = fill(route)) {
  const token = route.permission === 'evaluation-key' ? evaluationKey : ADMIN_TOKEN;
  return request(api.app)[route.method](path).set('authorization', `Bearer ${token}`);
}

function sendText(route: Route, body: string | Buffer, type = 'application/json') {
  return send(route)
    .set('content-type', type)
    .serialize((as) => as as string)
    .send(body);
}

/** OFREP has its own rules for what to ignore, its own limits, and its own form of an error. */
const isForeign = (route: Route) => route.path.startsWith('/ofrep/');

/** A problem, or what the protocol of the route has in its place; never our fault, never our inside. */
function expectRefused(route: Route, answer: Response, statuses: number[]): void {
  if (isForeign(route)) {
    expect(answer.status).toBeLessThan(500);
    return;
  }
  if (!statuses.includes(answer.status)) {
    throw new Error(`Answered ${answer.status} instead of ${statuses.join(' or ')}: ${answer.text.slice(0, 1_000)}`);
  }
  expect(answer.text).not.toMatch(/\n\s+at |node_modules|\.ts:/);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.body).toMatchObject({
    type: expect.stringMatching(/^urn:sluice:problem:/) as string,
    status: answer.status,
    code: expect.stringMatching(/^[a-z-]+\.[a-z-]+$/) as string,
    detail: expect.any(String) as string,
  });
}

async function rowCounts(): Promise<Record<string, number>> {
  const tables = [
    'projects',
    'environments',
    'flags',
    'services',
    'serviceSecrets',
    'pipelineVersions',
    'variables',
    'subscriptions',
    'releases',
    'actions',
    'users',
    'teams',
    'interruptions',
  ] as const;
  const counts: Record<string, number> = {};
  for (const table of [...tables, 'tokens', 'evaluationKeys', 'events'] as const) {
    const { count } = await api.deps.store.read
      .selectFrom(table)
      .select((row) => row.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    counts[table] = Number(count);
  }
  return counts;
}

const deep = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);

describe('INV-8: a body that cannot be meant', () => {
  let before: Record<string, number>;
  beforeAll(async () => {
    before = await rowCounts();
  });
  afterAll(async () => {
    expect(await rowCounts()).toEqual(before);
  });

  describe.each(titled(writing))('%s', (_, route) => {
    it.each<[string, string | Buffer]>([
      ['half an object', '{"a":'],
      ['text', 'hello'],
      ['two objects', '{}{}'],
      ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
      ['NaN', '{"a":NaN}'],
    ])('is refused: %s', async (_name, body) => {
      expectRefused(route, await sendText(route, body), [400]);
    });

    it.each<[string, string]>([
      ['a list', '[]'],
      ['a string', '"text"'],
      ['a number', '1'],
      ['null', 'null'],
      ['nesting in lists', `{"a":${deep('[', ']', 100_000)}}`],
      ['nesting in objects', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
      ['__proto__', '{"__proto__":{"polluted":true}}'],
      ['__proto__ further down', '{"a":[{"b":{"__proto__":{"polluted":true}}}]}'],
      ['a number beyond all numbers', '{"a":1e999}'],
      ['NUL in a text', '{"a":"x\\u0000y"}'],
      ['half a surrogate pair', '{"a":"\\ud800"}'],
      ['half a surrogate pair in a key', '{"\\udfff":1}'],
    ])('is refused: %s', async (_name, body) => {
      expectRefused(route, await sendText(route, body), [400]);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });

    it('is refused: an unknown field, with its path', async () => {
      const answer = await sendText(route, '{"constructor":1,"no-such-field":1}');

      expectRefused(route, answer, [400]);
      const { errors = [] } = answer.body as { errors?: { path: string }[] };
      const unknown = ['constructor', 'no-such-field'];
      expect(errors.map(({ path }) => path)).toEqual(expect.arrayContaining(isForeign(route) ? [] : unknown));
    });

    it('is refused: 5 MB', async () => {
      expectRefused(route, await sendText(route, `{"a":"${'x'.repeat(5_000_000)}"}`), [413]);
    });

    it('is refused: another type', async () => {
      expectRefused(route, await sendText(route, '<a/>', 'application/xml'), [415]);
    });
  });
});

describe('INV-8: fields of the wrong type', () => {
  const wrong = [null, true, -1, 0.5, 1e300, '', 'x'.repeat(100_000), '💥'.repeat(500), [], [[]], [null], {}, { a: 1 }];

  it.each(titled(writing.filter(({ body }) => body instanceof z.ZodObject)))(
    '%s never fails on our side',
    async (_, route) => {
      const fields = Object.keys((route.body as z.ZodObject).shape);
      for (const field of fields) {
        for (const value of wrong) {
          const answer = await send(route).send({ [field]: value, 'no-such-field': true });
          expectRefused(route, answer, [400]);
        }
      }
    },
  );

  it.each(titled(writing))('%s never fails on our side, whatever it is sent', async (_, route) => {
    const json = fc.jsonValue({ maxDepth: 4 });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ maxLength: 8 }), json), async (body) => {
        const answer = await send(route).send({ ...body, 'no-such-field': body });
        expect(answer.status).toBeLessThan(500);
      }),
      { numRuns: 10 },
    );
  });
});

describe('INV-8: addresses', () => {
  it.each(titled(all))('%s refuses an unknown query and one given twice', async (_, route) => {
    for (const query of ['no-such-parameter=1', '__proto__=1', 'constructor=1', 'a=1&a=2', 'a=%00', 'a=%ff']) {
      const answer = await send(route, `${fill(route)}?${query}`).set('content-type', 'application/json');
      expectRefused(route, answer, [400]);
    }
  });

  it.each(titled(withParameters))('%s refuses names that cannot be', async (_, route) => {
    const names = [
      '%00',
      'a%00b',
      '%ed%a0%80',
      '%ff',
      '..%2f..%2fetc',
      'x'.repeat(10_000),
      'Ünïcödé',
      '%20',
      '__proto__',
    ];
    for (const name of names) {
      for (const parameter of [...route.path.matchAll(/:(\w+)/g)].map(([, each]) => each ?? '')) {
        const answer = await send(route, fill(route, { [parameter]: name })).send();
        expectRefused(route, answer, [400, 404]);
      }
    }
  });

  it.each(titled(withParameters.filter(isLookUp)))('%s does not find what is not there', async (_, route) => {
    for (const name of Object.keys(known)) {
      if (route.path.includes(`:${name}`)) {
        expectRefused(route, await send(route, fill(route, { [name]: 'not-there' })).send({}), [404]);
      }
    }
  });
});

describe('INV-7: without the right to', () => {
  it.each(titled(withToken))('%s is 401 without a token and with a wrong one', async (_, route) => {
    const none = await request(api.app)[route.method](fill(route));
    const wrong = await request(api.app)[route.method](fill(route)).set('authorization', 'Bearer wrong');

    expect([none.status, wrong.status]).toEqual([401, 401]);
  });

  it.each(titled(inProject))('%s of another project is as if it were not there', async (_, route) => {
    if (route.permission === 'evaluation-key') {
      return; // Has no users; the key decides the project.
    }
    const hidden = await request(api.app)[route.method](fill(route)).set('authorization', `Bearer ${stranger.token}`);
    const missing = await request(api.app)
      [route.method](fill(route, { project: 'nope' }))
      .set('authorization', `Bearer ${stranger.token}`);

    expect([403, 404]).toContain(hidden.status);
    expect(hidden.text.replaceAll('shop', 'nope')).toBe(missing.text);
  });

  it.each(byId)('%s of another project is as if it were not there', async (_, route, parameter) => {
    const as = (name?: string) =>
      request(api.app)
        [route.method](fill(route, name === undefined ? {} : { [parameter]: name }))
        .set('authorization', `Bearer ${stranger.token}`);
    const hidden = await as();
    const missing = await as('nope');

    expect(hidden.status).toBe(404);
    expect(hidden.text.replaceAll(known[parameter] ?? '', 'nope')).toBe(missing.text);
  });
});
