import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { removeDir, tempDir } from './temp-dir';

const REGISTER = path.resolve(__dirname, '../../scripts/register-ts.cjs');

/** A TypeScript program for a process of its own, to be killed; `args` go behind `process.execPath`. */
export function programRunning(source: string): { args: string[]; remove: () => void } {
  const folder = tempDir();
  const file = path.join(folder, 'program.ts');
  writeFileSync(file, source);
  return { args: ['--require', REGISTER, file], remove: () => removeDir(folder) };
}
