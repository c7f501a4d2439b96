import { sql } from 'kysely';

import type { ProblemBody } from '../../../src/api/problem';
import { callbackPath } from '../../../src/api/services/receive-callback';
import { clientOf } from '../../support/api-client';
import type { ApiSettings } from '../../../src/api/settings';
import { startApi, WIDE_LIMITS } from '../../support/api-fixture';
import { eventually } from '../../support/eventually';
import {
  phase,
  ReleaseApi,
  type Answer,
  type DeploymentBody,
  type Page,
  type Person,
  type WhyBody,
} from '../../support/release-api';
import { testCallbackTokens } from '../../support/test-services';
import { startVersionTarget, type Delivery, type VersionTarget } from '../../support/version-target';
import { stopTargets } from '../../targets/webhooks/webhook-target';

let api: ReleaseApi;
let target: VersionTarget;
let ada: Person;
let rita: Person;
let names = 0;

beforeAll(async () => {
  target = await startVersionTarget();
  api = await ReleaseApi.start();
  ada = await api.person('ada', [{ role: 'developer', project: 'shop' }]);
  rita = await api.person('rita', [{ role: 'release-manager', project: 'shop' }]);
  await api.pipeline('plain', [phase('one', { rules: [{ environments: ['staging'] }] })]);
});

afterEach(() => target.meet(null));

afterAll(async () => {
  await api.close();
  await stopTargets();
});

/** A service with a name that no other test has, that may answer later; its name. */
async function service(settings: object = {}): Promise<string> {
  names += 1;
  const name = `service-${names}`;
  const endpoints = { staging: target.urlOf(name, 'staging') };
  const put = await api.admin.put(`/v1/projects/shop/services/${name}`, { endpoints, callback: true, ...settings });
  expect(put.status).toBe(201);
  return name;
}

const starts = (name: string, version = '2') => ada.starts('plain', { changes: [{ service: name, version }] });

/** The target takes every apply of this service and says that it will call back. */
function promises(name: string): void {
  target.meet(({ type, data }, response) => {
    if (data.service !== name || type !== 'service.apply') {
      return undefined;
    }
    response.writeHead(202).end();
    return true;
  });
}

const urlIn = ({ data }: Delivery) => (data as { callbackUrl: string | null }).callbackUrl;

const deliveriesOf = (name: string) => target.deliveries.filter(({ data }) => data.service === name);

/** The path that the last delivery to a service says to call back. */
async function pathOf(name: string, deliveries = 1): Promise<string> {
  const { url } = await eventually(`${name} was asked`, () => {
    const last = deliveriesOf(name)[deliveries - 1];
    return last && { url: urlIn(last) };
  });
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:8700\/v1\/callbacks\/[\w.-]+$/);
  return new URL(url ?? '').pathname;
}

/** What a target says, which has no token but the one in the path. */
async function callBack(path: string, body: unknown = { state: 'succeeded' }): Promise<Answer<ProblemBody>> {
  const response = await fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as ProblemBody };
}

const said = ({ status, body }: Answer<ProblemBody>) =>
  `${status} ${body.code ?? String((body as { state?: string }).state)}`;

const whyOf = async (id: string) => (await rita.get<WhyBody>(`/v1/releases/${id}/why`)).body;

const awaited = (id: string) =>
  eventually('a callback is awaited', async () => (await whyOf(id)).blockers.find(({ kind }) => kind === 'callback'));

const deploymentOf = async (id: string) =>
  (await rita.get<Page<DeploymentBody>>(`/v1/releases/${id}/deployments`)).body.items[0];

it('PRO-6: a target that may answer later may answer at once', async () => {
  const name = await service();

  const id = await starts(name);

  await api.reaches(id, 'baking');
  expect(said(await callBack(await pathOf(name)))).toBe('409 callback.settled');
  expect(deliveriesOf(name)).toHaveLength(1);
});

