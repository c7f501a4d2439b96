import type { Grant } from '../../../src/domain/permission';
import { newId } from '../../../src/store/new-id';
import type { Store, Unit } from '../../../src/store/store';
import { hasGlobalAdministrator, lockAdministrators } from '../../../src/store/users/administrators';
import { createToken } from '../../../src/store/users/create-token';
import { deleteTeam } from '../../../src/store/users/delete-team';
import { deleteUser } from '../../../src/store/users/delete-user';
import { ensureAdmin } from '../../../src/store/users/ensure-admin';
import { findCaller } from '../../../src/store/users/find-caller';
import { listUsers } from '../../../src/store/users/list-users';
import { putTeam } from '../../../src/store/users/put-team';
import { putUser } from '../../../src/store/users/put-user';
import { insertProject, NOON } from '../../support/store-fixtures';
import { openTestStore, type TestStore } from '../../support/test-store';

let own: TestStore;
let store: Store;
let shop: string;

beforeAll(async () => {
  own = await openTestStore();
  store = own.store;
  shop = (await insertProject(store)).projectId;
  await ensureAdmin(store, { adminToken: 'a'.repeat(32), now: NOON });
});

afterAll(() => own.dispose());

const accepted = () => undefined;
const acceptedLater = () => Promise.resolve();

const user = (slug: string, grants: Grant[] | null = []) => ({
  ...{ slug, displayName: slug, email: null, grants },
  ...{ by: 'ada', at: NOON, judge: accepted },
});

const team = (slug: string, members: string[] | null, grants: Grant[] | null = []) => ({
  ...{ slug, displayName: slug, members, grants },
  ...{ by: 'ada', at: NOON, judge: accepted },
});

async function addUser(slug: string, grants: Grant[] = []): Promise<string> {
  const put = await store.write((unit) => putUser(unit, user(slug, grants)));
  return put.kind === 'gone' ? '' : put.user.id;
}

describe('putUser', () => {
  it('creates, keeps what is the same, and changes', async () => {
    const grants: Grant[] = [
      { role: 'viewer', project: shop },
      { permission: 'DefectReport', project: null },
    ];
    const put = (changed: object = {}) => store.write((unit) => putUser(unit, { ...user('ada', grants), ...changed }));

    expect((await put()).kind).toBe('created');
    expect((await put({ grants: [...grants].reverse() })).kind).toBe('unchanged');
    expect((await put({ grants: null })).kind).toBe('unchanged');
    expect((await put({ grants: [] })).kind).toBe('changed');
    expect((await put({ grants: null, email: 'ada@example.com' })).kind).toBe('changed');
  });

  it('never gives a name again', async () => {
    await addUser('gone');
    const remove = () =>
      store.write((unit) => deleteUser(unit, { slug: 'gone', by: 'ada', at: NOON, judge: acceptedLater }));

    expect([await remove(), await remove()]).toEqual(['deleted', 'gone']);
    expect((await store.write((unit) => putUser(unit, user('gone')))).kind).toBe('gone');
  });
});

describe('findCaller', () => {
  it('brings together what user and teams were granted, and what the token was narrowed to', async () => {
    const id = await addUser('grace', [{ role: 'viewer', project: shop }]);
    await store.write((unit) => putTeam(unit, team('crew', ['grace'], [{ role: 'developer', project: shop }])));
    await store.write((unit) =>
      createToken(unit, {
        ...{ user: { id, slug: 'grace' }, name: 'ci', hash: 'hash-of-grace', expiresAt: NOON + 1 },
        ...{ grants: [{ permission: 'FlagEdit' as const, project: shop }], by: 'somebody-else', at: NOON },
      }),
    );

    expect(await findCaller(store.read, 'hash-of-grace')).toMatchObject({
      userId: id,
      user: 'grace',
      madeBy: 'somebody-else',
      expiresAt: NOON + 1,
      teams: [{ slug: 'crew' }],
      rights: {
        user: expect.arrayContaining([
          { role: 'viewer', project: shop },
          { role: 'developer', project: shop },
        ]) as Grant[],
        token: [{ permission: 'FlagEdit', project: shop }],
      },
    });
    expect(await findCaller(store.read, 'hash-of-nobody')).toBeNull();
  });

  it('forgets a deleted team and a deleted user', async () => {
    const id = await addUser('linus');
    await store.write((unit) => putTeam(unit, team('brief', ['linus'], [{ role: 'viewer', project: null }])));
    await store.write((unit) =>
      createToken(unit, {
        ...{ user: { id, slug: 'linus' }, name: 'own', hash: 'hash-of-linus', expiresAt: null },
        ...{ grants: null, by: id, at: NOON },
      }),
    );

    await store.write((unit) => deleteTeam(unit, { slug: 'brief', by: id, at: NOON, judge: acceptedLater }));
    expect(await findCaller(store.read, 'hash-of-linus')).toMatchObject({
      madeBy: null,
      teams: [],
      rights: { user: [], token: null },
    });

    await store.write((unit) => deleteUser(unit, { slug: 'linus', by: id, at: NOON, judge: acceptedLater }));
    expect(await findCaller(store.read, 'hash-of-linus')).toBeNull();
  });
});

describe('SEC-1: the last administrator', () => {
  const demote = (slug: string) =>
    store.write(async (unit: Unit) => {
      await lockAdministrators(unit);
      await putUser(unit, user(slug));
      if (!(await hasGlobalAdministrator(unit.sql))) {
        throw new Error('nobody left');
      }
    });

  it('stays when two are taken away at once', async () => {
    await addUser('second', [{ role: 'administrator', project: null }]);

    const outcomes = await Promise.allSettled([demote('admin'), demote('second')]);

    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await hasGlobalAdministrator(store.read)).toBe(true);
  });
});

describe('putTeam', () => {
  it('names the members who do not exist, and writes nothing', async () => {
    const put = await store.write((unit) => putTeam(unit, team('strangers', ['admin', 'nobody'])));

    expect(put).toEqual({ kind: 'unknown-members', at: [1] });
    expect(await store.read.selectFrom('teams').select('id').where('slug', '=', 'strangers').execute()).toEqual([]);
  });
});

describe('listUsers', () => {
  it('goes newest first, those of one instant by id', async () => {
    for (let number = 0; number < 4; number += 1) {
      await addUser(`listed-${number}-${newId().toLowerCase()}`);
    }

    const first = await listUsers(store.read, { limit: 2, after: null }, null);
    const last = first[1];
    const second = await listUsers(store.read, { limit: 2, after: last ?? null }, null);

    const names = [...first.slice(0, 2), ...second.slice(0, 2)].map(({ slug }) => slug.slice(0, 8));
    expect(names).toEqual(['listed-3', 'listed-2', 'listed-1', 'listed-0']);
  });
});
