import { putFlag } from '../../../src/store/flags/put-flag';
import { listDrift } from '../../../src/store/releases/list-drift';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { decideAll, enterFirstPhase } from './release-steps';

let world: ReleaseStore;
let release: string;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  release = await world.trigger({ phases: [phase('few', { bakeMs: 3_600_000 })], flags: ['a', 'b'] });
  await enterFirstPhase(world, release);
});
afterEach(() => world.close());

const setRequiresPipeline = (environment: string, requiresPipeline: 0 | 1) =>
  world.store.write(({ sql }) =>
    sql
      .updateTable('environments')
      .set({ requiresPipeline })
      .where('id', '=', world.environments[environment] ?? '')
      .execute(),
  );

const edit = (flag: string, environment: string) =>
  world.store.write((unit) =>
    putFlag(unit, {
      projectId: world.projectId,
      slug: flag,
      kind: 'gate',
      description: '',
      definition: { state: 'DISABLED', variants: { on: true, off: false }, defaultVariant: 'off' },
      environments: [environment],
      mayOverride: false,
      isApplied: false,
      actorId: 'olga',
      at: Date.now(),
      checkEtag: () => undefined,
    }),
  );

async function abort() {
  await world.accept(release, 'abort');
  await decideAll(world, release);
  const row = await world.store.read.selectFrom('releases').selectAll().where('id', '=', release).executeTakeFirst();
  const drift = row ? await listDrift(world.store.read, row) : [];
  return drift.map(({ item, environment, state }) => ({ item, environment, state }));
}

describe('an aborted release', () => {
  it('INV-3: reports what was edited where its environment was opted out meanwhile', async () => {
    await setRequiresPipeline('staging', 0);
    expect(await edit('a', 'staging')).toMatchObject({ kind: 'edited' });

    expect(await abort()).toEqual([
      { item: 'b', environment: 'staging', state: 'reverted' },
      { item: 'a', environment: 'staging', state: 'drifted' },
    ]);
    expect(await world.eventTypes(release)).toContain('drift-found');
  });

  it('REL-19: says of an environment that is opted out by now that it came back', async () => {
    await setRequiresPipeline('staging', 0);

    expect(await abort()).toEqual([
      { item: 'a', environment: 'staging', state: 'reverted' },
      { item: 'b', environment: 'staging', state: 'reverted' },
    ]);
  });
});
