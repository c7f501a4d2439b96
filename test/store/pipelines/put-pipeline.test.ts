import type { Phase, Pipeline } from '../../../src/domain/pipeline';
import { newId } from '../../../src/store/new-id';
import { deletePipeline } from '../../../src/store/pipelines/delete-pipeline';
import { findPipeline, listPipelines } from '../../../src/store/pipelines/find-pipeline';
import { pipelineFacts } from '../../../src/store/pipelines/pipeline-facts';
import { putPipeline } from '../../../src/store/pipelines/put-pipeline';
import { manual } from '../../domain/process-fixture';
import { insertProject, NOON } from '../../support/store-fixtures';
import { openTestStore, type TestStore } from '../../support/test-store';

let test: TestStore;
let projectId: string;

beforeEach(async () => {
  test = await openTestStore();
  ({ projectId } = await insertProject(test.store));
});

afterEach(() => test.dispose());

const phase = (name: string, change: Partial<Phase> = {}): Phase => ({
  name,
  bakeMs: 0,
  requiredReview: null,
  rules: [{ environments: ['staging'], conditions: [] }],
  ...change,
});

const pipeline = (...phases: Phase[]): Pipeline => ({
  phases,
  process: [],
  guidedFailure: false,
  onFailure: 'hold',
  reasonRequired: [],
});

const accept = () => undefined;

const put = (definition: Pipeline, slug = 'checkout', change: Partial<Parameters<typeof putPipeline>[1]> = {}) =>
  test.store.write((unit) =>
    putPipeline(unit, {
      projectId,
      slug,
      definition,
      by: 'ada',
      at: NOON,
      judge: accept,
      judgeDefinition: accept,
      ...change,
    }),
  );

const remove = (slug = 'checkout') =>
  test.store.write((unit) => deletePipeline(unit, { projectId, slug, by: 'ada', at: NOON, judge: accept }));

const eventTypes = async () => {
  const rows = await test.store.read.selectFrom('events').select('type').orderBy('position').execute();
  return rows.map(({ type }) => type);
};

describe('putPipeline', () => {
  it('PIPE-5: makes a new version of changed content and none of the same content', async () => {
    const outcomes = [
      await put(pipeline(phase('all'))),
      await put(pipeline(phase('all'))),
      await put(pipeline(phase('few'))),
    ];

    expect(outcomes.map(({ kind }) => kind)).toEqual(['created', 'unchanged', 'changed']);
    expect(await findPipeline(test.store.read, projectId, 'checkout')).toMatchObject({ version: 2, latestVersion: 2 });
    expect(await eventTypes()).toEqual(['pipeline-created', 'pipeline-changed']);
  });

  it('PIPE-5: keeps every version as it was saved', async () => {
    await put(pipeline(phase('all')));
    await put(pipeline(phase('few'), phase('all')), 'checkout', { at: NOON + 1 });

    const first = await findPipeline(test.store.read, projectId, 'checkout', 1);

    expect(first).toMatchObject({ version: 1, latestVersion: 2, savedAt: NOON, definition: pipeline(phase('all')) });
    expect(await findPipeline(test.store.read, projectId, 'checkout', 3)).toBeUndefined();
  });

  it('PIPE-4: judges new content and leaves the same content in peace', async () => {
    const judgeDefinition = () => {
      throw new Error('nobody could approve any more');
    };
    await put(pipeline(phase('all')));

    expect(await put(pipeline(phase('all')), 'checkout', { judgeDefinition })).toMatchObject({ kind: 'unchanged' });
    await expect(put(pipeline(phase('few')), 'checkout', { judgeDefinition })).rejects.toThrow('nobody');
    expect(await findPipeline(test.store.read, projectId, 'checkout')).toMatchObject({ version: 1 });
  });

  it('HTTP-7: of two at once that name the same version only one is saved', async () => {
    await put(pipeline(phase('all')));
    const expectFirst = (current: { version: number } | null) => {
      if (current?.version !== 1) {
        throw new Error('changed meanwhile');
      }
    };

    const outcomes = await Promise.allSettled(
      ['few', 'many'].map((name) => put(pipeline(phase(name)), 'checkout', { judge: expectFirst })),
    );

    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await findPipeline(test.store.read, projectId, 'checkout')).toMatchObject({ version: 2 });
  });

  it('two that create it at once end in one pipeline', async () => {
    const outcomes = await Promise.all(['few', 'many'].map((name) => put(pipeline(phase(name)))));

    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['changed', 'created']);
    expect(await listPipelines(test.store.read, projectId, { limit: 10, after: null })).toHaveLength(1);
  });
});

