import type { FlagDefinition } from '../../../src/domain/flag';
import { readAudit } from '../../../src/store/audit/read-audit';
import { addFlagsToEnvironment } from '../../../src/store/flags/add-environment';
import { applyDirectChanges } from '../../../src/store/flags/apply-direct-changes';
import { deleteFlag, type DeleteFlag } from '../../../src/store/flags/delete-flag';
import { getFlag } from '../../../src/store/flags/get-flag';
import { listFlags } from '../../../src/store/flags/list-flags';
import { loadServedFlags } from '../../../src/store/flags/load-served-flags';
import { putFlag } from '../../../src/store/flags/put-flag';
import { raiseRevisions } from '../../../src/store/flags/raise-revisions';
import { newId } from '../../../src/store/new-id';
import type { Unit } from '../../../src/store/store';
import { NOON, OFF, ON, insertProject, insertRelease, type ProjectFixture } from '../../support/store-fixtures';
import { onPostgres, openTestStore, type TestStore } from '../../support/test-store';

let test: TestStore;
let project: ProjectFixture;

beforeAll(async () => {
  test = await openTestStore();
});
beforeEach(async () => {
  project = await insertProject(test.store);
});
afterAll(() => test.dispose());

function create(slug: string, definition: FlagDefinition = OFF, at = NOON): Promise<string> {
  return test.store.write(async (unit) => {
    const outcome = await putFlag(unit, {
      projectId: project.projectId,
      slug,
      kind: 'gate',
      description: '',
      definition,
      environments: null,
      mayOverride: false,
      isApplied: false,
      actorId: 'ada',
      at,
      checkEtag: () => undefined,
    });
    if (outcome.kind !== 'created') throw new Error(outcome.kind);
    return outcome.flagId;
  });
}

const remove = (changes: Partial<DeleteFlag> = {}) =>
  test.store.write((unit) =>
    deleteFlag(unit, {
      projectId: project.projectId,
      slug: 'checkout',
      mayOverride: true,
      actorId: 'ada',
      at: NOON + 1,
      checkEtag: () => undefined,
      ...changes,
    }),
  );

const get = (slug: string) => test.store.readTogether((sql) => getFlag(sql, project.projectId, slug));
const served = (environment: keyof ProjectFixture['environments']) =>
  loadServedFlags(test.store, project.environments[environment]);

/** Puts `definition` over the live one in an environment, for contexts that match nobody or everybody. */
async function overlay(unit: Unit, releaseId: string, flagId: string, environmentId: string, rules: unknown) {
  await unit.sql
    .insertInto('overlays')
    .values({ releaseId, environmentId, flagId, definition: JSON.stringify(ON), rules: JSON.stringify(rules) })
    .execute();
  await raiseRevisions(unit, [environmentId]);
}

describe('deleting', () => {
  it('HTTP-7: is soft, and the name is not used again', async () => {
    const flagId = await create('checkout');

    expect(await remove()).toEqual({ kind: 'deleted' });
    expect(await remove()).toEqual({ kind: 'already-deleted' });
    expect(await remove({ slug: 'unknown' })).toEqual({ kind: 'unknown' });

    expect(await get('checkout')).toMatchObject({ id: flagId, deletedAt: NOON + 1 });
    expect((await served('production'))?.flags.size).toBe(0);
    await expect(create('checkout')).rejects.toThrow('refused');
    const filter = { projectIds: [project.projectId] };
    const { entries } = await readAudit(test.store.read, filter, { order: 'newest-first', limit: 1 });
    expect(entries).toMatchObject([{ type: 'flag-deleted', data: { flag: 'checkout', override: true } }]);
  });

  it('HTTP-7: is refused while a release holds the flag, and names it', async () => {
    const flagId = await create('checkout');
    const releaseId = await test.store.write((unit) => insertRelease(unit, project.projectId, [flagId]));

    expect(await remove()).toMatchObject({
      kind: 'refused',
      refusal: { refused: 'flag.being-released', facts: { active: [releaseId], queued: [] } },
    });
  });

  it('REL-4: is a direct edit of every environment', async () => {
    await create('checkout');

    expect(await remove({ mayOverride: false })).toMatchObject({
      refusal: { refused: 'flag.requires-pipeline', facts: { environments: ['staging', 'production'] } },
    });
    expect((await served('production'))?.flags.size).toBe(1);
  });
});

describe('reading', () => {
  it('shows what is live where, and the release that is changing it', async () => {
    const flagId = await create('checkout');
    const [holder, waiting] = await test.store.write(async (unit) => {
      const first = await insertRelease(unit, project.projectId, [flagId]);
      const second = await insertRelease(unit, project.projectId, [flagId], { held: false });
      await overlay(unit, first, flagId, project.environments.staging, [[]]);
      return [first, second];
    });

    expect(await get('checkout')).toMatchObject({
      releaseId: holder,
      queued: [waiting],
      environments: [
        { slug: 'development', live: OFF, releaseId: null },
        { slug: 'staging', live: OFF, releaseId: holder },
        { slug: 'production', live: OFF, releaseId: null },
      ],
    });
    expect(await get('unknown')).toBeUndefined();
  });

  it('HTTP-5: lists newest first, page by page, without deleted ones', async () => {
    for (const [index, slug] of ['a', 'b', 'checkout', 'd', 'e'].entries()) {
      await create(slug, OFF, NOON + Math.floor(index / 2));
    }
    await remove();

    const slugs: string[] = [];
    let after: { createdAt: number; id: string } | null = null;
    for (;;) {
      const page = await listFlags(test.store.read, { projectId: project.projectId }, { limit: 2, after });
      slugs.push(...page.slice(0, 2).map(({ slug }) => slug));
      const last = page[1];
      if (page.length <= 2 || last === undefined) break;
      after = { createdAt: last.createdAt, id: last.id };
    }

    expect(slugs).toEqual(['e', 'd', 'b', 'a']);
  });

  it('fills a new environment with every flag', async () => {
    await create('checkout', ON);
    await create('search');
    const id = newId();
    await test.store.write(async (unit) => {
      await unit.sql
        .insertInto('environments')
        .values({
          id,
          projectId: project.projectId,
          slug: 'canary',
          displayName: 'Canary',
          position: 9,
          requiresPipeline: 1,
          requiresReview: 0,
          createdAt: NOON,
          deletedAt: null,
        })
        .execute();
      await addFlagsToEnvironment(unit, project.projectId, id);
    });

    const { flags } = (await loadServedFlags(test.store, id)) ?? {};

    expect(Object.fromEntries(flags ?? [])).toEqual({ checkout: ON, search: OFF });
  });
});

