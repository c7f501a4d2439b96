import { leaveQueues } from '../../../src/store/releases/queue';
import { readAudit } from '../../../src/store/audit/read-audit';
import { deleteEnvironment } from '../../../src/store/projects/delete-environment';
import { createSecretBox } from '../../../src/store/secret-box';
import { deleteService } from '../../../src/store/services/delete-service';
import { endpointOf } from '../../../src/store/services/endpoint-of';
import { lockService } from '../../../src/store/services/find-service';
import { getService } from '../../../src/store/services/get-service';
import { knownServices } from '../../../src/store/services/known-services';
import { listServices } from '../../../src/store/services/list-services';
import { lockServices } from '../../../src/store/services/lock-services';
import { putService, type ContentToJudge, type ServiceToPut } from '../../../src/store/services/put-service';
import { addSecret, secretsOf } from '../../../src/store/services/service-secrets';
import { insertProject, insertRelease, NOON, type ProjectFixture } from '../../support/store-fixtures';
import { openTestStore, type TestStore } from '../../support/test-store';

const STAGING = 'https://staging.example.com/deploy';
const PRODUCTION = 'https://example.com/deploy';
const both = new Map([
  ['production', PRODUCTION],
  ['staging', STAGING],
]);

let test: TestStore;
let project: ProjectFixture;

beforeAll(async () => {
  test = await openTestStore();
});
beforeEach(async () => {
  project = await insertProject(test.store);
});
afterAll(() => test.dispose());

const accepted = { by: 'ada', at: NOON, judge: () => undefined };

function put(changes: Partial<ServiceToPut> = {}) {
  return test.store.write((unit) =>
    putService(unit, {
      ...{ projectId: project.projectId, slug: 'payments', displayName: 'Payments', timeoutMs: 30_000 },
      ...{ callback: false, callbackTimeoutMs: 3_600_000 },
      ...{ endpoints: both, judgeContent: () => undefined, ...accepted },
      ...changes,
    }),
  );
}

async function created(changes: Partial<ServiceToPut> = {}): Promise<string> {
  const outcome = await put(changes);
  if (outcome.kind !== 'created') throw new Error(`not created: ${outcome.kind}`);
  return outcome.serviceId;
}

const get = (slug = 'payments') => test.store.readTogether((sql) => getService(sql, project.projectId, slug));
const remove = () =>
  test.store.write((unit) => deleteService(unit, { projectId: project.projectId, slug: 'payments', ...accepted }));
const removeEnvironment = (slug: string) =>
  test.store.write((unit) => deleteEnvironment(unit, { projectId: project.projectId, slug, ...accepted }));

async function events() {
  const filter = { projectIds: [project.projectId] };
  return (await readAudit(test.store.read, filter, { order: 'ascending', limit: 100 })).entries;
}

const eventTypes = async () => (await events()).map(({ type }) => type);

describe('putService', () => {
  it('HTTP-7: creates, keeps, changes, and tells each change once', async () => {
    const serviceId = await created();
    const first = await get();

    expect(await put()).toEqual({ kind: 'unchanged', serviceId });
    expect((await get())?.version).toBe(first?.version);
    expect(await put({ timeoutMs: 5_000 })).toEqual({ kind: 'changed', serviceId });

    const after = await get();
    expect(after).toMatchObject({ timeoutMs: 5_000, displayName: 'Payments', secretCreatedAt: null, deletedAt: null });
    expect(after?.version).toBe((first?.version ?? 0) + 1);
    expect(await events()).toMatchObject([
      {
        ...{ type: 'service-created', actorId: 'ada', at: NOON },
        data: { service: 'payments', serviceId, timeoutMs: 30_000, endpoints: Object.fromEntries(both) },
      },
      { type: 'service-changed', data: { service: 'payments', timeoutMs: 5_000 } },
    ]);
  });

  it('HTTP-7: keeps endpoints that are left out, replaces those that are given, and clears them', async () => {
    await created();

    await put({ endpoints: null, displayName: 'Kept' });
    expect([...((await get())?.endpoints ?? [])]).toEqual([
      ['staging', STAGING],
      ['production', PRODUCTION],
    ]);
    await put({ endpoints: new Map([['development', STAGING]]) });
    expect([...((await get())?.endpoints ?? [])]).toEqual([['development', STAGING]]);
    await put({ endpoints: new Map() });
    expect((await get())?.endpoints.size).toBe(0);
  });

  it('tells its judge what of the endpoints is new, and which environments there are', async () => {
    const judged: ContentToJudge[] = [];
    const judgeContent = (content: ContentToJudge) => void judged.push(content);
    await created({ judgeContent });
    await put({ judgeContent });
    await put({ judgeContent, endpoints: new Map([...both, ['staging', PRODUCTION], ['moon', PRODUCTION]]) });
    await put({ judgeContent, endpoints: new Map() });

    expect(judged.map((each) => [each.endpointsChange, [...each.newEndpoints.keys()]])).toEqual([
      [true, ['production', 'staging']],
      [false, []],
      [true, ['staging', 'moon']],
      [true, []],
    ]);
    expect(judged[2]?.environments).toEqual(new Set(['production', 'staging']));
  });

  it.each(['judge', 'judgeContent'] as const)('is left as it was when its %s throws', async (name) => {
    await created();
    const before = await get();
    const refuse = () => {
      throw new Error('no');
    };

    await expect(put({ displayName: 'Other', [name]: refuse })).rejects.toThrow('no');

    expect(await get()).toEqual(before);
    expect(await eventTypes()).toEqual(['service-created']);
  });

  it('of two at once creates one', async () => {
    const kinds = (await Promise.all([put(), put(), put()])).map(({ kind }) => kind);

    expect(kinds.sort()).toEqual(['created', 'unchanged', 'unchanged']);
    expect(await eventTypes()).toEqual(['service-created']);
  });
});

