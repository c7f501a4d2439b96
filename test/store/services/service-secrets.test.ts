import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DAY } from '../../../src/domain/instant';
import { readAudit } from '../../../src/store/audit/read-audit';
import { createSecretBox } from '../../../src/store/secret-box';
import { getService } from '../../../src/store/services/get-service';
import { putService } from '../../../src/store/services/put-service';
import { addSecret, MOST_SIGNING, openSecret, secretsOf } from '../../../src/store/services/service-secrets';
import { insertProject, NOON } from '../../support/store-fixtures';
import { onPostgres, openTestStore, type TestStore } from '../../support/test-store';

const secretBox = createSecretBox('a-key-for-tests-of-at-least-32-characters');

let test: TestStore;
let projectId: string;

beforeAll(async () => {
  test = await openTestStore();
});
beforeEach(async () => {
  ({ projectId } = await insertProject(test.store));
});
afterAll(() => test.dispose());

async function newService(slug: string): Promise<{ id: string; slug: string }> {
  const outcome = await test.store.write((unit) =>
    putService(unit, {
      ...{ projectId, slug, displayName: slug, timeoutMs: 30_000, endpoints: null, by: 'ada', at: NOON },
      ...{ callback: false, callbackTimeoutMs: 3_600_000 },
      ...{ judge: () => undefined, judgeContent: () => undefined },
    }),
  );
  if (outcome.kind === 'gone') throw new Error('gone');
  return { id: outcome.serviceId, slug };
}

const add = (service: { id: string; slug: string }, at = NOON) =>
  test.store.write((unit) => addSecret(unit, { projectId, service, secretBox, by: 'ada', at }));

const signing = async (service: { id: string }, now: number) =>
  (await secretsOf(test.store.read, service.id, now)).map((secret) => openSecret(secretBox, secret));

it('WHK-1: a secret has the form of Standard Webhooks, with 32 random bytes', async () => {
  const service = await newService('payments');

  const secrets = [await add(service), await add(service)];

  for (const secret of secrets) {
    expect(secret).toMatch(/^whsec_/);
    expect(Buffer.from(secret.slice('whsec_'.length), 'base64')).toHaveLength(32);
  }
  expect(secrets[0]).not.toBe(secrets[1]);
});

it('WHK-1: the secret before a new one signs beside it for a day, the new one first', async () => {
  const service = await newService('payments');
  expect(await signing(service, NOON)).toEqual([]);
  const first = await add(service);
  expect(await signing(service, NOON + 300 * DAY)).toEqual([first]);

  const second = await add(service, NOON + DAY);

  expect(await signing(service, NOON + DAY)).toEqual([second, first]);
  expect(await signing(service, NOON + 2 * DAY - 1)).toEqual([second, first]);
  expect(await signing(service, NOON + 2 * DAY)).toEqual([second]);
});

it('WHK-1: each keeps its own day when several come in one', async () => {
  const service = await newService('payments');
  const first = await add(service);
  const second = await add(service, NOON + 1_000);
  const third = await add(service, NOON + 2_000);

  expect(await signing(service, NOON + 2_000)).toEqual([third, second, first]);
  expect(await signing(service, NOON + DAY + 1_000)).toEqual([third, second]);
});

it('WHK-1: the current one stays first where a clock was behind when it was made', async () => {
  const service = await newService('payments');
  const first = await add(service, NOON);
  const second = await add(service, NOON - 5_000);

  expect(await signing(service, NOON)).toEqual([second, first]);
});

it('WHK-2: no more sign at once than fit into headers', async () => {
  const service = await newService('payments');
  const made: string[] = [];
  for (let count = 0; count < MOST_SIGNING + 5; count += 1) {
    made.push(await add(service, NOON + count));
  }

  expect(await signing(service, NOON + 60_000)).toEqual(made.reverse().slice(0, MOST_SIGNING));
});

it('INV-7: what signs no more is erased', async () => {
  const service = await newService('payments');
  await add(service);
  await add(service, NOON + DAY);
  await add(service, NOON + 3 * DAY);

  const rows = test.store.read.selectFrom('serviceSecrets').selectAll().where('serviceId', '=', service.id);
  expect(await rows.execute()).toHaveLength(2);
});

it('two at once both count, and one of them is current', async () => {
  const service = await newService('payments');

  const secrets = await Promise.all([add(service), add(service)]);

  expect((await signing(service, NOON)).sort()).toEqual([...secrets].sort());
  const current = test.store.read.selectFrom('serviceSecrets').select('id').where('serviceId', '=', service.id);
  expect(await current.where('expiresAt', 'is', null).execute()).toHaveLength(1);
});

it('INV-7: a sealed secret opens for no other service and under no other key', async () => {
  const [payments, orders] = [await newService('payments'), await newService('orders')];
  await add(payments);
  const [sealed] = await secretsOf(test.store.read, payments.id, NOON);
  if (!sealed) throw new Error('no secret');

  expect(() => openSecret(secretBox, { ...sealed, serviceId: orders.id })).toThrow();
  expect(() => openSecret(secretBox, { ...sealed, id: orders.id })).toThrow();
  expect(() => openSecret(createSecretBox('another-key-of-at-least-32-characters'), sealed)).toThrow();
});

it('INV-7: neither secret nor sealed text is in the audit', async () => {
  const service = await newService('payments');
  const secret = await add(service);
  const [sealed] = await secretsOf(test.store.read, service.id, NOON);

  const { entries } = await readAudit(test.store.read, { projectIds: [projectId] }, { order: 'ascending', limit: 10 });

  expect(entries.at(-1)).toMatchObject({
    ...{ type: 'service-secret-created', actorId: 'ada' },
    data: { service: 'payments', serviceId: service.id, id: sealed?.id },
  });
  expect(JSON.stringify(entries)).not.toContain(secret.slice('whsec_'.length));
  expect(JSON.stringify(entries)).not.toContain(sealed?.sealed);
});

it('HTTP-7: a new secret is a change of the service that its GET shows', async () => {
  const service = await newService('payments');
  const before = await getService(test.store.read, projectId, 'payments');
  await add(service, NOON + 1);

  const after = await getService(test.store.read, projectId, 'payments');

  expect(after).toMatchObject({ version: (before?.version ?? 0) + 1, secretCreatedAt: NOON + 1 });
});

// On PostgreSQL there is no file to look into; what is written is the same text.
(onPostgres ? it.skip : it)('INV-7: no secret is in any file of the store', async () => {
  const service = await newService('payments');
  const secret = await add(service);
  const sealed = (await secretsOf(test.store.read, service.id, NOON))[0]?.sealed ?? '';
  await test.reopen();
  const folder = 'dataDir' in test.location ? test.location.dataDir : '';

  const files = readdirSync(folder).map((name) => readFileSync(path.join(folder, name)));

  expect(files.some((bytes) => bytes.includes(sealed))).toBe(true);
  expect(files.some((bytes) => bytes.includes(secret.slice('whsec_'.length)))).toBe(false);
  expect(files.some((bytes) => bytes.includes(Buffer.from(secret.slice('whsec_'.length), 'base64')))).toBe(false);
});
