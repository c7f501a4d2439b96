import { addPerson, administratorOf, type ApiClient } from '../../support/api-client';
import { startApi, type ApiFixture } from '../../support/api-fixture';
import { addSubscription, addUser, queueTo } from '../../support/notification-store';
import { insertProject, insertRelease, NOON, type ProjectFixture } from '../../support/store-fixtures';

const PATH = '/v1/projects/shop/notifications';

let api: ApiFixture;
let project: ProjectFixture;
let manager: ApiClient;
let ids: string[];
let release: string;

beforeAll(async () => {
  api = await startApi({ now: () => NOON });
  const { store } = api.deps;
  project = await insertProject(store, 'shop');
  manager = await addPerson(api, 'olga', [{ role: 'release-manager', project: 'shop' }]);
  await addUser(store, { name: 'joan', email: 'joan@example.com' });
  const url = 'https://example.com/hook?token=s3cret';
  const { id: subscriptionId } = await addSubscription(store, { projectId: project.projectId, name: 'chat', url });
  ids = [];
  for (let index = 0; index < 3; index += 1) {
    const queued = await queueTo(
      store,
      project.projectId,
      [
        { userId: 'joan', recipient: 'joan@example.com' },
        { subscriptionId, recipient: url },
      ],
      undefined,
      NOON + index,
    );
    ids.unshift(queued.id);
  }
  release = await store.write((unit) => insertRelease(unit, project.projectId, ['a-flag']));
  await store.write(async ({ sql }) => {
    await sql
      .updateTable('notifications')
      .set({ releaseId: release, type: 'phase-failed' })
      .where('id', '=', ids[0] ?? '')
      .execute();
    await sql
      .updateTable('deliveries')
      .set({ status: 'failed', tries: 1, nextAttemptAt: null, detail: 'The target answered 410', endedAt: NOON })
      .where('notificationId', '=', ids[0] ?? '')
      .where('channel', '=', 'webhook')
      .execute();
  });
  const { projectId } = await insertProject(store, 'warehouse');
  await queueTo(store, projectId, [{ userId: 'joan' }]);
});

afterAll(() => api.close());

interface Page {
  items: { id: string }[];
  next: string | null;
}
const idsIn = (answer: { body: unknown }) => (answer.body as Page).items.map(({ id }) => id);

describe('GET /v1/projects/{project}/notifications', () => {
  it('NOT-1: lists what the project told, newest first, with what has come of it', async () => {
    const answer = await manager.get(PATH).expect(200);

    expect(idsIn(answer)).toEqual(ids);
    expect((answer.body as Page).items[0]).toEqual({
      ...{ id: ids[0], project: 'shop', type: 'phase-failed', release, createdAt: new Date(NOON + 2).toISOString() },
      deliveries: { pending: 1, sent: 0, failed: 1 },
    });
  });

  it('HTTP-5: in pages', async () => {
    const first = await manager.get(`${PATH}?limit=2`).expect(200);
    const second = await manager.get(`${PATH}?limit=2&cursor=${(first.body as Page).next}`).expect(200);

    expect([idsIn(first), idsIn(second)]).toEqual([ids.slice(0, 2), ids.slice(2)]);
    expect((second.body as Page).next).toBeNull();
  });

  it('HTTP-5: of a release, or of a type', async () => {
    expect(idsIn(await manager.get(`${PATH}?release=${release}`))).toEqual(ids.slice(0, 1));
    expect(idsIn(await manager.get(`${PATH}?type=release-completed`))).toEqual(ids.slice(1));
    expect(idsIn(await manager.get(`${PATH}?type=release-completed&release=${release}`))).toEqual([]);
    await manager.get(`${PATH}?type=nothing`).expect(400);
  });
});

describe('GET /v1/projects/{project}/notifications/{notification}', () => {
  it('NOT-1: says what was told, to whom, and how far that is', async () => {
    const { status, body } = await manager.get(`${PATH}/${ids[0]}`);

    expect({ status, body: body as object }).toEqual({
      status: 200,
      body: {
        ...{ id: ids[0], project: 'shop', type: 'phase-failed', release, createdAt: new Date(NOON + 2).toISOString() },
        data: expect.objectContaining({ project: 'shop', pipeline: 'to-all' }) as object,
        deliveries: [
          {
            ...{ channel: 'email', recipient: 'joan@example.com', user: 'joan', subscription: null, state: 'pending' },
            ...{ tries: 0, nextAttemptAt: new Date(NOON + 2).toISOString(), detail: null, endedAt: null },
          },
          {
            // Without its query, which may hold a token.
            ...{ channel: 'webhook', recipient: 'https://example.com/hook', user: null, subscription: 'chat' },
            ...{ state: 'failed', tries: 1, nextAttemptAt: null, detail: 'The target answered 410' },
            endedAt: new Date(NOON).toISOString(),
          },
        ],
      },
    });
  });

  it('NOT-1: knows only those of its project', async () => {
    const elsewhere = await addPerson(api, 'rita', [{ role: 'release-manager', project: 'warehouse' }]);

    const answer = await elsewhere.get(`/v1/projects/warehouse/notifications/${ids[0]}`);

    expect({ status: answer.status, code: (answer.body as { code: string }).code }).toEqual({
      status: 404,
      code: 'notification.unknown',
    });
  });
});

describe('permissions', () => {
  it.each([PATH, `${PATH}/anything`])('INV-7: %s is for those who decide who is told', async (path) => {
    const name = `of-${path.length}`;
    const developer = await addPerson(api, `developer-${name}`, [{ role: 'developer', project: 'shop' }]);
    const stranger = await addPerson(api, `stranger-${name}`, [{ role: 'release-manager', project: 'warehouse' }]);

    const refused = await developer.get(path).expect(403);
    const hidden = await stranger.get(path).expect(404);

    expect(refused.body).toMatchObject({
      code: 'request.forbidden',
      detail: expect.stringContaining('SubscriptionEdit') as string,
    });
    expect(hidden.body).toMatchObject({ code: 'project.unknown' });
  });
});

describe('GET /metrics', () => {
  it('NOT-1: counts what is still to be delivered', async () => {
    const { text } = await administratorOf(api).get('/metrics').expect(200);

    expect(text).toMatch(/^sluice_deliveries_pending 6$/m);
  });
});