it('PRO-6: a release goes on when the target calls back, and says until when it waits for that', async () => {
  const name = await service({ callbackTimeout: '2h' });
  promises(name);
  const id = await starts(name);
  const blocker = await awaited(id);
  const sentAt = Date.parse(String(blocker.since));

  const answer = await callBack(await pathOf(name), {
    state: 'succeeded',
    detail: '3 of 3 are up',
    currentVersion: '2',
  });
  await api.reaches(id, 'baking');

  expect(blocker).toMatchObject({ phase: 'one', service: name, environment: 'staging', remedies: [], by: null });
  expect(Date.parse(String(blocker.until))).toBeGreaterThanOrEqual(sentAt + 2 * 3_600_000);
  expect([said(answer), answer.headers.get('location')]).toEqual(['200 applied', null]);
  const read = await rita.get<{ versions: object }>(`/v1/projects/shop/services/${name}`);
  expect(read.body.versions).toMatchObject({ staging: '2' });
  const events = await api.events(id);
  const applied = events.find(({ type }) => type === 'service-applied');
  expect(applied).toMatchObject({ actor: `service:${name}`, data: { service: name, reason: '3 of 3 are up' } });
  const action = await rita.get(`/v1/actions/${String(applied?.data['action'])}`);
  expect(action.body).toMatchObject({ verb: 'callback', state: 'applied', by: `service:${name}` });
});

it('PRO-6: a target may call back before it has answered, and its answer changes nothing', async () => {
  const name = await service();
  const early: string[] = [];
  target.meet((delivery, response) => {
    if (delivery.data.service === name) {
      void callBack(new URL(urlIn(delivery) ?? '').pathname).then((answer) => {
        early.push(said(answer));
        response.writeHead(202).end();
      });
      return true;
    }
    return undefined;
  });

  const id = await starts(name);

  await api.reaches(id, 'baking');
  expect(early).toEqual(['200 applied']);
  expect(deliveriesOf(name)).toHaveLength(1);
});

it('PRO-6: the second callback is too late, whatever it says', async () => {
  const name = await service();
  promises(name);
  const id = await starts(name);
  const path = await pathOf(name);

  const answers = [await callBack(path), await callBack(path), await callBack(path, { state: 'failed' })];

  expect(answers.map(said)).toEqual(['200 applied', '409 callback.settled', '409 callback.settled']);
  expect(answers[1]?.body).not.toHaveProperty('allowed');
  expect(answers[1]?.body).not.toHaveProperty('facts');
  await api.reaches(id, 'baking');
});

it('REL-32: a callback after an abort is too late, and the service is taken back at once', async () => {
  const name = await service();
  promises(name);
  const id = await starts(name);
  await awaited(id);

  await rita.acts(id, 'abort');

  expect(said(await callBack(await pathOf(name)))).toBe('409 callback.settled');
  await api.reaches(id, 'aborted');
  expect(said(await callBack(await pathOf(name)))).toBe('409 callback.settled');
  expect(deliveriesOf(name).map((delivery) => [delivery.type, urlIn(delivery) === null])).toEqual([
    ['service.apply', false],
    ['service.revert', true],
  ]);
});

it('REL-22: what has failed by a callback is retried as another apply, which has a callback of its own', async () => {
  const name = await service();
  promises(name);
  const id = await starts(name);
  await awaited(id);
  const first = await pathOf(name);

  const answer = await callBack(first, { state: 'failed', detail: 'Out of memory' });
  await api.reaches(id, 'failed');

  expect(said(answer)).toBe('200 applied');
  expect((await whyOf(id)).blockers).toMatchObject([
    { kind: 'failed', detail: expect.stringContaining('Out of memory') as string },
  ]);
  expect(await deploymentOf(id)).toMatchObject({ state: 'failed', errored: false });
  await rita.acts(id, 'retry');
  const second = await pathOf(name, 2);
  expect(second).not.toBe(first);
  expect([said(await callBack(first)), said(await callBack(second))]).toEqual(['409 callback.settled', '200 applied']);
  await api.reaches(id, 'baking');
});

it('PRO-6: a target that does not call back in time has failed, by no word of its own', async () => {
  const name = await service({ callbackTimeout: '1s' });
  promises(name);

  const id = await starts(name);

  await api.reaches(id, 'failed');
  expect(await deploymentOf(id)).toMatchObject({ state: 'failed', errored: true });
  expect((await whyOf(id)).blockers).toMatchObject([
    { kind: 'failed', detail: expect.stringContaining('The target did not call back in time') as string },
  ]);
  expect(said(await callBack(await pathOf(name)))).toBe('409 callback.settled');
  expect(deliveriesOf(name)).toHaveLength(1);
});

