import { addPerson, administratorOf, clientOf, type ApiClient } from '../support/api-client';
import { startApi, type ApiFixture } from '../support/api-fixture';

let api: ApiFixture;
let admin: ApiClient;

beforeAll(async () => {
  api = await startApi();
  admin = administratorOf(api);
  await admin.put('/v1/projects/shop', {}).expect(201);
  await admin.put('/v1/projects/shop/environments/one', {}).expect(201);
  await admin.put('/v1/projects/shop/environments/two', {}).expect(201);
});

afterAll(() => api.close());

const keysIn = (environment: string) => `/v1/projects/shop/environments/${environment}/evaluation-keys`;

async function namesIn(environment: string): Promise<string[]> {
  const { body } = await admin.get(keysIn(environment)).expect(200);
  return (body as { items: { name: string }[] }).items.map(({ name }) => name);
}

describe('HTTP-6: Idempotency-Key', () => {
  it('gives the same key and body the first answer, secret included, and one effect', async () => {
    const first = await admin.post(keysIn('one'), { name: 'first' }, { 'idempotency-key': 'a' });
    const again = await admin.post(keysIn('one'), { name: 'first' }, { 'idempotency-key': 'a' });

    expect(first.status).toBe(201);
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers['location']).toBe(first.headers['location']);
    expect((await namesIn('one')).filter((name) => name === 'first')).toHaveLength(1);
  });

  it('compares bodies as JSON, not as text', async () => {
    const first = await admin.post(keysIn('one'), { name: 'order', kind: 'client' }, { 'idempotency-key': 'order' });
    const again = await admin.post(keysIn('one'), { kind: 'client', name: 'order' }, { 'idempotency-key': 'order' });

    expect(again.body).toEqual(first.body);
  });

  it('refuses another body with 422 and leaves the first answer alone', async () => {
    const first = await admin.post(keysIn('one'), { name: 'mine' }, { 'idempotency-key': 'b' }).expect(201);

    const other = await admin.post(keysIn('one'), { name: 'other' }, { 'idempotency-key': 'b' });

    expect(other.status).toBe(422);
    expect(other.body).toMatchObject({ code: 'idempotency.mismatch' });
    const again = await admin.post(keysIn('one'), { name: 'mine' }, { 'idempotency-key': 'b' });
    expect(again.body).toEqual(first.body);
    expect(await namesIn('one')).not.toContain('other');
  });

  it('is unique per user and per path with its ids', async () => {
    const other = await addPerson(api, 'other', [{ role: 'administrator', project: 'shop' }]);

    const answers = [
      await admin.post(keysIn('one'), { name: 'x' }, { 'idempotency-key': 'c' }),
      await admin.post(keysIn('two'), { name: 'y' }, { 'idempotency-key': 'c' }),
      await other.post(keysIn('one'), { name: 'z' }, { 'idempotency-key': 'c' }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(answers.map(({ body }) => (body as { id: string }).id)).size).toBe(3);
  });

  it('of two at once has one effect', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => admin.post(keysIn('two'), { name: 'raced' }, { 'idempotency-key': 'race' })),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => (body as { key: string }).key)).size).toBe(1);
    expect((await namesIn('two')).filter((name) => name === 'raced')).toHaveLength(1);
  });

  it('is not consumed by a refused request', async () => {
    await admin.put('/v1/users/later', {}).expect(201);
    const path = '/v1/users/later/tokens';
    const body = { roles: [{ role: 'viewer', project: 'later' }] };

    await admin.post(path, { nonsense: true }, { 'idempotency-key': 'd' }).expect(400);
    await admin.post(path, body, { 'idempotency-key': 'd' }).expect(422);
    await admin.put('/v1/projects/later', {}).expect(201);

    await admin.post(path, body, { 'idempotency-key': 'd' }).expect(201);
  });

  it('is looked at after the permission', async () => {
    const { body } = await admin
      .post('/v1/users/admin/tokens', { name: 'short' }, { 'idempotency-key': 'e' })
      .expect(201);
    const client = clientOf(api, (body as { token: string }).token);
    await client.post(keysIn('one'), { name: 'kept' }, { 'idempotency-key': 'f' }).expect(201);

    const viewer = await addPerson(api, 'reader', [{ role: 'viewer' }]);

    await viewer.post(keysIn('one'), { name: 'kept' }, { 'idempotency-key': 'f' }).expect(403);
    await viewer.post(keysIn('one'), { name: 'kept' }, { 'idempotency-key': 'not a key' }).expect(403);
  });

  it.each(['with space', 'ä', 'x'.repeat(129)])('must be 1 to 128 visible ASCII characters, not %p', async (key) => {
    const answer = await admin.post(keysIn('one'), {}, { 'idempotency-key': encodeURI(key) === key ? key : `${key} ` });

    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ path: 'header.Idempotency-Key' }] });
  });

  it('keeps a secret encrypted', async () => {
    const { body } = await admin.post('/v1/users/admin/tokens', {}, { 'idempotency-key': 'sealed' }).expect(201);
    const { id, token } = body as { id: string; token: string };

    const rows = await api.deps.store.read.selectFrom('idempotencyKeys').selectAll().execute();

    expect(JSON.stringify(rows)).not.toContain(token);
    expect(JSON.stringify(rows)).not.toContain(id);
    expect(rows.some(({ key, answer }) => key === 'sealed' && answer.includes('sealed'))).toBe(true);
  });

  it('makes one backup', async () => {
    const first = await admin.post('/v1/backup', undefined, { 'idempotency-key': 'backup' }).expect(201);
    const again = await admin.post('/v1/backup', undefined, { 'idempotency-key': 'backup' }).expect(201);

    expect(again.body).toEqual(first.body);
    const { body } = await admin.get('/v1/audit').expect(200);
    const made = (body as { items: { type: string }[] }).items.filter(({ type }) => type === 'backup-made');
    expect(made).toHaveLength(1);
  });
});