describe('getService', () => {
  it('shows what is deployed in each environment, who holds it and who waits', async () => {
    const serviceId = await created();
    await test.store.write(({ sql }) =>
      sql
        .insertInto('serviceVersions')
        .values({ serviceId, environmentId: project.environments.staging, version: '1.4.2', sequence: 7 })
        .execute(),
    );
    const [holding, waiting] = await test.store.write(async (unit) => [
      await insertRelease(unit, project.projectId, [], { serviceIds: [serviceId] }),
      await insertRelease(unit, project.projectId, [], { serviceIds: [serviceId], held: false }),
    ]);
    await test.store.write((unit) =>
      insertRelease(unit, project.projectId, [], { serviceIds: [serviceId], live: false }),
    );

    expect(await get()).toMatchObject({
      versions: [
        { environment: 'development', version: null },
        { environment: 'staging', version: '1.4.2' },
        { environment: 'production', version: null },
      ],
      releaseId: holding,
      queued: [waiting],
    });
    expect(await get('never')).toBeUndefined();
  });
});

describe('REL-19: endpointOf', () => {
  it('is read as it is at that moment', async () => {
    const serviceId = await created();
    const { development, production } = project.environments;
    const at = (environmentId: string) => endpointOf(test.store.read, serviceId, environmentId);

    expect(await at(production)).toEqual({ url: PRODUCTION, timeoutMs: 30_000, callbackTimeoutMs: null });
    expect(await at(development)).toBeNull();
    await put({ endpoints: new Map([['production', STAGING]]), timeoutMs: 1_000, callback: true });
    expect(await at(production)).toEqual({ url: STAGING, timeoutMs: 1_000, callbackTimeoutMs: 3_600_000 });
    await remove();
    expect(await at(production)).toBeNull();
  });
});

describe('knownServices', () => {
  it('finds those that exist, with the environments of their endpoints in order', async () => {
    const payments = await created();
    const bare = await created({ slug: 'bare', endpoints: null });
    const known = (slugs: string[]) => knownServices(test.store.read, project.projectId, slugs);

    expect(await known(['bare', 'payments', 'payments', 'never'])).toEqual(
      new Map([
        ['payments', { id: payments, endpoints: ['staging', 'production'], hasSecret: false }],
        ['bare', { id: bare, endpoints: [], hasSecret: false }],
      ]),
    );
    expect(await known([])).toEqual(new Map());
    await remove();
    expect([...(await known(['bare', 'payments'])).keys()]).toEqual(['bare']);
  });

  it('finds none of another project', async () => {
    await created();
    const other = await insertProject(test.store);

    expect(await knownServices(test.store.read, other.projectId, ['payments'])).toEqual(new Map());
  });
});

describe('listServices', () => {
  it('HTTP-5: goes newest first, page by page, without deleted ones', async () => {
    for (const slug of ['one', 'two', 'payments', 'three']) {
      await created({ slug });
    }
    await remove();
    const list = (after: { createdAt: number; id: string } | null) =>
      test.store.readTogether((sql) => listServices(sql, project.projectId, { limit: 2, after }));

    const first = await list(null);
    const second = await list(first[1] ?? null);

    expect(first.map(({ slug }) => slug)).toEqual(['three', 'two', 'one']);
    expect(second.map(({ slug }) => slug)).toEqual(['one']);
    expect(first[0]?.endpoints.get('production')).toBe(PRODUCTION);
  });
});

