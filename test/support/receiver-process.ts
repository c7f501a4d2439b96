import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually } from './eventually';

const ROOT = path.resolve(__dirname, '../..');
const EXAMPLE = path.join(ROOT, 'examples', 'receiver');

export interface ReceiverOptions {
  /** Where its log is; kept by whoever gives it, and used again to go on after a kill. */
  folder: string;
  /** All of them verify. */
  secrets: readonly string[];
  /** The same port for every start of one test, so that senders find it again; a free one by default. */
  port?: number;
  /** Source of another deploy.mjs, as a user would replace it. */
  deploy?: string;
  env?: Record<string, string>;
}

/** One line of the receiver's log. */
export interface DeliveryLine {
  at: string;
  id: string;
  type: 'service.apply' | 'service.revert';
  service: string;
  environment: string;
  tenant: string | null;
  release: string;
  phase: string;
  attempt: number;
  sequence: number;
  version: string | null;
  previousVersion: string | null;
  /** Only `applied` has had an effect; `failed` has no answer yet and may be tried again under its id. */
  result: 'applied' | 'repeated' | 'stale' | 'mismatch' | 'failed';
}

/** A version that is there; `sequence` is the highest seen at that place. */
export interface DeployedVersion {
  service: string;
  environment: string;
  tenant: string | null;
  version: string;
  sequence: number;
}

/** How the next deliveries fail (examples/receiver/behaviour.mjs); `{}` ends it. */
export interface Behaviour {
  status?: number;
  /** In seconds. */
  retryAfter?: number;
  delayMs?: number;
  hang?: boolean;
  /** All of them when it is missing. */
  times?: number;
  afterApplying?: boolean;
}

/** The reference receiver as a user runs it: a process of its own, with its own log. */
export interface ReceiverProcess {
  readonly url: string;
  readonly port: number;
  /** Everything it has written to its output so far. */
  output(): string;
  /** Every delivery it has judged so far, oldest first. */
  log(): Promise<DeliveryLine[]>;
  versions(): Promise<DeployedVersion[]>;
  behave(behaviour: Behaviour): Promise<void>;
  /** How many deliveries are still to meet the behaviour; null stands for all. */
  behaviourLeft(): Promise<number | null>;
  /** SIGTERM; settles with the exit code when it is gone. */
  stop(): Promise<number | null>;
  /** `kill -9`; settles when it is gone. */
  kill(): Promise<void>;
  /** Settles with the exit code when it has ended by itself. */
  ended(): Promise<number | null>;
}

/** A test that fails half-way must leave no receiver behind. */
const alive = new Set<ChildProcess>();
afterAll(() => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Starts a receiver that can be made to fail and waits until it listens. Fails with its output when it does not. */
export async function startReceiver(options: ReceiverOptions): Promise<ReceiverProcess> {
  const program = options.deploy === undefined ? EXAMPLE : copyWith(options.deploy, options.folder);
  const child = spawn(process.execPath, [path.join(program, 'receiver.mjs')], {
    cwd: options.folder,
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: String(options.port ?? 0),
      WEBHOOK_SECRETS: options.secrets.join(','),
      RECEIVER_LOG: path.join(options.folder, 'receiver.log'),
      RECEIVER_BEHAVIOUR: 'on',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  alive.add(child);
  child.on('exit', () => alive.delete(child));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));

  let url: string;
  try {
    url = await eventually('the receiver listens', () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error('The receiver ended at once');
      return /^listening on (\S+)$/m.exec(said)?.[1];
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${error instanceof Error ? error.message : String(error)}; the receiver said:\n${said}`);
  }

  const read = async <T>(from: string): Promise<T> => (await fetch(`${url}${from}`)).json() as Promise<T>;
  return {
    url,
    port: Number(new URL(url).port),
    output: () => said,
    log: () => read<DeliveryLine[]>('/log'),
    versions: () => read<DeployedVersion[]>('/'),
    behave: async (behaviour) => {
      const answer = await fetch(`${url}/behaviour`, { method: 'PUT', body: JSON.stringify(behaviour) });
      if (!answer.ok) throw new Error(`The receiver refused: ${await answer.text()}`);
    },
    behaviourLeft: async () => (await read<{ left: number | null }>('/behaviour')).left,
    stop: async () => {
      child.kill('SIGTERM');
      return (await exit)[0];
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exit;
    },
    ended: async () => (await exit)[0],
  };
}

/** The example with its one replaceable part replaced; packages are found as beside the original. */
function copyWith(deploy: string, folder: string): string {
  const copy = path.join(folder, 'receiver');
  cpSync(EXAMPLE, copy, { recursive: true });
  writeFileSync(path.join(copy, 'deploy.mjs'), deploy);
  const packages = path.join(folder, 'node_modules');
  if (!existsSync(packages)) symlinkSync(path.join(ROOT, 'node_modules'), packages);
  return copy;
}
