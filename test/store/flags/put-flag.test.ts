import type { FlagDefinition } from '../../../src/domain/flag';
import { readAudit } from '../../../src/store/audit/read-audit';
import { getFlag } from '../../../src/store/flags/get-flag';
import { putFlag, type PutFlag, type PutFlagOutcome } from '../../../src/store/flags/put-flag';
import { lockFlags } from '../../../src/store/flags/lock-flags';
import { queuesOf } from '../../../src/store/releases/queue';
import { flagTarget } from '../../../src/store/releases/stored-release';
import type { Notice } from '../../../src/store/notices';
import { NOON, OFF, ON, insertProject, insertRelease, type ProjectFixture } from '../../support/store-fixtures';
import { openTestStore, type TestStore } from '../../support/test-store';

let test: TestStore;
let project: ProjectFixture;

beforeAll(async () => {
  test = await openTestStore();
});
beforeEach(async () => {
  project = await insertProject(test.store);
});
afterAll(() => test.dispose());

function put(changes: Partial<PutFlag> = {}): Promise<PutFlagOutcome> {
  return test.store.write((unit) =>
    putFlag(unit, {
      projectId: project.projectId,
      slug: 'checkout',
      kind: 'gate',
      description: '',
      definition: OFF,
      environments: null,
      mayOverride: false,
      isApplied: false,
      actorId: 'ada',
      at: NOON,
      checkEtag: () => undefined,
      ...changes,
    }),
  );
}

async function created(changes: Partial<PutFlag> = {}): Promise<string> {
  const outcome = await put(changes);
  if (outcome.kind !== 'created') throw new Error(`not created: ${JSON.stringify(outcome)}`);
  return outcome.flagId;
}

const get = () => test.store.readTogether((sql) => getFlag(sql, project.projectId, 'checkout'));

async function live(): Promise<Record<string, FlagDefinition>> {
  return Object.fromEntries(((await get())?.environments ?? []).map((each) => [each.slug, each.live]));
}

async function revisions(): Promise<number[]> {
  const rows = test.store.read.selectFrom('environments').select('revision').orderBy('position');
  return (await rows.where('projectId', '=', project.projectId).execute()).map(({ revision }) => revision);
}

async function events() {
  const filter = { projectIds: [project.projectId] };
  return (await readAudit(test.store.read, filter, { order: 'ascending', limit: 100 })).entries;
}

const refusal = (refused: string, facts: object) => ({
  kind: 'refused',
  refusal: { refused, detail: expect.any(String) as string, facts },
});

it('REL-4: creating a flag is free, and it is live everywhere', async () => {
  const heard: Notice[] = [];
  const stop = test.store.notices.on((notice) => heard.push(notice));

  await created({ description: 'The new checkout' });
  stop();

  expect(await get()).toMatchObject({
    description: 'The new checkout',
    kind: 'gate',
    definition: OFF,
    deletedAt: null,
  });
  expect(await live()).toEqual({ development: OFF, staging: OFF, production: OFF });
  expect(await revisions()).toEqual([1, 1, 1]);
  expect(heard).toContainEqual({
    kind: 'flags-changed',
    environmentIds: Object.values(project.environments).sort(),
  });
  expect(await events()).toMatchObject([
    { type: 'flag-created', actorId: 'ada', at: NOON, data: { flag: 'checkout', definition: OFF } },
  ]);
});

it('REL-4: a direct edit of what a pipeline should change is refused', async () => {
  await created();

  expect(await put({ definition: ON })).toEqual(
    refusal('flag.requires-pipeline', { environments: ['staging', 'production'] }),
  );

  expect(await live()).toEqual({ development: OFF, staging: OFF, production: OFF });
  expect(await events()).toHaveLength(1);
});

it('REL-4: with FlagOverride it passes, and is audited as an override', async () => {
  await created();
  const before = await get();

  expect(await put({ definition: ON, mayOverride: true })).toMatchObject({ kind: 'edited' });

  const after = await get();
  expect(await live()).toEqual({ development: ON, staging: ON, production: ON });
  expect(after?.definition).toEqual(ON);
  expect(after?.etag).not.toBe(before?.etag);
  expect(await revisions()).toEqual([2, 2, 2]);
  expect((await events())[1]).toMatchObject({
    type: 'flag-edited',
    data: { override: true, environments: ['development', 'staging', 'production'], definition: ON },
  });
});

it('REL-4: an edit of opted-out environments alone passes, also while a release runs', async () => {
  const flagId = await created();
  await test.store.write((unit) => insertRelease(unit, project.projectId, [flagId]));

  expect(await put({ definition: ON, environments: ['development'] })).toMatchObject({ kind: 'edited' });

  expect(await live()).toEqual({ development: ON, staging: OFF, production: OFF });
  expect(await revisions()).toEqual([2, 1, 1]);
  expect((await get())?.definition).toEqual(OFF);
  expect((await events())[1]).toMatchObject({ data: { override: false, environments: ['development'] } });
});

it.each([true, false])('REL-4: while a release holds (%s) or queues for the flag nobody may', async (held) => {
  const flagId = await created();
  const releaseId = await test.store.write((unit) => insertRelease(unit, project.projectId, [flagId], { held }));

  expect(await put({ definition: ON, mayOverride: true })).toEqual(
    refusal('flag.being-released', { active: held ? [releaseId] : [], queued: held ? [] : [releaseId] }),
  );
  expect(await put({ definition: ON, mayOverride: true, environments: ['production'] })).toMatchObject({
    kind: 'refused',
  });
});

