import { spawn } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { runProgram } from './run-program';

export interface TemporalBuild {
  /** The Go module that pins the version (tools/temporal). */
  module: string;
  version: string;
  target: string;
  env: NodeJS.ProcessEnv;
  /** Takes lines for people, every few seconds while it builds. */
  progress: (line: string) => void;
}

const PROGRESS_MS = 5_000;

/**
 * Builds the pinned command line program from the Go module proxy, 3 minutes on two cores the first time. It appears at
 * `target` complete or not at all. Undefined when it worked, else what went wrong, in one or a few lines.
 */
export async function buildTemporal({
  module,
  version,
  target,
  env,
  progress,
}: TemporalBuild): Promise<string | undefined> {
  const go = await runProgram({ file: 'go', args: ['version'], timeoutMs: 20_000, env });
  if (!go.ok) return `building it needs Go: ${go.problem}`;
  if (!existsSync(module)) return `building it needs ${module}, which is not there`;

  const partial = `${target}.partial-${process.pid}`;
  progress(`Building the Temporal server ${version} with Go; this happens once and takes some minutes`);
  try {
    const problem = await runGoBuild({ module, version, target: partial, env, progress });
    if (problem === undefined) renameSync(partial, target);
    return problem;
  } finally {
    rmSync(partial, { force: true });
  }
}

function runGoBuild({ module, version, target, env, progress }: TemporalBuild): Promise<string | undefined> {
  const versionFlag = `-X github.com/temporalio/cli/internal/temporalcli.Version=${version}`;
  const args = ['build', '-v', '-trimpath', '-ldflags', `-s -w ${versionFlag}`, '-o', target];
  const startedAt = Date.now();
  const lines: string[] = [];
  let compiled = 0;

  return new Promise((resolve) => {
    const build = spawn('go', [...args, 'github.com/temporalio/cli/cmd/temporal'], {
      cwd: module,
      env: { ...env, CGO_ENABLED: '0', GOWORK: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const read = (chunk: Buffer) => {
      for (const line of chunk.toString().split('\n').filter(Boolean)) {
        // `-v` names each package that is compiled: progress. Everything else may be the reason of a failure.
        if (/^[\w.-]+(\/[\w.~-]+)*$/.test(line)) compiled += 1;
        else lines.push(line);
      }
      lines.splice(0, lines.length - 20);
    };
    build.stdout.on('data', read);
    build.stderr.on('data', read);

    const timer = setInterval(() => {
      const seconds = Math.round((Date.now() - startedAt) / 1000);
      progress(`Building the Temporal server ${version}: ${seconds} s, ${compiled} packages`);
    }, PROGRESS_MS);
    const finish = (problem: string | undefined) => {
      clearInterval(timer);
      resolve(problem);
    };
    build.on('error', (error) => finish(error.message));
    build.on('close', (code, signal) => {
      if (code === 0) finish(undefined);
      else finish([`go build ended with ${code ?? signal}`, ...lines.slice(-8)].join('\n    '));
    });
  });
}