describe('deletePipeline', () => {
  it('HTTP-1: keeps its name and its versions', async () => {
    await put(pipeline(phase('all')));

    expect(await remove()).toEqual({ kind: 'deleted' });
    expect(await remove()).toEqual({ kind: 'gone' });
    expect(await remove('ghost')).toEqual({ kind: 'unknown' });
    expect(await put(pipeline(phase('all')))).toEqual({ kind: 'gone' });
    expect(await findPipeline(test.store.read, projectId, 'checkout', 1)).toMatchObject({ deletedAt: NOON });
    expect(await listPipelines(test.store.read, projectId, { limit: 10, after: null })).toEqual([]);
    expect(await eventTypes()).toEqual(['pipeline-created', 'pipeline-deleted']);
  });
});

describe('listPipelines', () => {
  it('HTTP-5: shows the newest first, page by page', async () => {
    for (const [index, name] of ['one', 'two', 'three'].entries()) {
      await put(pipeline(phase('all')), name, { at: NOON + index });
    }

    const [three, two, more] = await listPipelines(test.store.read, projectId, { limit: 2, after: null });
    const rest = await listPipelines(test.store.read, projectId, { limit: 2, after: two ?? null });

    expect([three?.slug, two?.slug, more?.slug]).toEqual(['three', 'two', 'one']);
    expect(rest.map(({ slug }) => slug)).toEqual(['one']);
  });
});

describe('pipelineFacts', () => {
  const judges = { checkExpression: () => null, endpointFault: () => null };
  const people = { ada: newId(), bob: newId(), cleo: newId(), dora: newId(), gone: newId() };
  const [operations, empty] = [newId(), newId()];

  beforeEach(() =>
    test.store.write(async ({ sql }) => {
      const user = (slug: keyof typeof people) => ({
        ...{ id: people[slug], slug, displayName: slug, email: null, createdAt: NOON },
        deletedAt: slug === 'gone' ? NOON : null,
      });
      await sql
        .insertInto('users')
        .values((['ada', 'bob', 'cleo', 'dora', 'gone'] as const).map(user))
        .execute();
      const team = (id: string, slug: string) => ({ id, slug, displayName: slug, createdAt: NOON, deletedAt: null });
      await sql
        .insertInto('teams')
        .values([team(operations, 'operations'), team(empty, 'empty')])
        .execute();
      await sql
        .insertInto('teamMembers')
        .values([people.bob, people.gone].map((userId) => ({ teamId: operations, userId })))
        .execute();
      const grant = { id: '', role: null, permission: null, projectId: null };
      const other = await insertOther(sql);
      await sql
        .insertInto('grants')
        .values([
          { ...grant, id: newId(), subjectKind: 'user', subjectId: people.ada, role: 'administrator' },
          { ...grant, id: newId(), subjectKind: 'team', subjectId: operations, role: 'release-manager', projectId },
          {
            ...grant,
            id: newId(),
            subjectKind: 'user',
            subjectId: people.cleo,
            permission: 'ReleaseApprove',
            projectId: other,
          },
          { ...grant, id: newId(), subjectKind: 'user', subjectId: people.dora, role: 'developer', projectId },
        ])
        .execute();
    }),
  );

  async function insertOther(sql: Parameters<typeof pipelineFacts>[0]): Promise<string> {
    const id = newId();
    await sql
      .insertInto('projects')
      .values({ id, slug: 'other', displayName: 'other', createdAt: NOON, deletedAt: null })
      .execute();
    return id;
  }

  it('SEC-4: counts those who hold ReleaseApprove in the project, by themselves or by a team', async () => {
    const facts = await pipelineFacts(test.store.read, projectId, pipeline(), judges);

    expect([...facts.approvers].sort()).toEqual([people.ada, people.bob].sort());
  });

  it('INT-6: counts those who may answer in the project, with a team and without one, where there is a process', async () => {
    const process = [manual()];

    const facts = await pipelineFacts(test.store.read, projectId, { ...pipeline(), process }, judges);

    expect([...facts.deployers].sort()).toEqual([people.ada, people.bob].sort());
    expect([...facts.submitters].sort()).toEqual([people.ada, people.bob, people.dora].sort());
  });

  it('PIPE-4: knows the members of the teams that are named, and none of an unknown one', async () => {
    const requiredReview = {
      teams: ['operations', 'empty', 'ghosts'],
      approvals: 1,
      authorMayApprove: false,
      deadline: null,
    };

    const facts = await pipelineFacts(test.store.read, projectId, pipeline(phase('all', { requiredReview })), judges);

    expect(facts.teams).toEqual(
      new Map([
        ['operations', [people.bob]],
        ['empty', []],
      ]),
    );
  });

  it('lists the environments in their order', async () => {
    const { environments } = await pipelineFacts(test.store.read, projectId, pipeline(), judges);

    expect(environments.map(({ slug, requiresPipeline }) => [slug, requiresPipeline])).toEqual([
      ['development', false],
      ['staging', true],
      ['production', true],
    ]);
  });
});
