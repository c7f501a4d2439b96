import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TEMPORAL_PID_FILE } from '../../src/main/temporal/embedded-server';
import { freePort } from '../../src/main/temporal/free-port';
import { isRunning, untilGone } from '../../src/main/temporal/processes';
import { eventually } from './eventually';

const ROOT = path.resolve(__dirname, '../..');

export interface ServiceOptions {
  /** Kept by whoever gives it, and used again to go on after a kill. */
  dataDir: string;
  /** The same port for every start of one test, so that clients find it again; a free one by default. */
  port?: number;
  adminToken?: string;
  env?: Record<string, string>;
  /** Until `GET /readyz` answers 200; 30 s by default. */
  readyWithinMs?: number;
}

/** A test that fails half-way must leave no service behind. */
const alive = new Set<ChildProcess>();
afterAll(() => {
  for (const child of alive) child.kill('SIGKILL');
});

/** The built service as a user runs it: a process of its own, with its own store and its own Temporal. */
export interface ServiceProcess {
  readonly baseUrl: string;
  readonly port: number;
  readonly adminToken: string;
  readonly dataDir: string;
  readonly pid: number;
  /** Everything it has written to its output so far. */
  output(): string;
  /** Of its Temporal server; undefined when none is running. */
  temporalPid(): number | undefined;
  /** Sends a request with the admin token; the path starts with a slash. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** `kill -9` of the service alone; settles when it is gone. Its Temporal must then die by itself. */
  kill9(): Promise<void>;
  /** `kill -9` of its Temporal alone; settles when that process is gone. */
  kill9Temporal(): Promise<void>;
  /** SIGTERM; settles with the exit code when it is gone. */
  stop(): Promise<number | null>;
}

/** Starts the built service and waits until it is ready. Fails with its output when it ends or is not ready in time. */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  requireBuild();
  const port = options.port ?? (await freePort());
  const adminToken = options.adminToken ?? randomBytes(24).toString('hex');
  const child = spawn(process.execPath, [path.join(ROOT, 'dist', 'main', 'start.js')], {
    cwd: options.dataDir,
    env: {
      ...withoutSettings(process.env),
      SLUICE_PORT: String(port),
      SLUICE_DATA_DIR: options.dataDir,
      SLUICE_ADMIN_TOKEN: adminToken,
      SLUICE_EXAMPLE: 'off',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  alive.add(child);
  child.on('exit', () => alive.delete(child));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));

  const baseUrl = `http://127.0.0.1:${port}`;
  const { pid } = child;
  if (pid === undefined) throw new Error('The service could not be started');
  try {
    const ready = async () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error('The service ended at once');
      return (await fetch(`${baseUrl}/readyz`).catch(() => undefined))?.ok;
    };
    await eventually('GET /readyz answers 200', ready, options.readyWithinMs ?? 30_000);
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${error instanceof Error ? error.message : String(error)}; the service said:\n${said}`);
  }

  const temporalPid = () => temporalPidIn(options.dataDir);
  return {
    baseUrl,
    port,
    adminToken,
    dataDir: options.dataDir,
    pid,
    output: () => said,
    temporalPid,
    request: (method, path, body, headers = {}) =>
      fetch(`${baseUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    kill9: async () => {
      child.kill('SIGKILL');
      await exit;
    },
    kill9Temporal: async () => {
      const victim = temporalPid();
      if (victim === undefined) throw new Error('There is no Temporal process to kill');
      process.kill(victim, 'SIGKILL');
      await untilGone(victim);
    },
    stop: async () => {
      child.kill('SIGTERM');
      const [code] = await exit;
      return code;
    },
  };
}

/** The pid in the data folder, when that process runs. */
function temporalPidIn(dataDir: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(path.join(dataDir, TEMPORAL_PID_FILE), 'utf8')) as { pid: number };
    return isRunning(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Tests of an old build would prove nothing, and building inside a test would collide with the file beside it. */
export function requireBuild(): void {
  execFileSync(process.execPath, [path.join(ROOT, 'scripts', 'build-if-stale.mjs'), '--check'], { stdio: 'inherit' });
}

/** A developer's own settings must not reach the service under test. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(SLUICE|TEMPORAL|SMTP)_|^DATABASE_URL$/.test(name)),
  );
}
