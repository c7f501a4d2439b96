import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { newId } from '../../src/store/new-id';
import { removeDir, tempDir } from './temp-dir';

const ROOT = path.resolve(__dirname, '../..');
const CACHE = path.join(ROOT, 'node_modules', '.cache', 'sluice');
const FOLDERS = ['src/domain', 'src/workflows'];

/** One change to the text of a source file; the text must be there exactly once. */
export interface Edit {
  file: string;
  from: string;
  to: string;
}

/** Waits this long instead of ten minutes before it asks again whether a queued release may start. */
export const WITH_QUICK_RECHECK: Edit = {
  file: 'src/workflows/release-workflow.ts',
  from: 'RECHECK_MS = 10 * MINUTE',
  to: 'RECHECK_MS = 500',
};

/** Goes on in a new run after a few dozen events. */
export const WITH_SHORT_RUNS: Edit = {
  file: 'src/workflows/release-workflow.ts',
  from: 'HISTORY_EVENTS_MAX = 3_000',
  to: 'HISTORY_EVENTS_MAX = 40',
};

/** Goes on in a new run after some more, also while something is under way outside. */
export const WITH_SHORT_JOBS: Edit = {
  file: 'src/workflows/release-workflow.ts',
  from: 'HISTORY_EVENTS_WITH_JOBS_MAX = 20_000',
  to: 'HISTORY_EVENTS_WITH_JOBS_MAX = 60',
};

/** Throws whenever it is to be decided what comes next, once the release bakes. */
export const WITH_A_FAULT: Edit = {
  file: 'src/workflows/release-workflow.ts',
  from: 'const isCalled = () =>',
  to: "if (decided >= 0) throw new TypeError('The code is at fault\\nsecond line');\n    const isCalled = () =>",
};

/**
 * The workflows as they are in the sources now, or a copy of them with a few edits. Bundling takes seconds, so each
 * content is bundled once and found again by its hash.
 */
export async function workflowBundle(...edits: Edit[]): Promise<{ code: string }> {
  const file = path.join(CACHE, `workflows-${hashOfSources(edits)}.js`);
  if (!existsSync(file)) {
    const code = edits.length === 0 ? await bundle(ROOT) : await bundleOfCopy(edits);
    mkdirSync(CACHE, { recursive: true });
    // Several test files may be at it; each finds all of it or nothing.
    const partial = `${file}.${newId()}`;
    writeFileSync(partial, code);
    renameSync(partial, file);
  }
  return { code: readFileSync(file, 'utf8') };
}

function hashOfSources(edits: readonly Edit[]): string {
  const hash = createHash('sha256').update(JSON.stringify(edits));
  hash.update(readFileSync(path.join(ROOT, 'package-lock.json')));
  for (const folder of FOLDERS) {
    for (const name of readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).sort()) {
      if (name.endsWith('.ts')) {
        hash.update(name).update(readFileSync(path.join(ROOT, folder, name)));
      }
    }
  }
  return hash.digest('hex').slice(0, 16);
}

async function bundleOfCopy(edits: readonly Edit[]): Promise<string> {
  const copy = tempDir();
  try {
    for (const folder of FOLDERS) {
      cpSync(path.join(ROOT, folder), path.join(copy, folder), { recursive: true });
    }
    for (const { file, from, to } of edits) {
      const source = readFileSync(path.join(copy, file), 'utf8');
      if (source.split(from).length !== 2) {
        throw new Error(`${file} does not hold exactly once: ${from}`);
      }
      writeFileSync(
        path.join(copy, file),
        source.replace(from, () => to),
      );
    }
    return await bundle(copy);
  } finally {
    removeDir(copy);
  }
}

async function bundle(root: string): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(root, 'src', 'workflows', 'index.ts'),
    logger: { ...silent, warn: say, error: say },
    // A copy lies where no package can be found by walking up.
    webpackConfigHook: (config) => ({
      ...config,
      resolve: { ...config.resolve, modules: ['node_modules', path.join(ROOT, 'node_modules')] },
    }),
  });
  return code;
}

const ignore = (): void => undefined;
const say = (message: string): void => void process.stderr.write(`${message}\n`);
const silent = { log: ignore, trace: ignore, debug: ignore, info: ignore };
