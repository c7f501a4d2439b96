import { spawn } from 'node:child_process';

export interface ProgramRun {
  file: string;
  args: string[];
  timeoutMs: number;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

export type ProgramResult = { ok: true; output: string } | { ok: false; problem: string; output: string };

/** Runs a program to its end. Never rejects: a missing program, a failure and a timeout are results with a problem. */
export function runProgram({ file, args, timeoutMs, cwd, env }: ProgramRun): Promise<ProgramResult> {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-64_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);

    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const finish = (result: ProgramResult) => {
      clearTimeout(timer);
      resolve(result);
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      const problem = error.code === 'ENOENT' ? `${file} was not found` : error.message;
      finish({ ok: false, problem, output });
    });
    child.on('close', (code, signal) => {
      if (code === 0) finish({ ok: true, output });
      else if (signal === 'SIGKILL') finish({ ok: false, problem: `${file} was ended after ${timeoutMs} ms`, output });
      else finish({ ok: false, problem: `${file} ended with ${code ?? signal}`, output });
    });
  });
}
