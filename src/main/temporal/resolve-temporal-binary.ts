import { mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FileLock } from '../file-lock';
import { tryLockFile } from '../file-lock';
import { packageRoot } from '../package-root';
import { askVersion } from './ask-version';
import { buildTemporal } from './build-temporal';
import { downloadTemporal } from './download-temporal';

export interface TemporalBinary {
  path: string;
  /** Version of the server in it, such as `1.31.2`: part of the data file's name. */
  serverVersion: string;
  source: 'configured' | 'path' | 'sdk-cache' | 'cache' | 'download' | 'build';
}

export interface BinarySearch {
  /** `SLUICE_TEMPORAL_BINARY`: this one or none. */
  configured?: string | undefined;
  /** Takes lines for people while it takes time; standard error by default. */
  progress?: (line: string) => void;
  /** `PATH`, `HOME`, `XDG_CACHE_HOME`, and what Go reads; the process's own by default. */
  env?: NodeJS.ProcessEnv;
  /** Where the SDK keeps its downloads; the system's temporary folder by default. */
  sdkCache?: string;
  downloadOrigin?: string;
  /** The Go module that pins the version; tools/temporal by default. */
  toolModule?: string;
}

/** None of the ways to a Temporal server works; the message lists each with its reason, and the remedies. */
export class TemporalBinaryError extends Error {
  override readonly name = 'TemporalBinaryError';
}

/**
 * Finds Temporal's command line program, whose development server `npm start` and the tests run: a configured path;
 * `temporal` on PATH; the SDK's own cached download; our own cache; else it is downloaded, or built from the pinned Go
 * module, into that per-user cache. Only the last two take time; two processes never do them at once.
 *
 * @throws TemporalBinaryError when the configured one does not work, or none of the ways does.
 */
export async function resolveTemporalBinary(search: BinarySearch = {}): Promise<TemporalBinary> {
  if (search.configured !== undefined) {
    const version = await askVersion(search.configured);
    // No other way is tried: running something else than what was asked for would be a surprise.
    if ('problem' in version) throw new TemporalBinaryError(`SLUICE_TEMPORAL_BINARY: ${version.problem}`);
    return { path: search.configured, serverVersion: version.server, source: 'configured' };
  }

  const problems: string[] = [];
  return (
    (await onPath(search, problems)) ?? (await fromSdkCache(search, problems)) ?? (await fromOwnCache(search, problems))
  );
}

async function onPath({ env = process.env }: BinarySearch, problems: string[]): Promise<TemporalBinary | undefined> {
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const file = folders.map((folder) => path.join(folder, 'temporal')).find(isProgram);
  if (file === undefined) {
    problems.push('`temporal` is not on PATH');
    return undefined;
  }
  return usable(file, 'path', problems);
}

async function fromSdkCache(search: BinarySearch, problems: string[]): Promise<TemporalBinary | undefined> {
  const folder = search.sdkCache ?? os.tmpdir();
  const { version } = JSON.parse(readFileSync(require.resolve('@temporalio/worker/package.json'), 'utf8')) as {
    version: string;
  };
  const file = path.join(folder, `temporal-sdk-typescript-${version}`);
  if (!isProgram(file)) {
    problems.push(`the SDK has no download in ${folder}`);
    return undefined;
  }
  // The temporary folder is everybody's, and the name is known: only a file of ours, or of the system's, is run.
  const { uid, mode } = statSync(file);
  if ((uid !== process.getuid?.() && uid !== 0) || (mode & 0o022) !== 0) {
    problems.push(`${file} could have been put there by somebody else`);
    return undefined;
  }
  return usable(file, 'sdk-cache', problems);
}

async function fromOwnCache(search: BinarySearch, problems: string[]): Promise<TemporalBinary> {
  const {
    env = process.env,
    progress = (line) => process.stderr.write(`${line}\n`),
    downloadOrigin: origin = 'https://temporal.download',
    toolModule: module = path.join(packageRoot(), 'tools', 'temporal'),
  } = search;
  const version = pinnedVersion(module);
  const cache = env['XDG_CACHE_HOME'] || path.join(env['HOME'] || os.homedir(), '.cache');
  const folder = path.join(cache, 'sluice', 'temporal', version);
  const target = path.join(folder, 'temporal');

  // What is there complete needs no lock: it appears by a rename.
  const ready = isProgram(target) ? await usable(target, 'cache', []) : undefined;
  if (ready !== undefined) return ready;

  mkdirSync(folder, { recursive: true });
  const lock = await waitForLock(path.join(folder, 'lock'), progress);
  try {
    const madeMeanwhile = isProgram(target) ? await usable(target, 'cache', problems) : undefined;
    if (madeMeanwhile !== undefined) return madeMeanwhile;

    removeLeftOvers(folder);
    for (const way of [
      { source: 'download' as const, take: () => downloadTemporal({ origin, version, target, progress }) },
      { source: 'build' as const, take: () => buildTemporal({ module, version, target, env, progress }) },
    ]) {
      const problem = await way.take();
      const made = problem === undefined ? await usable(target, way.source, problems) : undefined;
      if (made !== undefined) return made;
      if (problem !== undefined) problems.push(problem);
    }
  } finally {
    lock.release();
  }
  throw new TemporalBinaryError(explain(problems, version));
}

async function usable(
  file: string,
  source: TemporalBinary['source'],
  problems: string[],
): Promise<TemporalBinary | undefined> {
  const version = await askVersion(file);
  if ('problem' in version) {
    problems.push(version.problem);
    return undefined;
  }
  return { path: file, serverVersion: version.server, source };
}

function isProgram(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && stat.isFile() && (stat.mode & 0o111) !== 0;
}

function pinnedVersion(module: string): string {
  const match = /github\.com\/temporalio\/cli v(\S+)/.exec(readFileSync(path.join(module, 'go.mod'), 'utf8'));
  if (match?.[1] === undefined) throw new Error(`${module}/go.mod pins no version of github.com/temporalio/cli`);
  return match[1];
}

async function waitForLock(file: string, progress: (line: string) => void): Promise<FileLock> {
  for (let round = 0; ; round += 1) {
    const lock = tryLockFile(file);
    if (lock !== undefined) return lock;
    if (round % 10 === 0) progress('Waiting for another process that is getting the Temporal server');
    await sleep(500);
  }
}

/** What a process that was killed half-way left behind; whoever calls this holds the lock, so nobody is at it. */
function removeLeftOvers(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.includes('.partial-') || name.includes('.download-')) {
      rmSync(path.join(folder, name), { recursive: true, force: true });
    }
  }
}

function explain(problems: string[], version: string): string {
  return [
    'No Temporal server to run. What was tried:',
    ...problems.map((problem) => `  - ${problem}`),
    'One of these helps:',
    `  - install Temporal's command line program ${version} and put it on PATH, or name it in SLUICE_TEMPORAL_BINARY`,
    '  - install Go 1.21 or newer, with access to the Go module proxy, and start again',
    '  - set TEMPORAL_ADDRESS to a Temporal server that runs already',
  ].join('\n');
}
