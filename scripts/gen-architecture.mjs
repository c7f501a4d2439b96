// Draws which folder of src imports which into ARCHITECTURE.md, as dependency-cruiser finds it.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const file = path.join(root, 'ARCHITECTURE.md');
const [BEGIN, END] = ['<!-- layers: written by `npm run gen` -->', '<!-- end of layers -->'];

const cruised = execFileSync(
  path.join(root, 'node_modules', '.bin', 'depcruise'),
  ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', '--include-only', '^src', 'src'],
  { cwd: root, maxBuffer: 256 * 1024 * 1024, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
);

const folderOf = (module) => /^src\/([^/]+)\//.exec(module)?.[1];
/** By `from to`: whether anything but types goes that way. */
const edges = new Map();
for (const { source, dependencies } of JSON.parse(cruised).modules) {
  for (const { resolved, dependencyTypes } of dependencies) {
    const [from, to] = [folderOf(source), folderOf(resolved)];
    if (from === undefined || to === undefined || from === to) continue;
    const edge = `${from} ${to}`;
    edges.set(edge, edges.get(edge) === true || !dependencyTypes.includes('type-only'));
  }
}

const lines = [...edges]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([edge, hasValues]) => `  ${edge.split(' ').join(hasValues ? ' --> ' : ' -. types .-> ')}`);
const graph = ['```mermaid', 'flowchart TD', ...lines, '```'].join('\n');

const text = readFileSync(file, 'utf8');
const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
if (begin < 0 || end < begin) throw new Error(`ARCHITECTURE.md has no place between ${BEGIN} and ${END}`);
writeFileSync(file, `${text.slice(0, begin + BEGIN.length)}\n\n${graph}\n\n${text.slice(end)}`);
