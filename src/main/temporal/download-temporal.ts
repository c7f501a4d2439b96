import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { runProgram } from './run-program';

export interface TemporalDownload {
  /** Where the SDK downloads from, too. */
  origin: string;
  version: string;
  target: string;
  /** Takes lines for people, every few seconds while it downloads. */
  progress: (line: string) => void;
}

/** Where there is no way out to the internet this is what a start loses before it builds instead. */
const ANSWER_WITHIN_MS = 5_000;
const STALLED_AFTER_MS = 20_000;
const PROGRESS_MS = 5_000;

const platforms: Partial<Record<string, string>> = { linux: 'linux', darwin: 'darwin' };
const architectures: Partial<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

const downloadInfo = z.object({ archiveUrl: z.url(), fileToExtract: z.string().regex(/^\w[\w.-]*$/) });

/**
 * Downloads the pinned command line program from where the SDK takes it. It appears at `target` complete or not at all.
 * Undefined when it worked, else what went wrong, in one line; without a network it fails within 5 s.
 */
export async function downloadTemporal(download: TemporalDownload): Promise<string | undefined> {
  const platform = platforms[process.platform];
  const architecture = architectures[process.arch];
  if (platform === undefined || architecture === undefined) {
    return `there is no download for ${process.platform} on ${process.arch}`;
  }

  const { origin, version, target, progress } = download;
  const folder = mkdtempSync(`${target}.download-`);
  const abort = new AbortController();
  const watchdog = setTimeout(() => abort.abort(new Error('no answer in time')), ANSWER_WITHIN_MS);
  try {
    const question = `${origin}/cli/v${version}?arch=${architecture}&platform=${platform}&format=tar.gz`;
    const { archiveUrl, fileToExtract } = downloadInfo.parse(await (await get(question, abort.signal)).json());
    // The connection is all that vouches for what is going to be run.
    if (new URL(archiveUrl).protocol !== new URL(origin).protocol) throw new Error(`${archiveUrl} is not secure`);
    const archive = await get(archiveUrl, abort.signal);
    clearTimeout(watchdog);

    const archiveFile = path.join(folder, 'archive.tar.gz');
    await save(archive, archiveFile, abort, (megabytes) => {
      progress(`Downloading the Temporal server ${version}: ${megabytes} MB`);
    });
    const args = ['-xzf', archiveFile, '-C', folder, fileToExtract];
    const unpacked = await runProgram({ file: 'tar', args, timeoutMs: 60_000 });
    if (!unpacked.ok) throw new Error(`unpacking: ${unpacked.problem}`);
    renameSync(path.join(folder, fileToExtract), target);
    return undefined;
  } catch (error) {
    return `downloading it from ${origin} failed: ${reasonOf(error)}`;
  } finally {
    clearTimeout(watchdog);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function get(url: string, signal: AbortSignal): Promise<Response> {
  const answer = await fetch(url, { signal });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer;
}

async function save(answer: Response, file: string, abort: AbortController, progress: (megabytes: number) => void) {
  if (answer.body === null) throw new Error('the answer is empty');
  const stalled = setTimeout(() => abort.abort(new Error('the download stands still')), STALLED_AFTER_MS);
  const handle = await open(file, 'w');
  let bytes = 0;
  let reportedAt = 0;
  try {
    for await (const chunk of answer.body) {
      await handle.writeFile(chunk);
      stalled.refresh();
      bytes += chunk.length;
      if (Date.now() - reportedAt < PROGRESS_MS) continue;
      progress(Math.round(bytes / 1e6));
      reportedAt = Date.now();
    }
  } finally {
    clearTimeout(stalled);
    await handle.close();
  }
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
