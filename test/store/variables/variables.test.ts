import { readAudit } from '../../../src/store/audit/read-audit';
import { inPieces } from '../../../src/store/in-pieces';
import { newId } from '../../../src/store/new-id';
import { deleteEnvironment } from '../../../src/store/projects/delete-environment';
import { createSecretBox } from '../../../src/store/secret-box';
import { deleteVariable } from '../../../src/store/variables/delete-variable';
import { findVariable } from '../../../src/store/variables/find-variable';
import {
  MOST_VARIABLES,
  putVariable,
  type VariableContent,
  type VariableToPut,
} from '../../../src/store/variables/put-variable';
import { getVariable } from '../../../src/store/variables/variable-record';
import { openVariable } from '../../../src/store/variables/variable-value';
import { variablesFor } from '../../../src/store/variables/variables-for';
import { insertProject, NOON, type ProjectFixture } from '../../support/store-fixtures';
import { openTestStore, type TestStore } from '../../support/test-store';
import { placesOf } from '../../support/written-in';

const SECRET = 'planted-value-of-a-variable';
const secretBox = createSecretBox('a-key-for-tests-of-at-least-32-characters');
const otherBox = createSecretBox('another-key-for-tests-of-at-least-32-characters');

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

function put(changes: Partial<VariableToPut> = {}) {
  return test.store.write((unit) =>
    putVariable(unit, {
      ...{ projectId: project.projectId, name: 'Region', value: 'eu', sensitive: null, environments: [], secretBox },
      ...{ judgeContent: () => undefined, ...accepted },
      ...changes,
    }),
  );
}

const putSecret = (changes: Partial<VariableToPut> = {}) => put({ value: SECRET, sensitive: true, ...changes });
const row = (name = 'Region') => findVariable(test.store.read, project.projectId, name);
const get = (name = 'Region') => test.store.readTogether((sql) => getVariable(sql, project.projectId, name));
const remove = (name = 'Region') =>
  test.store.write((unit) => deleteVariable(unit, { projectId: project.projectId, name, ...accepted }));
const removeEnvironment = (slug: string) =>
  test.store.write((unit) => deleteEnvironment(unit, { projectId: project.projectId, slug, ...accepted }));

async function opened(name = 'Region'): Promise<string | null> {
  const found = await row(name);
  return found && openVariable(secretBox, found);
}

async function events() {
  const filter = { projectIds: [project.projectId] };
  return (await readAudit(test.store.read, filter, { order: 'ascending', limit: 100 })).entries;
}

/** A pipeline whose latest version sends this text by mail; with `live` a release has pinned that version. */
async function insertPipeline(slug: string, body: string, { version = 1, live = false } = {}): Promise<string> {
  const { projectId } = project;
  const [pipelineId, releaseId] = [newId(), newId()];
  await test.store.write(async ({ sql }) => {
    await sql
      .insertInto('pipelines')
      .values({ id: pipelineId, projectId, slug, version, createdAt: NOON, deletedAt: null })
      .execute();
    await sql
      .insertInto('pipelineVersions')
      .values({
        ...{ pipelineId, version: 1, createdBy: 'ada', createdAt: NOON },
        definition: JSON.stringify({ phases: [], process: [{ name: 'Tell', kind: 'email', body }] }),
      })
      .execute();
    if (version > 1) {
      await sql
        .insertInto('pipelineVersions')
        .values({ pipelineId, version, createdBy: 'ada', createdAt: NOON, definition: '{"phases":[]}' })
        .execute();
    }
    if (live) {
      await sql
        .insertInto('releases')
        .values({
          ...{ id: releaseId, projectId, pipelineId, pipelineVersion: 1, digest: '', position: '{}', state: 'baking' },
          ...{ live: 1, seq: 0, epoch: 1, claimedBy: null, lastAction: 0, startDeliveredAt: null, wake: 0 },
          ...{ changes: '[]', plan: '{}', triggeredBy: 'ada', reason: null, source: null, labels: '[]' },
          ...{ createdAt: NOON, endedAt: null },
        })
        .execute();
    }
  });
  return releaseId;
}