it('REL-25: a callback that nobody decides yet is pending, may be repeated, and is not lost', async () => {
  const name = await service();
  promises(name);
  const id = await starts(name);
  await awaited(id);
  const path = await pathOf(name);
  await api.stopWorker();

  const pending = await Promise.all([callBack(path), callBack(path)]);
  const { blockers } = await whyOf(id);
  await api.startWorker();

  await api.reaches(id, 'baking');
  expect(pending.map(said)).toEqual(['202 pending', '202 pending']);
  expect(blockers.find(({ kind }) => kind === 'undecided-action')).toMatchObject({ by: `service:${name}` });
  expect((await api.eventTypes(id)).filter((type) => type === 'action-applied')).toHaveLength(1);
});

it('INV-7: every token that does not fit gets the same answer', async () => {
  const key = 'release/-/one/staging/payments/apply/1';
  const [encoded = '', signature = ''] = testCallbackTokens.tokenOf(key).split('.');
  const tokens = [
    ...['x', `${encoded}.${signature.slice(0, -1)}`, `${encoded}.${signature}`],
    `${Buffer.from('another').toString('base64url')}.${signature}`,
  ];

  const answers = await Promise.all(tokens.map((token) => callBack(callbackPath(token))));

  expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1);
  expect(answers.map(said)).toContain('404 callback.unknown');
});

it('HTTP-4: a callback that does not fit is refused with its path, and another may follow', async () => {
  const name = await service();
  promises(name);
  const id = await starts(name);
  const path = await pathOf(name);

  const answers = [
    await callBack(path, {}),
    await callBack(path, { state: 'done' }),
    await callBack(path, { state: 'failed', detail: 'x'.repeat(2_001) }),
    await callBack(path, { state: 'failed', currentVersion: 'x'.repeat(201) }),
    await callBack(path, { state: 'succeeded', currentVersion: '1' }),
  ];

  expect(answers.map(({ status, body }) => [status, body.errors?.map((error) => error.path).join()])).toEqual([
    [400, 'state'],
    [400, 'state'],
    [400, 'detail'],
    [400, 'currentVersion'],
    [400, 'currentVersion'],
  ]);
  expect(said(await callBack(path))).toBe('200 applied');
  await api.reaches(id, 'baking');
});

it('INV-7: a token, and what a target says for people, are in no history; the token is in no table', async () => {
  const name = await service();
  promises(name);
  const id = await starts(name);
  await awaited(id);
  const path = await pathOf(name);
  const signature = path.split('.').at(-1) ?? '';
  await callBack(path, { state: 'failed', detail: 'The password was hunter2' });
  await api.reaches(id, 'failed');

  const history = await api.historyOf(id);
  const stored = await everythingStored();

  expect(signature).toHaveLength(43);
  expect(history).toContain('"verb":"callback"'.replaceAll('"', '\\"'));
  expect([history.includes(signature), history.includes('hunter2')]).toEqual([false, false]);
  expect([stored.includes(signature), stored.includes('hunter2')]).toEqual([false, true]);
});

async function everythingStored(): Promise<string> {
  const tables = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(
    api.store.read,
  );
  const rows = await Promise.all(
    tables.rows.map(({ name }) => sql`select * from ${sql.table(name)}`.execute(api.store.read)),
  );
  return JSON.stringify(rows.map((each) => each.rows));
}

describe('without anything behind it', () => {
  it('INV-7: the log names no token, whatever is done at its address', async () => {
    const fixture = await startApi();
    const path = callbackPath(fixture.deps.callbackTokens.tokenOf('release/-/one/staging/payments/apply/1'));
    const client = clientOf(fixture, 'of-nobody');

    await client.post(path, { state: 'succeeded' }).expect(404);
    await client.get(path).expect(405);
    await client.post(`${path}/more`, {}).expect(404);

    const logged = fixture.logged.join('\n');
    expect(logged).toContain('"path":"/v1/callbacks/:token"');
    expect(logged).not.toContain(path.slice(-43));
    await fixture.close();
  });

  it('HTTP-9: a token of no meaning here gives nobody more requests than anonymous ones have', async () => {
    const one = { perSecond: 0.001, burst: 1 };
    const settings: ApiSettings = {
      ...{ corsOrigins: [], trustProxy: false, publicUrl: 'http://127.0.0.1:8700', checkAnswers: true },
      limits: { ...WIDE_LIMITS, anonymous: one },
    };
    const fixture = await startApi({ settings });
    const client = clientOf(fixture, 'of-nobody');

    const answers = [await client.post(callbackPath('x'), {}), await client.post(callbackPath('x'), {})];

    expect(answers.map(({ status }) => status)).toEqual([400, 429]);
    await fixture.close();
  });
});
