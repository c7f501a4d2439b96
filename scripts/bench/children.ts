import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Longer than the service takes to let go of everything. */
const END_WITHIN_MS = 15_000;

/** The processes of one benchmark: each is ended by its id, whatever happens. */
export class Children {
  private readonly running = new Set<ChildProcess>();

  /** @param nodeOptions for every process, e.g. to have it profiled */
  constructor(private readonly nodeOptions: string[] = []) {}

  /** Starts a program; its output is ours, except what it says on its standard output. */
  spawn(args: string[], env: NodeJS.ProcessEnv): ChildProcess {
    return this.keep(
      spawn(process.execPath, [...this.nodeOptions, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] }),
    );
  }

  /** Starts a TypeScript program of this folder that answers questions; resolves when it is ready for them. */
  async fork<Q extends object, A>(file: string, argument: object): Promise<(question: Q) => Promise<A>> {
    const child = this.keep(
      fork(file, [JSON.stringify(argument)], {
        execArgv: [...this.nodeOptions, '--require', require.resolve('../register-ts.cjs')],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      }),
    );
    await answerOf(child);
    return async (question) => {
      child.send(question);
      return (await answerOf(child)) as A;
    };
  }

  /** Ends them all, the youngest first, and resolves when they are gone. */
  async end(): Promise<void> {
    for (const child of [...this.running].reverse()) {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS);
      await gone;
      clearTimeout(late);
    }
  }

  private keep(child: ChildProcess): ChildProcess {
    this.running.add(child);
    child.once('exit', () => this.running.delete(child));
    return child;
  }
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  try {
    const [answer] = (await Promise.race([
      once(child, 'message', over),
      once(child, 'exit', over).then(([code]) => {
        throw new Error(`${child.spawnargs.at(-2) ?? 'A program'} ended with ${String(code)}`);
      }),
    ])) as [{ failure: string } | { answer: unknown }];
    if ('failure' in answer) {
      throw new Error(answer.failure);
    }
    return answer.answer;
  } finally {
    over.abort();
  }
}

/** The other side of `Children.fork`: says that it is ready, then answers one question after the other. */
export function answerQuestions<Q>(answer: (question: Q) => Promise<unknown>): void {
  const send = (message: object) => void process.send?.(message);
  process.on('message', (question) => {
    answer(question as Q).then(
      (result) => send({ answer: result }),
      (error: unknown) => send({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  // Nobody is left to answer: the benchmark was killed.
  process.on('disconnect', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(0));
  send({ answer: 'ready' });
}

/** What `Children.fork` was given for this program. */
export function argumentGiven<T>(): T {
  return JSON.parse(process.argv[2] ?? 'null') as T;
}