describe('deleteService', () => {
  it('HTTP-7: is soft, erases addresses and secrets, and the name is not given again', async () => {
    const serviceId = await created();
    const secretBox = createSecretBox('a-key-for-tests-of-at-least-32-characters');
    await test.store.write((unit) =>
      addSecret(unit, {
        ...{ projectId: project.projectId, secretBox, by: 'ada', at: NOON },
        service: { id: serviceId, slug: 'payments' },
      }),
    );

    expect(await remove()).toEqual({ kind: 'deleted' });

    expect(await remove()).toEqual({ kind: 'gone' });
    expect(await put()).toEqual({ kind: 'gone' });
    expect(await get()).toMatchObject({ deletedAt: NOON, secretCreatedAt: null, endpoints: new Map() });
    expect(await secretsOf(test.store.read, serviceId, NOON)).toEqual([]);
    expect(await eventTypes()).toEqual(['service-created', 'service-secret-created', 'service-deleted']);
  });

  it('REL-3: is refused while a release holds it or waits for it, naming them', async () => {
    const serviceId = await created();
    const releases = await test.store.write(async (unit) => [
      await insertRelease(unit, project.projectId, [], { serviceIds: [serviceId] }),
      await insertRelease(unit, project.projectId, [], { serviceIds: [serviceId], held: false }),
    ]);

    expect(await remove()).toEqual({ kind: 'busy', users: releases.map((id) => `release ${id}`) });

    await test.store.write(async (unit) => {
      for (const id of releases) await leaveQueues(unit, id);
    });
    expect(await remove()).toEqual({ kind: 'deleted' });
  });

  it('does not know what never was', async () => {
    expect(await remove()).toEqual({ kind: 'unknown' });
  });

  it('REL-3: of a race with a trigger one sees the other', async () => {
    const serviceId = await created();
    const trigger = test.store.write(async (unit) => {
      await lockServices(unit, [serviceId]);
      const known = await knownServices(unit.sql, project.projectId, ['payments']);
      if (!known.has('payments')) return 'not-there';
      await insertRelease(unit, project.projectId, [], { serviceIds: [serviceId] });
      return 'triggered';
    });

    const [triggered, deleted] = await Promise.all([trigger, remove()]);

    expect(['triggered, busy', 'not-there, deleted']).toContain(`${triggered}, ${deleted.kind}`);
  });
});

describe('the deletion of an environment', () => {
  it('HTTP-7: takes the endpoints there with it, and tells it of each service', async () => {
    const serviceId = await created();
    await created({ slug: 'bare', endpoints: null });
    const before = await get();

    expect(await removeEnvironment('staging')).toEqual({ kind: 'deleted' });

    const after = await get();
    expect([...(after?.endpoints ?? [])]).toEqual([['production', PRODUCTION]]);
    expect(after?.versions.map(({ environment }) => environment)).toEqual(['development', 'production']);
    expect(after?.version).toBe((before?.version ?? 0) + 1);
    expect(await endpointOf(test.store.read, serviceId, project.environments.staging)).toBeNull();
    expect((await events()).slice(2)).toMatchObject([
      { type: 'environment-deleted', data: { environment: 'staging' } },
      { type: 'service-changed', data: { service: 'payments', endpoints: { production: PRODUCTION } } },
    ]);
  });

  it('of a race with a new endpoint leaves none behind', async () => {
    await created({ endpoints: null });
    const known = (content: ContentToJudge) => {
      if (!content.environments.has('staging')) throw new Error('no such environment');
    };

    const [, removed] = await Promise.allSettled([
      put({ endpoints: new Map([['staging', STAGING]]), judgeContent: known }),
      removeEnvironment('staging'),
    ]);

    expect(removed).toEqual({ status: 'fulfilled', value: { kind: 'deleted' } });
    const rows = test.store.read.selectFrom('serviceEndpoints').selectAll();
    expect(await rows.where('environmentId', '=', project.environments.staging).execute()).toEqual([]);
  });
});

describe('lockService', () => {
  it('finds deleted ones too, and none that never was', async () => {
    await created();
    await remove();
    const find = (slug: string) => test.store.write((unit) => lockService(unit, project.projectId, slug));

    expect(await find('payments')).toMatchObject({ slug: 'payments', deletedAt: NOON });
    expect(await find('never')).toBeNull();
  });
});