it('REL-4: a release that has ended is in nobody’s way', async () => {
  const flagId = await created();
  await test.store.write((unit) => insertRelease(unit, project.projectId, [flagId], { live: false }));

  expect(await put({ definition: ON, mayOverride: true })).toMatchObject({ kind: 'edited' });
});

it('REL-4, HTTP-7: an unchanged put changes nothing and is accepted at any time', async () => {
  const flagId = await created();
  await put({ definition: ON, environments: ['development'] });
  await test.store.write((unit) => insertRelease(unit, project.projectId, [flagId]));
  const before = [await get(), await revisions(), (await events()).length];
  const inAnotherOrder = { defaultVariant: 'off', variants: { off: false, on: true }, state: 'ENABLED' } as const;

  // What GET shows, though something else is live in development; and what is live in one environment.
  expect(await put({ definition: inAnotherOrder })).toEqual({ kind: 'unchanged', flagId });
  expect(await put({ definition: ON, environments: ['development'] })).toEqual({ kind: 'unchanged', flagId });
  expect(await put({ environments: ['staging'] })).toEqual({ kind: 'unchanged', flagId });

  expect([await get(), await revisions(), (await events()).length]).toEqual(before);
});

it('changes a description at any time, and nothing that clients see', async () => {
  const flagId = await created();
  await test.store.write((unit) => insertRelease(unit, project.projectId, [flagId]));

  expect(await put({ description: 'Better' })).toMatchObject({ kind: 'edited' });

  expect(await get()).toMatchObject({ description: 'Better' });
  expect(await revisions()).toEqual([1, 1, 1]);
});

it('FLG-1: the kind never changes', async () => {
  await created();

  expect(await put({ kind: 'config', mayOverride: true })).toEqual(refusal('flag.kind-fixed', { kind: 'gate' }));
});

it('names environments that are not there', async () => {
  expect(await put({ environments: ['nowhere'] })).toEqual(
    refusal('flag.unknown-environment', { environments: ['nowhere'] }),
  );
  await created();
  expect(await put({ definition: ON, environments: ['development', 'nowhere'] })).toEqual(
    refusal('flag.unknown-environment', { environments: ['nowhere'] }),
  );
});

it('HTTP-7: lets the caller judge the ETag it would write over', async () => {
  const seen: (string | null)[] = [];
  const checkEtag = (etag: string | null) => void seen.push(etag);
  await created({ checkEtag });
  await put({ definition: ON, mayOverride: true, checkEtag });

  const refusing = put({
    mayOverride: true,
    checkEtag: () => {
      throw new Error('stale');
    },
  });

  await expect(refusing).rejects.toThrow('stale');
  expect(seen).toEqual([null, expect.any(String)]);
  expect((await get())?.definition).toEqual(ON);
});

describe('REL-4: apply', () => {
  it('leaves a flag alone whose document has not changed, whatever it has become', async () => {
    const flagId = await created({ isApplied: true });
    await put({ definition: ON, mayOverride: true });

    expect(await put({ isApplied: true })).toEqual({ kind: 'unchanged', flagId });

    expect(await live()).toMatchObject({ production: ON });
  });

  it('judges a changed document as a direct edit', async () => {
    await created({ isApplied: true });

    expect(await put({ isApplied: true, definition: ON })).toMatchObject({ kind: 'refused' });
    expect(await put({ isApplied: true, definition: ON, mayOverride: true })).toMatchObject({ kind: 'edited' });
    await put({ definition: OFF, mayOverride: true });
    expect(await put({ isApplied: true, definition: ON })).toMatchObject({ kind: 'unchanged' });
  });

  it('takes over a flag that was never applied', async () => {
    await created();

    expect(await put({ isApplied: true })).toMatchObject({ kind: 'unchanged' });
    await put({ definition: ON, mayOverride: true });
    expect(await put({ isApplied: true })).toMatchObject({ kind: 'unchanged' });
  });
});

it('REL-4: of a race between edit and trigger one always sees the other', async () => {
  for (let round = 0; round < 10; round += 1) {
    project = await insertProject(test.store);
    const flagId = await created();
    const trigger = () =>
      test.store.write(async (unit) => {
        await lockFlags(unit, [flagId]);
        const [{ definition } = { definition: '' }] = await unit.sql
          .selectFrom('flagEnvironments')
          .select('definition')
          .where('flagId', '=', flagId)
          .where('environmentId', '=', project.environments.production)
          .execute();
        await insertRelease(unit, project.projectId, [flagId]);
        return JSON.parse(definition) as FlagDefinition;
      });

    const edit = () => put({ definition: ON, mayOverride: true });
    const [edited, snapshot] =
      round % 2 === 0
        ? await Promise.all([edit(), trigger()])
        : await Promise.all([trigger(), edit()]).then(([seen, outcome]) => [outcome, seen] as const);

    expect(snapshot).toEqual(edited.kind === 'edited' ? ON : OFF);
    expect((await live())['production']).toEqual(snapshot);
    expect(await queuesOf(test.store.read, [flagTarget(flagId)])).toHaveLength(1);
  }
});

it('creates one flag for many who ask at once', async () => {
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => put()));

  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['created', ...Array<string>(7).fill('unchanged')]);
});