describe('putVariable', () => {
  it('HTTP-7: creates, keeps, changes, and tells each change once, without the value', async () => {
    expect(await put()).toEqual({ kind: 'created' });
    expect(await put()).toEqual({ kind: 'unchanged' });
    const first = await row();
    expect(await put({ value: 'us', environments: ['staging', 'production', 'staging'] })).toEqual({ kind: 'changed' });
    expect(await put({ value: 'us', environments: ['production', 'staging'] })).toEqual({ kind: 'unchanged' });

    expect(await get()).toMatchObject({ value: 'us', environments: ['staging', 'production'], sensitive: 0 });
    expect((await row())?.version).toBe((first?.version ?? 0) + 1);
    const told = await events();
    expect(told.map(({ type, data }) => [type, data])).toEqual([
      ['variable-created', { variable: 'Region', variableId: first?.id, environments: [], sensitive: false }],
      [
        'variable-changed',
        { variable: 'Region', variableId: first?.id, environments: ['production', 'staging'], sensitive: false },
      ],
    ]);
  });

  it('VAR-6: stores environments as their ids, sorted', async () => {
    await put({ environments: ['staging', 'production'] });

    const ids = [project.environments.staging, project.environments.production].sort();
    expect((await row())?.environments).toBe(JSON.stringify(ids));
  });

  it('VAR-4: seals a sensitive value, bound to its row and key', async () => {
    await putSecret();
    await putSecret({ name: 'Other' });
    const [stored, other] = [await row(), await row('Other')];

    expect(stored?.value).not.toContain(SECRET);
    expect(stored?.value).not.toBe(other?.value);
    expect(await opened()).toBe(SECRET);
    expect(() => openVariable(otherBox, stored!)).toThrow();
    expect(() => openVariable(secretBox, { ...stored!, value: other!.value })).toThrow();
  });

  it('HTTP-7: the same sensitive value is no change, and neither is null in its place', async () => {
    await putSecret();
    const before = await row();

    expect(await putSecret()).toEqual({ kind: 'unchanged' });
    expect(await putSecret({ value: null })).toEqual({ kind: 'unchanged' });
    expect(await putSecret({ value: null, sensitive: null })).toEqual({ kind: 'unchanged' });
    expect(await putSecret({ sensitive: null })).toEqual({ kind: 'unchanged' });
    expect(await row()).toEqual(before);
    expect(await events()).toHaveLength(1);
  });

  it('keeps a sensitive value while its environments change', async () => {
    await putSecret();

    expect(await putSecret({ value: null, environments: ['staging'] })).toEqual({ kind: 'changed' });

    expect([await opened(), (await get())?.environments]).toEqual([SECRET, ['staging']]);
  });

  it('stays sensitive where nothing is said of it', async () => {
    await putSecret();

    expect(await put({ value: 'another', sensitive: null })).toEqual({ kind: 'changed' });

    expect([(await row())?.sensitive, await opened()]).toEqual([1, 'another']);
  });

  it('is sealed, or not, from the moment that `sensitive` changes', async () => {
    await put({ value: 'open' });
    expect(await put({ value: 'open', sensitive: true })).toEqual({ kind: 'changed' });
    expect([(await row())?.value === 'open', await opened()]).toEqual([false, 'open']);

    expect(await put({ value: 'shown', sensitive: false })).toEqual({ kind: 'changed' });

    expect(await row()).toMatchObject({ value: 'shown', sensitive: 0 });
  });

  it('INV-9: where a value does not open with this key the same one is a change, and mends it', async () => {
    await putSecret({ secretBox: otherBox });
    expect(await putSecret({ value: null })).toEqual({ kind: 'unchanged' });

    expect(await putSecret()).toEqual({ kind: 'changed' });

    expect(await opened()).toBe(SECRET);
  });

  it('tells its judge what is lacking and which environments there are', async () => {
    const judged: VariableContent[] = [];
    const refuse = (content: VariableContent) => {
      judged.push(content);
      throw new Error('no');
    };
    await putSecret();
    await put({ name: 'Plain' });

    await expect(put({ name: 'New', value: null, judgeContent: refuse })).rejects.toThrow('no');
    await expect(put({ name: 'Plain', value: null, judgeContent: refuse })).rejects.toThrow('no');
    await expect(put({ name: 'Plain', value: null, sensitive: true, judgeContent: refuse })).rejects.toThrow('no');
    await expect(put({ value: null, sensitive: false, judgeContent: refuse })).rejects.toThrow('no');
    await expect(put({ value: null, judgeContent: refuse, environments: ['moon', 'staging'] })).rejects.toThrow('no');

    expect(judged.map(({ lacksValue, sensitive }) => [lacksValue, sensitive])).toEqual([
      [true, false],
      [true, false],
      [true, true],
      [true, false],
      [false, true],
    ]);
    expect(judged.at(-1)?.environments).toEqual(new Set(['staging']));
    expect([await row('New'), await opened(), (await row('Plain'))?.value]).toEqual([null, SECRET, 'eu']);
  });

  it('of several at once creates one', async () => {
    const kinds = (await Promise.all([putSecret(), putSecret(), putSecret()])).map(({ kind }) => kind);

    expect(kinds.sort()).toEqual(['created', 'unchanged', 'unchanged']);
    expect((await events()).map(({ type }) => type)).toEqual(['variable-created']);
  });

  it('takes any text: blanks, lines, 32 KB of it', async () => {
    for (const value of ['', ' a \r\n\t', '€'.repeat(10_000), '#{Region}', '\\"\'']) {
      await put({ value });
      expect(await opened()).toBe(value);
      await putSecret({ name: 'Sealed', value });
      expect(await opened('Sealed')).toBe(value);
    }
  });
});