describe('PIPE-6: what only opted-out environments see', () => {
  it('is applied at once, and again changes nothing', async () => {
    const flagId = await create('checkout');
    const { development } = project.environments;
    const change = {
      flag: 'checkout',
      flagId,
      definition: ON,
      environments: ['development'],
      environmentIds: { development },
      base: null,
    };
    const apply = () =>
      test.store.write((unit) =>
        applyDirectChanges(unit, { projectId: project.projectId, changes: [change], actorId: 'ada', at: NOON }),
      );

    await apply();
    const once = await get('checkout');
    await apply();

    expect(once?.environments.map(({ live }) => live)).toEqual([ON, OFF, OFF]);
    expect(await get('checkout')).toEqual(once);
    expect((await served('development'))?.revision).toBe(2);
    expect((await served('production'))?.revision).toBe(1);
  });
});

describe('FLG-3: what is served', () => {
  it('is the live definition with the running release’s merged into it', async () => {
    const flagId = await create('checkout');
    await create('search');
    await test.store.write(async (unit) => {
      const releaseId = await insertRelease(unit, project.projectId, [flagId]);
      const staff = [[{ attribute: 'email', operator: 'ends_with', values: ['@example.com'] }]];
      await overlay(unit, releaseId, flagId, project.environments.staging, staff);
      await overlay(unit, releaseId, flagId, project.environments.production, [[]]);
    });

    expect(Object.fromEntries((await served('development'))?.flags ?? [])).toEqual({ checkout: OFF, search: OFF });
    expect(Object.fromEntries((await served('production'))?.flags ?? [])).toEqual({ checkout: ON, search: OFF });
    expect((await served('staging'))?.flags.get('checkout')).toHaveProperty('targeting.if');
    expect((await served('staging'))?.revision).toBe(3);
  });

  it('is nothing for an environment that is not there', async () => {
    expect(await loadServedFlags(test.store, 'unknown')).toBeUndefined();
  });

  it('keeps what has not changed since the last load', async () => {
    const flagId = await create('checkout');
    await create('search');
    const first = await served('production');
    const unchanged = await loadServedFlags(test.store, project.environments.production, first);
    await test.store.write(async (unit) => {
      const releaseId = await insertRelease(unit, project.projectId, [flagId]);
      await overlay(unit, releaseId, flagId, project.environments.production, [[]]);
    });

    const next = await loadServedFlags(test.store, project.environments.production, first);

    expect(unchanged).toBe(first);
    expect(next?.flags.get('search')).toBe(first?.flags.get('search'));
    expect(next?.flags.get('checkout')).toEqual(ON);
    expect(next?.revision).toBe((first?.revision ?? 0) + 1);
  });

  it('FLG-9: is everything else when one flag cannot be read', async () => {
    const flagId = await create('checkout');
    await create('search');
    await test.store.write(async ({ sql }) => {
      await sql.updateTable('flagEnvironments').set({ definition: '{' }).where('flagId', '=', flagId).execute();
    });

    const found = await served('production');

    expect([...(found?.broken ?? [])]).toEqual(['checkout']);
    expect([...(found?.flags.keys() ?? [])]).toEqual(['search']);
  });

  it('is never a mixture, whatever is written meanwhile', async () => {
    const ids = await Promise.all(['a', 'b', 'c'].map((slug) => create(slug)));
    const { production } = project.environments;
    let writing = true;
    const writer = (async () => {
      for (let n = 0; n < (onPostgres ? 30 : 100); n += 1) {
        await test.store.write(async (unit) => {
          const definition = JSON.stringify(n % 2 === 0 ? ON : OFF);
          for (const flagId of ids) {
            await unit.sql
              .updateTable('flagEnvironments')
              .set({ definition })
              .where('flagId', '=', flagId)
              .where('environmentId', '=', production)
              .execute();
          }
          await raiseRevisions(unit, [production]);
        });
      }
      writing = false;
    })();

    const byRevision = new Map<number, string>();
    while (writing) {
      const { revision, flags } = (await served('production')) ?? { revision: 0, flags: new Map() };
      const answers = new Set([...flags.values()].map((each) => JSON.stringify(each)));
      expect(answers.size).toBe(1);
      const [answer] = answers;
      expect(byRevision.get(revision) ?? answer).toBe(answer);
      byRevision.set(revision, answer ?? '');
    }
    await writer;

    expect(byRevision.size).toBeGreaterThan(1);
  });
});
