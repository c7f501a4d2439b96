import request from 'supertest';
import { ensureAdmin } from '../../src/store/users/ensure-admin';
import { openStore } from '../../src/store/store';
import { addPerson, administratorOf, clientOf, type ApiClient } from '../support/api-client';
import { startApi, type ApiFixture } from '../support/api-fixture';
import { removeDir, tempDir } from '../support/temp-dir';

let api: ApiFixture;
let admin: ApiClient;
let clock = Date.parse('2026-01-31T12:00:00Z');

beforeAll(async () => {
  api = await startApi({ now: () => clock });
  admin = administratorOf(api);
  await admin.put('/v1/projects/shop', {}).expect(201);
  await admin.put('/v1/projects/blog', {}).expect(201);
});

afterAll(() => api.close());

const codeOf = (answer: { body: unknown }) => (answer.body as { code: string }).code;

describe('SEC-1: who grants what', () => {
  it('leaves users, teams and tokens of others to global administrators', async () => {
    const local = await addPerson(api, 'local', [{ role: 'administrator', project: 'shop' }]);

    for (const answer of [
      await local.put('/v1/users/new', {}),
      await local.put('/v1/users/local', { roles: [{ role: 'administrator' }] }),
      await local.delete('/v1/users/admin'),
      await local.get('/v1/users/admin'),
      await local.get('/v1/users/nobody'),
      await local.put('/v1/teams/new', {}),
      await local.get('/v1/teams/none'),
      await local.post('/v1/users/admin/tokens', {}),
      await local.get('/v1/users/admin/tokens'),
      await local.put('/v1/projects/new', {}),
      await local.post('/v1/backup'),
    ]) {
      expect(answer.status).toBe(403);
      expect(answer.body).toMatchObject({ code: 'request.forbidden', facts: { permission: 'Administration' } });
    }
    await local.get('/v1/users/local').expect(200);
    await local.get('/v1/users/local/tokens').expect(200);
    const { body } = await local.get('/v1/users').expect(200);
    expect((body as { items: object[] }).items).toMatchObject([{ name: 'local' }]);
  });

  it('refuses a token beyond what its maker holds', async () => {
    const developer = await addPerson(api, 'devon', [{ role: 'developer', project: 'shop' }]);

    const higher = await developer.post('/v1/users/devon/tokens', {
      roles: [{ role: 'administrator', project: 'shop' }],
    });
    const wider = await developer.post('/v1/users/devon/tokens', { roles: [{ role: 'developer' }] });

    expect([higher.status, codeOf(higher)]).toEqual([403, 'grant.exceeds']);
    expect(higher.body).toMatchObject({ errors: [{ path: 'roles[0]' }] });
    expect([wider.status, codeOf(wider)]).toEqual([403, 'grant.exceeds']);
    await developer.post('/v1/users/devon/tokens', { roles: [{ role: 'viewer', project: 'shop' }] }).expect(201);
  });

  it('keeps a narrowed token from making a wider one', async () => {
    const { body } = await admin.post('/v1/users/admin/tokens', { roles: [{ role: 'viewer' }] }).expect(201);
    const narrow = clientOf(api, (body as { token: string }).token);

    const all = await narrow.post('/v1/users/admin/tokens', {});
    const more = await narrow.post('/v1/users/admin/tokens', { roles: [{ role: 'developer' }] });

    expect([all.status, codeOf(all)]).toEqual([403, 'grant.exceeds']);
    expect([more.status, codeOf(more)]).toEqual([403, 'grant.exceeds']);
    await narrow.post('/v1/users/admin/tokens', { roles: [{ role: 'viewer', project: 'shop' }] }).expect(201);
    await narrow.put('/v1/users/other', {}).expect(403);
  });

  it('never takes the last administrator away, by whatever route', async () => {
    const refusals = [
      await admin.put('/v1/users/admin', { roles: [] }),
      await admin.put('/v1/users/admin', { roles: [{ role: 'administrator', project: 'shop' }] }),
      await admin.delete('/v1/users/admin'),
    ];
    await admin.put('/v1/teams/admins', { members: ['admin'], roles: [{ role: 'administrator' }] }).expect(201);
    await admin.put('/v1/users/admin', { roles: [] }).expect(200);
    refusals.push(
      await admin.put('/v1/teams/admins', { members: [] }),
      await admin.put('/v1/teams/admins', { roles: [] }),
      await admin.delete('/v1/teams/admins'),
      await admin.delete('/v1/users/admin'),
    );

    for (const answer of refusals) {
      expect([answer.status, codeOf(answer)]).toEqual([409, 'user.last-administrator']);
    }
    expect((await admin.get('/v1/me')).body).toMatchObject({ administrator: true });
    await admin.put('/v1/users/admin', { roles: [{ role: 'administrator' }] }).expect(200);
    await admin.delete('/v1/teams/admins').expect(204);
  });

  it('does not grant Administration, nor what does not exist', async () => {
    const pseudo = await admin.put('/v1/users/x', { roles: [{ permission: 'Administration' }] });
    const project = await admin.put('/v1/users/x', { roles: [{ role: 'viewer', project: 'nowhere' }] });
    const member = await admin.put('/v1/teams/x', { members: ['admin', 'nobody'] });

    expect(pseudo.status).toBe(400);
    expect([project.status, codeOf(project)]).toEqual([422, 'reference.unknown']);
    expect(project.body).toMatchObject({ errors: [{ path: 'roles[0].project' }] });
    expect(member.body).toMatchObject({ code: 'reference.unknown', errors: [{ path: 'members[1]' }] });
    await admin.get('/v1/users/x').expect(404);
    await admin.get('/v1/teams/x').expect(404);
  });
});