describe('a project with as many variables as it can have', () => {
  beforeEach(async () => {
    const names = Array.from({ length: MOST_VARIABLES - 1 }, (_, index) => `V${index}`);
    const rows = names.map((name) => ({ name, id: newId(), value: 'eu', sensitive: 0 as const, environments: '[]' }));
    await test.store.write(async ({ sql }) => {
      for (const piece of inPieces(rows.map((each) => ({ ...each, ...placed(), createdAt: NOON, deletedAt: null })))) {
        await sql.insertInto('variables').values(piece).execute();
      }
    });
  });
  const placed = () => ({ projectId: project.projectId });

  it('VAR-6: takes one more, whoever else wants theirs at the same time', async () => {
    const kinds = (await Promise.all(['A', 'B', 'C'].map((name) => put({ name })))).map(({ kind }) => kind);

    expect(kinds.sort()).toEqual(['created', 'too-many', 'too-many']);
    expect(await events()).toHaveLength(1);
  });

  it('VAR-6: lets those that it has be changed, and takes another when one is deleted', async () => {
    await put({ name: 'Last' });

    expect(await put({ name: 'Last', value: 'us' })).toEqual({ kind: 'changed' });
    expect(await put({ name: 'Next' })).toEqual({ kind: 'too-many' });
    await remove('V7');
    expect(await put({ name: 'Next' })).toEqual({ kind: 'created' });
  });

  it('VAR-6: leaves other projects theirs', async () => {
    await put({ name: 'Last' });
    const other = await insertProject(test.store);

    expect(await put({ projectId: other.projectId })).toEqual({ kind: 'created' });
  });
});

describe('variablesFor', () => {
  it('VAR-6: gives those that have a value in the environment, sealed where sensitive', async () => {
    await put({ name: 'Everywhere' });
    await putSecret({ name: 'Secret', environments: ['production'] });
    await put({ name: 'Elsewhere', environments: ['staging'] });
    await put({ name: 'Deleted' });
    await remove('Deleted');
    const other = await insertProject(test.store);
    await put({ projectId: other.projectId, name: 'Others' });

    const found = await variablesFor(test.store.read, project.projectId, project.environments.production);

    expect(found.map((variable) => [variable.name, openVariable(secretBox, variable), variable.sensitive])).toEqual([
      ['Everywhere', 'eu', 0],
      ['Secret', SECRET, 1],
    ]);
    expect(JSON.stringify(found)).not.toContain(SECRET);
  });
});

describe('deleteVariable', () => {
  it('HTTP-7: is soft, erases the value, and the name is not given again', async () => {
    await putSecret({ environments: ['staging'] });

    expect(await remove()).toEqual({ kind: 'deleted' });

    expect(await row()).toMatchObject({ value: '', environments: '[]', deletedAt: NOON });
    expect(await remove()).toEqual({ kind: 'gone' });
    expect(await put()).toEqual({ kind: 'gone' });
    expect(await remove('Never')).toEqual({ kind: 'unknown' });
    expect((await events()).map(({ type }) => type)).toEqual(['variable-created', 'variable-deleted']);
  });

  it('is refused while the process of a pipeline or of a release’s pinned version uses it', async () => {
    await put();
    await insertPipeline('latest', 'In #{Region}');
    await insertPipeline('earlier', 'In #{Region}', { version: 2 });
    await insertPipeline('other', 'In #{Region2}');
    const release = await insertPipeline('pinned', 'In #{Region}', { version: 2, live: true });

    expect(await remove()).toEqual({ kind: 'busy', users: ['pipeline latest', `release ${release}`] });

    expect((await row())?.deletedAt).toBeNull();
  });
});

describe('deleteEnvironment', () => {
  it('is refused while a variable is limited to it, as without it that would mean everywhere', async () => {
    await put({ environments: ['staging'] });
    await put({ name: 'Everywhere' });
    await put({ name: 'Gone', environments: ['staging'] });
    await remove('Gone');

    expect(await removeEnvironment('staging')).toEqual({ kind: 'busy', users: ['variable Region'] });
    await put({ environments: ['production'] });

    expect(await removeEnvironment('staging')).toEqual({ kind: 'deleted' });
  });

  it('and a variable made at the same time see each other', async () => {
    const judgeContent = ({ environments }: VariableContent) => {
      if (!environments.has('development')) throw new Error('no such environment');
    };
    const [made, removed] = await Promise.allSettled([
      put({ environments: ['development'], judgeContent }),
      removeEnvironment('development'),
    ]);

    const isMade = made.status === 'fulfilled';
    expect(removed).toMatchObject({ status: 'fulfilled', value: { kind: isMade ? 'busy' : 'deleted' } });
    expect((await row()) !== null).toBe(isMade);
  });
});

it('VAR-4: a sensitive value is nowhere in the store', async () => {
  await putSecret({ environments: ['staging'] });
  await putSecret({ value: `${SECRET}-changed` });
  await remove();

  expect(await placesOf('variable-deleted', test.store)).toContain('events');
  expect(await placesOf(SECRET, test.store)).toEqual([]);
});
