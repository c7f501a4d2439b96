import { spawn, type ChildProcess } from 'node:child_process';

/** The processes that the demo has started: none of them outlives it. */
export class Children {
  private readonly started = new Set<ChildProcess>();
  private isEnding = false;

  /**
   * Starts a Node program, in a process group of its own: Ctrl-C is for the demo alone, which then ends it in good order.
   */
  start(file: string, env: Record<string, string>): ChildProcess {
    if (this.isEnding) {
      throw new Error('The demo is ending');
    }
    const child = spawn(process.execPath, [file], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
      detached: true,
    });
    this.started.add(child);
    child.once('exit', () => this.started.delete(child));
    return child;
  }

  /** Ends all of them; nothing is started any more. */
  async end(): Promise<void> {
    this.isEnding = true;
    await Promise.all(
      [...this.started].map((child) => {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        return ended;
      }),
    );
  }
}