describe('SEC-3: effective rights', () => {
  it('are the token’s and the user’s, now', async () => {
    const { body } = await admin
      .put('/v1/users/both', {
        roles: [
          { role: 'administrator', project: 'shop' },
          { role: 'viewer', project: 'blog' },
        ],
      })
      .then(() => admin.post('/v1/users/both/tokens', { roles: [{ role: 'release-manager' }] }))
      .then((answer) => answer);
    const both = clientOf(api, (body as { token: string }).token);

    const before = (await both.get('/v1/me').expect(200)).body as {
      permissions: { everywhere: string[]; projects: Record<string, string[]> };
    };
    await admin.put('/v1/users/both', { roles: [{ role: 'viewer', project: 'blog' }] }).expect(200);
    const after = (await both.get('/v1/me').expect(200)).body as typeof before;

    expect(before.permissions.everywhere).toEqual([]);
    expect(before.permissions.projects['shop']).toContain('ReleaseControl');
    expect(before.permissions.projects['shop']).not.toContain('EnvironmentEdit');
    expect(before.permissions.projects['blog']).toEqual(['ProjectView']);
    expect(after.permissions.projects).toEqual({ blog: ['ProjectView'] });
  });

  it('come with teams, and go with them', async () => {
    const member = await addPerson(api, 'member', []);
    await member.get('/v1/projects/shop').expect(404);

    await admin
      .put('/v1/teams/crew', { members: ['member'], roles: [{ role: 'viewer', project: 'shop' }] })
      .expect(201);
    await member.get('/v1/projects/shop').expect(200);
    expect((await member.get('/v1/me')).body).toMatchObject({ teams: ['crew'] });
    await member.get('/v1/teams/crew').expect(200);

    await admin.put('/v1/teams/crew', { members: [] }).expect(200);
    await member.get('/v1/projects/shop').expect(404);
  });

  it('end with the token: revoked, expired, or its user deleted', async () => {
    const person = await addPerson(api, 'brief', []);
    const short = (await person.post('/v1/users/brief/tokens', { expiresAfter: '1h' }).expect(201)).body as {
      id: string;
      token: string;
    };
    const revoked = (await person.post('/v1/users/brief/tokens', {}).expect(201)).body as typeof short;
    const expiring = clientOf(api, short.token);
    const dying = clientOf(api, revoked.token);
    await expiring.get('/v1/me').expect(200);
    await dying.get('/v1/me').expect(200);

    await person.delete(`/v1/users/brief/tokens/${revoked.id}`).expect(204);
    clock += 3_600_000;

    for (const client of [expiring, dying]) {
      const answer = await client.get('/v1/me');
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('Bearer');
    }
    await person.get(`/v1/users/brief/tokens/${revoked.id}`).expect(410);
    await admin.delete('/v1/users/brief').expect(204);
    await person.get('/v1/me').expect(401);
    await admin.get('/v1/users/brief').expect(410);
    await admin.put('/v1/users/brief', {}).expect(410);
  });

  it('know who made a token', async () => {
    await admin.put('/v1/users/made', {}).expect(201);
    const { token } = (await admin.post('/v1/users/made/tokens', {}).expect(201)).body as { token: string };

    const caller = await api.deps.authenticator.authenticate(token);

    const { id } = await api.deps.store.read
      .selectFrom('users')
      .select('id')
      .where('slug', '=', 'admin')
      .executeTakeFirstOrThrow();
    expect(caller?.madeBy).toBe(id);
    expect(await api.deps.authenticator.authenticate(admin.token)).toMatchObject({ madeBy: null });
    expect((await admin.get('/v1/users/made/tokens')).body).toMatchObject({
      items: [{ madeBy: 'admin', roles: null }],
    });
  });

  it('a revoked token is dead within 5 s where nobody tells of it', async () => {
    const person = await addPerson(api, 'elsewhere', []);
    await person.get('/v1/me').expect(200);
    await api.deps.store.write(async ({ sql }) => {
      await sql.updateTable('tokens').set({ deletedAt: clock }).where('name', '=', 'own').execute();
    });

    clock += 5_000;

    await person.get('/v1/me').expect(401);
  });
});

