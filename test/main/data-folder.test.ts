import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DataFolderInUseError, openDataFolder, secretKeyIn } from '../../src/main/data-folder';
import { removeDir, tempDir } from '../support/temp-dir';
import { programRunning } from '../support/ts-program';

let root: string;

beforeEach(() => (root = tempDir()));
afterEach(() => removeDir(root));

const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);

describe('the data folder', () => {
  it('is made for its owner only', () => {
    const folder = openDataFolder(path.join(root, 'a', 'b'));

    expect(mode(folder.path)).toBe('700');
    folder.release();
  });

  it('says in one line which setting names a folder that cannot be made', () => {
    const file = path.join(root, 'file');
    writeFileSync(file, '');

    expect(() => openDataFolder(path.join(file, 'a'))).toThrow(/^SLUICE_DATA_DIR \S+ cannot be used: ENOTDIR.*$/);
    expect(() => openDataFolder(file)).toThrow(/^SLUICE_DATA_DIR \S+ cannot be used: it is not a folder$/);
  });

  // There, making folders with all their parents at once never comes back.
  (existsSync('/proc/self') ? it : it.skip)('does not wait for ever where the system makes no folders', () => {
    expect(() => openDataFolder('/proc/sluice/data')).toThrow(/^SLUICE_DATA_DIR \S+ cannot be used: ENOENT.*$/);
  });

  it('belongs to one service at a time', () => {
    const first = openDataFolder(root);

    expect(() => openDataFolder(root)).toThrow(DataFolderInUseError);
    expect(() => openDataFolder(root)).toThrow(`Another sluice (pid ${process.pid}) uses the data folder ${root}`);

    first.release();
    openDataFolder(root).release();
  });

  it('is free again after kill -9 of the service that had it', async () => {
    const program = programRunning(`
      import { openDataFolder } from '${path.resolve(__dirname, '../../src/main/data-folder')}';
      openDataFolder(process.argv[2]!);
      process.stdout.write('has it');
      setInterval(() => undefined, 1000);
    `);
    const other = spawn(process.execPath, [...program.args, root], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    expect(() => openDataFolder(root)).toThrow(`(pid ${other.pid})`);

    other.kill('SIGKILL');
    await once(other, 'exit');

    openDataFolder(root).release();
    program.remove();
  });

  it('keeps one secret key, readable by its owner only', () => {
    const folder = openDataFolder(root);

    const key = secretKeyIn(folder);

    expect(key.length).toBeGreaterThanOrEqual(32);
    expect(secretKeyIn(folder)).toBe(key);
    expect(mode(path.join(root, 'secret-key'))).toBe('600');
    folder.release();
  });

  it('never replaces a damaged secret key, which would lose every stored secret', () => {
    const folder = openDataFolder(root);
    writeFileSync(path.join(root, 'secret-key'), 'torn');

    expect(() => secretKeyIn(folder)).toThrow('restore it from a backup');
    expect(existsSync(path.join(root, 'secret-key'))).toBe(true);
    folder.release();
  });
});
