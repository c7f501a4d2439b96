import { copyFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exportChain } from '../../src/store/audit/export-chain';
import { verifyExport } from '../../src/store/audit/verify-export';
import { BackupUnsupported, backUp } from '../../src/store/backup';
import { openStore } from '../../src/store/store';
import { StoreUnavailable } from '../../src/store/store-error';
import { NOON, insertProject, someEvent } from '../support/store-fixtures';
import { removeDir, tempDir } from '../support/temp-dir';
import { onPostgres, openTestStore, type TestStore } from '../support/test-store';

let test: TestStore;
beforeEach(async () => {
  test = await openTestStore();
});
afterEach(() => test.dispose());

if (onPostgres) {
  it('is refused and points to what does it', async () => {
    await expect(backUp(test.store, NOON)).rejects.toThrow(BackupUnsupported);
    await expect(backUp(test.store, NOON)).rejects.toThrow(/pg_dump/);
  });
} else {
  it('is a store with everything that was committed before it, while others go on writing', async () => {
    const { projectId } = await insertProject(test.store);
    const write = () => test.store.write(async (unit) => unit.record(someEvent({ projectId })));
    for (let n = 0; n < 20; n += 1) await write();

    const [backup] = await Promise.all([backUp(test.store, NOON), ...Array.from({ length: 20 }, write)]);

    const restored = tempDir();
    copyFileSync(backup.file, path.join(restored, 'sluice.db'));
    const copy = await openStore({ dataDir: restored });
    const lines: Buffer[] = [];
    for await (const line of exportChain(copy.read, `project:${projectId}`)) lines.push(Buffer.from(line));
    const verified = await verifyExport(lines);
    expect(verified).toMatchObject({ ok: true });
    expect(verified.ok && verified.count).toBeGreaterThanOrEqual(20);
    expect(copy.installationId).toBe(test.store.installationId);
    await copy.close();
    removeDir(restored);
  });

  it('lies in `backups` under a name of its own, for its owner alone, and is never overwritten', async () => {
    const first = await backUp(test.store, NOON);
    const before = statSync(first.file);
    const second = await backUp(test.store, NOON);

    const folder = path.join(test.store.dataDir ?? '', 'backups');
    expect(
      readdirSync(folder)
        .map((name) => path.join(folder, name))
        .sort(),
    ).toEqual([first.file, second.file].sort());
    expect(path.basename(first.file)).toMatch(/^sluice-2026-01-02T12-00-00\.000Z-[0-9A-Z]{26}\.db$/);
    expect(before.mode & 0o777).toBe(0o600);
    expect(first.bytes).toBe(before.size);
    expect(statSync(first.file).mtimeMs).toBe(before.mtimeMs);
  });

  it('leaves the store as it was when the disk refuses', async () => {
    writeFileSync(path.join(test.store.dataDir ?? '', 'backups'), 'in the way');

    await expect(backUp(test.store, NOON)).rejects.toThrow(StoreUnavailable);

    await test.store.write(async (unit) => unit.record(someEvent()));
  });

  it('leaves no half a file behind when it fails', async () => {
    await test.reopen({
      beforeStatement: (sql) => {
        if (sql.startsWith('vacuum')) throw Object.assign(new Error('disk is full'), { code: 'SQLITE_FULL' });
      },
    });

    await expect(backUp(test.store, NOON)).rejects.toThrow(StoreUnavailable);

    expect(readdirSync(path.join(test.store.dataDir ?? '', 'backups'))).toEqual([]);
  });
}
