// Runs every generator there is, scripts/gen-*.{mjs,ts}, in the order of their names.
//   node scripts/gen.mjs           writes the generated files
//   node scripts/gen.mjs --check   also fails when that changed, added or removed a file
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

const SKIPPED = new Set(['.git', '.sluice', 'coverage', 'dist', 'node_modules', 'reports']);

// Content is compared, not `git diff` with the last commit: uncommitted work elsewhere is no stale generated file.
function treeDigests() {
  const files = readdirSync(root, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    return entry.isDirectory() ? filesBelow(entry.name) : [entry.name];
  });
  const digest = (file) =>
    createHash('sha256')
      .update(readFileSync(path.join(root, file)))
      .digest('hex');
  return new Map(files.map((file) => [file, digest(file)]));
}

function filesBelow(folder) {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}

const check = process.argv.includes('--check');
const before = check ? treeDigests() : new Map();

const generators = readdirSync(path.join(root, 'scripts'))
  .filter((name) => /^gen-.+\.(mjs|ts)$/.test(name))
  .sort();
for (const name of generators) {
  const loader = name.endsWith('.ts') ? ['--require', './scripts/register-ts.cjs'] : [];
  execFileSync(process.execPath, [...loader, path.join('scripts', name)], { cwd: root, stdio: 'inherit' });
}

if (check) {
  const after = treeDigests();
  const stale = [...new Set([...before.keys(), ...after.keys()])].filter(
    (file) => before.get(file) !== after.get(file),
  );
  if (stale.length > 0) {
    console.error(`Generated files are not current; run \`npm run gen\` and commit:\n  ${stale.join('\n  ')}`);
    process.exit(1);
  }
  console.log(`${generators.length} generators, all files current`);
}
