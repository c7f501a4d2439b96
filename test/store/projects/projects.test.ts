import { createEvaluationKey } from '../../../src/store/projects/create-evaluation-key';
import { deleteEnvironment } from '../../../src/store/projects/delete-environment';
import { deleteEvaluationKey } from '../../../src/store/projects/delete-evaluation-key';
import { deleteProject } from '../../../src/store/projects/delete-project';
import { findEnvironment } from '../../../src/store/projects/find-environment';
import { listEnvironments } from '../../../src/store/projects/list-environments';
import { liveEvaluationKeys } from '../../../src/store/projects/live-evaluation-keys';
import { putEnvironment } from '../../../src/store/projects/put-environment';
import { putProject } from '../../../src/store/projects/put-project';
import { claimKey } from '../../../src/store/idempotency';
import type { Store } from '../../../src/store/store';
import { NOON } from '../../support/store-fixtures';
import { openTestStore, type TestStore } from '../../support/test-store';

let own: TestStore;
let store: Store;

beforeAll(async () => {
  own = await openTestStore();
  store = own.store;
});

afterAll(() => own.dispose());

const by = { by: 'ada', at: NOON };
const accepted = { ...by, judge: () => undefined };

async function addProject(slug: string): Promise<string> {
  const put = await store.write((unit) => putProject(unit, { slug, displayName: slug, ...accepted }));
  return put.kind === 'gone' ? '' : put.project.id;
}

const environment = (projectId: string, slug: string, changed: object = {}) => ({
  ...{ projectId, slug, displayName: slug, position: null, requiresPipeline: true, requiresReview: false },
  ...accepted,
  ...changed,
});

describe('projects', () => {
  it('are created, kept, changed, and never again after deletion', async () => {
    const put = (displayName: string) =>
      store.write((unit) => putProject(unit, { slug: 'shop', displayName, ...accepted }));
    const remove = () => store.write((unit) => deleteProject(unit, { slug: 'shop', ...accepted }));

    expect((await put('Shop')).kind).toBe('created');
    expect((await put('Shop')).kind).toBe('unchanged');
    expect((await put('The shop')).kind).toBe('changed');
    expect(await remove()).toEqual({ kind: 'deleted' });
    expect(await remove()).toEqual({ kind: 'gone' });
    expect(await put('Shop')).toEqual({ kind: 'gone' });
  });

  it('are left as they were by a judge who throws', async () => {
    const refused = store.write((unit) =>
      putProject(unit, {
        ...{ slug: 'judged', displayName: 'Judged', ...by },
        judge: () => {
          throw new Error('no');
        },
      }),
    );

    await expect(refused).rejects.toThrow('no');
    expect(await store.read.selectFrom('projects').select('id').where('slug', '=', 'judged').execute()).toEqual([]);
  });
});

describe('environments', () => {
  it('take the place behind the others, and keep it', async () => {
    const projectId = await addProject('ordered');
    const put = (slug: string, changed: object = {}) =>
      store.write((unit) => putEnvironment(unit, environment(projectId, slug, changed)));
    await put('first', { position: 5 });
    await put('second');

    expect(await findEnvironment(store.read, projectId, 'second')).toMatchObject({ position: 6, requiresPipeline: 1 });
    expect((await put('second')).kind).toBe('unchanged');
    expect((await put('second', { requiresPipeline: false })).kind).toBe('changed');
    const names = (await listEnvironments(store.read, projectId, { limit: 10, after: null })).map(({ slug }) => slug);
    expect(names).toEqual(['second', 'first']);
  });

  it('take their keys with them', async () => {
    const projectId = await addProject('keyed');
    await store.write((unit) => putEnvironment(unit, environment(projectId, 'production')));
    const found = await findEnvironment(store.read, projectId, 'production');
    const key = { projectId, environment: found ?? { id: '', slug: '' }, kind: 'client' as const, name: 'web', ...by };
    const kept = await store.write((unit) => createEvaluationKey(unit, { ...key, keyHash: 'hash-of-kept' }));
    const deleted = await store.write((unit) => createEvaluationKey(unit, { ...key, keyHash: 'hash-of-deleted' }));
    const remove = () => store.write((unit) => deleteEvaluationKey(unit, { ...key, id: deleted }));

    expect([await remove(), await remove()]).toEqual(['deleted', 'gone']);
    expect(await liveEvaluationKeys(store.read)).toEqual([
      { keyHash: 'hash-of-kept', keyId: kept, kind: 'client', projectId, environmentId: found?.id },
    ]);

    await store.write((unit) => deleteEnvironment(unit, { projectId, slug: 'production', ...accepted }));
    expect(await liveEvaluationKeys(store.read)).toEqual([]);
  });
});

describe('HTTP-6: claimKey', () => {
  const request = { userId: 'ada', route: 'POST /v1/x', bodyHash: 'body' };
  const claim = (key: string, work: (n: number) => Promise<void> = () => Promise.resolve()) =>
    store.write(async (unit) => {
      const found = await claimKey<{ answer: number }>(unit, { ...request, key }, NOON);
      if (found.kind !== 'fresh') {
        return found.kind === 'repeated' ? found.kept.answer : found.kind;
      }
      const answer = Math.random();
      await work(answer);
      await found.keep({ answer });
      return answer;
    });

  it('lets one of many at once through, and gives the others what it kept', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => claim('raced')));

    expect(new Set(answers).size).toBe(1);
  });

  it('is free again after a transaction that failed', async () => {
    await expect(claim('failed', () => Promise.reject(new Error('no')))).rejects.toThrow('no');

    expect(typeof (await claim('failed'))).toBe('number');
  });

  it('tells another body apart', async () => {
    await claim('other');

    const found = await store.write((unit) => claimKey(unit, { ...request, key: 'other', bodyHash: 'another' }, NOON));

    expect(found).toEqual({ kind: 'mismatch' });
  });
});
