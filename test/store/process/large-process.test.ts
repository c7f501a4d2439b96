import { newId } from '../../../src/store/new-id';
import { http, manual } from '../../domain/process-fixture';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { claim, goOn } from '../releases/release-steps';
import { interruptionsIn } from '../interruptions/interruption-steps';

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

async function addVariables(count: number): Promise<void> {
  await world.store.write(async ({ sql }) => {
    for (let begin = 0; begin < count; begin += 500) {
      const rows = Array.from({ length: Math.min(500, count - begin) }, (_, index) => ({
        id: newId(),
        projectId: world.projectId,
        name: `Variable-${begin + index}`,
        value: 'value',
        sensitive: 0 as const,
        environments: '[]',
        createdAt: 0,
        deletedAt: null,
      }));
      await sql.insertInto('variables').values(rows).execute();
    }
  });
}

async function addEnvironments(count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `region-${index}`);
  const like = await world.store.read
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', world.environments['staging'] ?? '')
    .executeTakeFirstOrThrow();
  await world.store.write(({ sql }) =>
    sql
      .insertInto('environments')
      .values(names.map((slug) => ({ ...like, id: newId(), slug })))
      .execute(),
  );
  return names;
}

async function count(table: 'deploymentVariables' | 'deploymentSteps'): Promise<number> {
  const { rows } = await world.store.read
    .selectFrom(table)
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .executeTakeFirstOrThrow();
  return Number(rows);
}

it('VAR-6: a deployment starts with more variables than one statement takes', async () => {
  await addVariables(11_000);
  const release = await world.trigger({ phases: [phase('all')], process: [manual()] });
  await claim(world, release);

  await goOn(world, release);

  expect(await interruptionsIn(world, release)).toHaveLength(1);
  expect(await count('deploymentVariables')).toBeGreaterThan(11_000);
});

it('PRO-1: a phase starts in the most environments with the most steps', async () => {
  const environments = await addEnvironments(100);
  const release = await world.trigger({
    phases: [phase('all', { rules: [{ environments, conditions: [] }] })],
    process: Array.from({ length: 49 }, (_, index) => http({ name: `Call ${index}` })),
  });
  await claim(world, release);

  await goOn(world, release);

  expect(await count('deploymentSteps')).toBe(100 * 50);
});
