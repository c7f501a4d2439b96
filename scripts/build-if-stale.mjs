// Brings dist up to date when a source file is newer than the last build.
//   node --import ./scripts/build-if-stale.mjs dist/main/start.js   builds first, then starts, in one process: signals
//                                                                   reach the service without a shell in between
//   node scripts/build-if-stale.mjs [--check]                       builds, or only says that a build is needed (exit 1)
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';

const root = path.resolve(import.meta.dirname, '..');

function newestChange(file) {
  const stat = statSync(file);
  if (!stat.isDirectory()) return stat.mtimeMs;
  // A folder's own time counts as well: it is what a deleted file changes.
  return Math.max(stat.mtimeMs, ...readdirSync(file).map((name) => newestChange(path.join(file, name))));
}

function isStale() {
  const stamp = path.join(root, 'dist', '.built');
  if (!existsSync(stamp)) return true;
  const inputs = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/bundle-workflows.mjs'];
  const builtAt = statSync(stamp).mtimeMs;
  return inputs.some((input) => newestChange(path.join(root, input)) > builtAt);
}

// Worker threads inherit `--import`; the process has checked for them already.
if (isMainThread && isStale()) {
  if (process.argv[1] === import.meta.filename && process.argv.includes('--check')) {
    console.error('dist is older than the sources: run `npm run build` first');
    process.exit(1);
  }
  console.error('Building …');
  const build = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (build.status !== 0) process.exit(build.status ?? 1);
}
