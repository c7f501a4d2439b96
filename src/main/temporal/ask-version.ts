import { runProgram } from './run-program';

export interface TemporalVersion {
  /** Of the command line program, such as `1.8.2`. */
  cli: string;
  /** Of the server in it, such as `1.31.2`; data files do not survive a change of it. */
  server: string;
}

/** Asks a program whether it is Temporal's command line. Never rejects: what is wrong comes back as a problem. */
export async function askVersion(file: string): Promise<TemporalVersion | { problem: string }> {
  const run = await runProgram({ file, args: ['--version'], timeoutMs: 20_000 });
  if (!run.ok) return { problem: run.problem };

  const match = /temporal version (\S+) \(Server v?([^\s,)]+)/i.exec(run.output);
  if (match?.[1] === undefined || match[2] === undefined) {
    return { problem: `${file} --version does not answer like Temporal's command line` };
  }
  return { cli: match[1], server: match[2] };
}
