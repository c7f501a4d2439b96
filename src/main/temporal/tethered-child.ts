import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { commandLine, signal, untilGone } from './processes';

export interface TetheredChild {
  /** Of the program itself, not of the shell around it. */
  readonly pid: number;
  /** Settles when the program is gone. */
  readonly exited: Promise<void>;
  /** Asks the program to end, and ends it when it has not after `graceMs`. */
  end(graceMs: number): Promise<void>;
}

export interface TetheredProgram {
  file: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** File descriptor that takes what the program says. */
  output: number;
}

/**
 * Holds a program by a pipe from us. A killed process closes its pipes, so the end of input is the one message that
 * arrives whatever killed us. The watcher is a process of its own: it is still there when the shell that waits for the
 * program is killed alone, and our side closes the pipe when that happens.
 *
 *   us ──pipe (3)──▶ watcher: end of input → kill -9 program
 *    └─▶ shell: starts both, says the program's pid (4), waits for the program, ends the watcher
 */
const TETHER = `
"$@" 3<&- 4>&- </dev/null &
program=$!
( read -r _ <&3; kill -9 "$program" ) 4>&- 2>/dev/null &
watcher=$!
echo "$program" >&4
exec 3<&- 4>&-
wait "$program"
status=$?
kill -9 "$watcher" 2>/dev/null
exit "$status"
`;

/**
 * Starts a program that never outlives this process, also after `kill -9`. It leads a session of its own, so that
 * Ctrl-C in a terminal reaches us alone and we end it in our order.
 */
export async function startTethered({ file, args, env, output }: TetheredProgram): Promise<TetheredChild> {
  const shell = spawn('/bin/sh', ['-c', TETHER, 'sh', file, ...args], {
    detached: true,
    env,
    stdio: ['ignore', output, output, 'pipe', 'pipe'],
  });
  const tether = shell.stdio[3];
  // It breaks when the shell ends, which `exit` says better.
  tether?.on('error', () => undefined);

  const exited = new Promise<void>((resolve) => {
    shell.on('exit', (_code, killedBy) => {
      tether?.destroy();
      // The shell waited for the program, unless it was killed itself.
      if (killedBy === null) resolve();
      else void readPid.then((pid) => endOrphan(pid, file)).then(resolve, resolve);
    });
  });
  const readPid = pidSaidBy(shell);
  const pid = await readPid;

  return {
    pid,
    exited,
    end: async (graceMs) => {
      signal(pid, 'SIGTERM');
      const timer = setTimeout(() => signal(pid, 'SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

function pidSaidBy(shell: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    const pipe = shell.stdio[4] as Readable;
    pipe.on('data', (chunk: Buffer) => (said += chunk.toString()));
    pipe.on('close', () => {
      const pid = Number.parseInt(said, 10);
      if (pid > 0) resolve(pid);
      else reject(new Error('The shell around the program ended before it said its pid'));
    });
    shell.on('error', reject);
  });
}

/** The watcher does the same; both are needed when it was killed together with the shell. */
async function endOrphan(pid: number, file: string): Promise<void> {
  if ((await commandLine(pid)).includes(file)) signal(pid, 'SIGKILL');
  await untilGone(pid);
}
