import { copyFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

import { verifyExport } from '../../src/store/audit/verify-export';
import { removeDir, tempDir } from '../support/temp-dir';
import { KilledService } from './killed-service';
import { phase, REVIEW } from './phases';

// One service loses its data again and again: every test begins with whatever the one before it left.
jest.setTimeout(120_000);

let service: KilledService;

beforeAll(async () => {
  service = await KilledService.start();
});
afterAll(() => service.end());

/** Temporal's data file and its companions. */
const temporalFiles = (): string[] => readdirSync(service.dataDir).filter((name) => /^temporal-\d.*\.db/.test(name));

const inDataDir = (name: string): string => path.join(service.dataDir, name);

/** Releases that bake, are paused, and wait for their review. */
async function oneOfEach(bakeMs: number) {
  const paused = await service.release([phase('few', 3_600_000), phase('all', 0)]);
  await service.reaches(paused, 'baking');
  await service.applies(paused, 'pause');
  const waiting = await service.release([phase('all', 0, REVIEW)]);
  await service.reaches(waiting, 'waiting-for-review');
  const baking = await service.release([phase('few', bakeMs), phase('all', 0)]);
  const { currentPhaseEndTime } = await service.reaches(baking, 'baking', 'few');
  return { paused, waiting, baking, endsAt: currentPhaseEndTime };
}

describe('a start without Temporal’s data', () => {
  it('REL-33: goes on with every release, as after another version of Temporal was installed', async () => {
    const { paused, waiting, baking, endsAt } = await oneOfEach(8_000);

    await service.kill9();
    // Another version looks for a file of another name.
    for (const name of temporalFiles()) {
      renameSync(inDataDir(name), inDataDir(name.replace('temporal-', 'temporal-0.')));
    }
    await service.startAgain();

    await service.reaches(baking, 'completed');
    const ended = (await service.events(baking)).find(({ type }) => type === 'bake-ended');
    expect(ended?.at).toBe(endsAt);
    expect(await service.repairs(baking)).toEqual(['missing']);
    await service.reaches(paused, 'paused', 'few');
    await service.applies(paused, 'skip');
    await service.applies(waiting, 'approve');
    for (const release of [baking, paused, waiting]) {
      await service.reaches(release, 'completed');
      await service.expectNothingTwiceNorEarly(release);
    }
  });
});

describe('a start with an older copy', () => {
  it('REL-33: of Temporal’s data goes on from where the store is', async () => {
    const { paused, waiting, baking } = await oneOfEach(3_600_000);
    const copies = tempDir();
    try {
      await service.stop();
      const files = temporalFiles();
      for (const name of files) {
        copyFileSync(inDataDir(name), path.join(copies, name));
      }
      await service.startAgain();
      await service.applies(paused, 'unpause');
      await service.applies(waiting, 'approve');
      await service.reaches(waiting, 'completed');
      for (const verb of ['pause', 'unpause', 'pause'] as const) {
        await service.applies(baking, verb);
      }

      await service.stop();
      for (const name of temporalFiles()) {
        rmSync(inDataDir(name));
      }
      for (const name of files) {
        copyFileSync(path.join(copies, name), inDataDir(name));
      }
      await service.startAgain();
    } finally {
      removeDir(copies);
    }

    await service.reaches(baking, 'paused', 'few');
    await service.reaches(paused, 'baking', 'few');
    for (const release of [baking, paused]) {
      await service.applies(release, 'skip');
      await service.reaches(release, 'completed');
      expect(await service.repairs(release)).not.toEqual([]);
      await service.expectNothingTwiceNorEarly(release);
    }
    await service.expectNothingTwiceNorEarly(waiting);
    expect(await service.repairs(waiting)).toEqual([]);
  });

  it('REL-33: of the store goes on from there, whatever was done since', async () => {
    const { paused, waiting, baking, endsAt } = await oneOfEach(10_000);
    const backup = await service.backUp();
    await service.applies(baking, 'abort');
    await service.applies(paused, 'unpause');
    await service.applies(waiting, 'approve');
    await service.reaches(waiting, 'completed');

    await service.stop();
    copyFileSync(backup, inDataDir('sluice.db'));
    for (const name of readdirSync(service.dataDir).filter((file) => /^sluice\.db-/.test(file))) {
      rmSync(inDataDir(name));
    }
    await service.startAgain();

    await service.reaches(waiting, 'waiting-for-review');
    await service.applies(waiting, 'approve');
    await service.reaches(baking, 'completed');
    const ended = (await service.events(baking)).find(({ type }) => type === 'bake-ended');
    expect(ended?.at).toBe(endsAt);
    await service.applies(paused, 'skip');
    for (const release of [baking, paused, waiting]) {
      await service.reaches(release, 'completed');
      await service.expectNothingTwiceNorEarly(release);
    }
  });
});

describe('after all of it', () => {
  it('INV-4: the audit is still one chain without a gap', async () => {
    const exported = await service.text('/v1/audit/export?project=shop');

    expect(await verifyExport([Buffer.from(exported)])).toMatchObject({ ok: true });
  });
});