describe('SEC-6: the first administrator', () => {
  it('has the token of the setting, and no longer the one before', async () => {
    const dataDir = tempDir();
    const store = await openStore({ dataDir });
    const tokens = async () =>
      (await store.read.selectFrom('tokens').select(['hash', 'deletedAt', 'fromSetting']).execute()).filter(
        ({ deletedAt }) => deletedAt === null,
      );

    await ensureAdmin(store, { adminToken: 'a'.repeat(32), now: 1 });
    await ensureAdmin(store, { adminToken: 'a'.repeat(32), now: 2 });
    const [first, ...others] = await tokens();
    await ensureAdmin(store, { adminToken: 'b'.repeat(32), now: 3 });
    const [second, ...more] = await tokens();
    await ensureAdmin(store, { adminToken: 'a'.repeat(32), now: 4 });
    const [third] = await tokens();

    expect([others, more]).toEqual([[], []]);
    expect(first?.hash).not.toBe(second?.hash);
    expect(third?.hash).toBe(first?.hash);
    expect(third?.fromSetting).toBe(1);
    await store.close();
    removeDir(dataDir);
  });

  it('gets a generated one at the first start without a setting, once', async () => {
    const dataDir = tempDir();
    const store = await openStore({ dataDir });

    const first = await ensureAdmin(store, { now: 1 });
    const second = await ensureAdmin(store, { now: 2 });

    expect(first.generatedToken).toMatch(/^sluice_[\w-]{43}$/);
    expect(second).toEqual({ adminId: first.adminId, generatedToken: null });
    await store.close();
    removeDir(dataDir);
  });

  it('keeps a deleted administrator deleted at a start without the setting', async () => {
    const dataDir = tempDir();
    const store = await openStore({ dataDir });
    const { adminId } = await ensureAdmin(store, { now: 1 });
    await store.write(async ({ sql }) => {
      await sql.updateTable('users').set({ deletedAt: 2 }).where('id', '=', adminId).execute();
    });

    const again = await ensureAdmin(store, { now: 3 });

    expect(again.generatedToken).toBeNull();
    await store.close();
    removeDir(dataDir);
  });
});

describe('HTTP-3: tokens', () => {
  it.each([
    ['none', {}],
    ['an unknown one', { authorization: 'Bearer nonsense' }],
    ['another scheme', { authorization: 'Basic YWRtaW46eA==' }],
    ['an empty one', { authorization: 'Bearer ' }],
    ['a huge one', { authorization: `Bearer ${'x'.repeat(10_000)}` }],
  ])('401 with %s', async (_, headers) => {
    const answer = await request(api.app)
      .get('/v1/me')
      .set(headers as Record<string, string>);

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ code: 'request.unauthenticated' });
  });

  it('are never stored or logged', async () => {
    const { token } = (await admin.post('/v1/users/admin/tokens', {}).expect(201)).body as { token: string };
    await clientOf(api, token).get('/v1/me?token=in-a-query-0123456789').expect(400);

    const rows = JSON.stringify(await api.deps.store.read.selectFrom('tokens').selectAll().execute());
    const entries = JSON.stringify(await api.deps.store.read.selectFrom('events').selectAll().execute());
    for (const text of [rows, entries, api.logged.join('')]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain('in-a-query-0123456789');
    }
    expect(api.logged.join('')).toContain('"path":"/v1/me"');
  });
});
