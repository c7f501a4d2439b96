import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { freePort } from './free-port';
import { commandLine, signal, untilGone } from './processes';
import type { TemporalBinary } from './resolve-temporal-binary';
import type { TetheredChild } from './tethered-child';
import { startTethered } from './tethered-child';

/** What a pino logger offers, and all that is needed of it. */
export interface ServerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface EmbeddedServerOptions {
  binary: Pick<TemporalBinary, 'path' | 'serverVersion'>;
  /** Absolute. The caller owns it (data-folder.ts): a server of before found in it is ended. */
  dataDir: string;
  log: ServerLog;
  /** A free one is chosen when none is given. */
  port?: number;
  /** Until the first answer; 30 s by default. */
  healthyWithinMs?: number;
}

export interface EmbeddedServer {
  /** `127.0.0.1:<port>`, the same for the life of the handle. */
  readonly address: string;
  /** Of the Temporal process; undefined while it is being started again. */
  pid(): number | undefined;
  /** Ends the server and the supervision; the process is gone when it settles. Repeating it is fine. */
  stop(): Promise<void>;
}

/** The server did not come up; the message ends with the last lines of its log. */
export class EmbeddedServerError extends Error {
  override readonly name = 'EmbeddedServerError';
}

/**
 * In the data folder, while a server runs: `{ "pid": 4711, "port": 40233, "serverVersion": "1.31.2" }`, the pid being
 * that of the Temporal process itself. Replaced whole at each start, removed by a clean stop.
 */
export const TEMPORAL_PID_FILE = 'temporal-server.json';
const LOG_FILE = 'temporal-server.log';
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

const STOP_GRACE_MS = 5_000;
const RESTART_MS = 100;
const RESTART_AT_MOST_MS = 5_000;
/** A server that lived this long was well: the next restart is quick again. */
const STEADY_MS = 30_000;

/**
 * Starts a Temporal development server on loopback and keeps it running until `stop`: when it dies by itself it is
 * started again on the same port, after 0.1 s first and 5 s at most. It dies with this process, however that ends.
 * Its data file carries the server's version, because schemas are not migrated between versions; what it says goes to
 * temporal-server.log in the data folder.
 *
 * @throws EmbeddedServerError when it does not answer in time.
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  await endLeftOver(options.dataDir);
  const { port, child } = await startOnSomePort(options);
  options.log.info({ port, temporalPid: child.pid, server: options.binary.serverVersion }, 'Temporal is up');
  return supervise(options, port, child);
}

function supervise(options: EmbeddedServerOptions, port: number, first: TetheredChild): EmbeddedServer {
  const stopping = new AbortController();
  let running: TetheredChild | undefined = first;
  let stopped: Promise<void> | undefined;

  async function keepRunning(): Promise<void> {
    let startedAt = Date.now();
    let failures = 0;
    for (;;) {
      await running?.exited;
      running = undefined;
      if (stopping.signal.aborted) return;

      failures = Date.now() - startedAt > STEADY_MS ? 1 : failures + 1;
      const waitMs = Math.min(RESTART_MS * 2 ** (failures - 1), RESTART_AT_MOST_MS);
      options.log.warn({ port, failures, waitMs }, 'Temporal ended by itself and is started again');
      await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;

      startedAt = Date.now();
      running = await launch(options, port).catch((error: unknown) => {
        options.log.warn({ port, err: error }, 'Temporal could not be started');
        return undefined;
      });
      // Asked to stop while it was starting: `stop` saw nothing to end.
      if (stopping.signal.aborted) await running?.end(STOP_GRACE_MS);
    }
  }

  async function stop(): Promise<void> {
    stopping.abort();
    await running?.end(STOP_GRACE_MS);
    await supervision;
    rmSync(path.join(options.dataDir, TEMPORAL_PID_FILE), { force: true });
  }

  const supervision = keepRunning();
  return {
    address: `127.0.0.1:${port}`,
    pid: () => running?.pid,
    stop: () => (stopped ??= stop()),
  };
}

async function startOnSomePort(options: EmbeddedServerOptions): Promise<{ port: number; child: TetheredChild }> {
  const deadline = Date.now() + (options.healthyWithinMs ?? 30_000);
  // A free port may be taken by somebody else before the server has it; a given one is taken or it is not.
  const attempts = options.port === undefined ? 3 : 1;
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    // Whoever has the port would answer in our server's place, and be taken for it.
    if (await accepts(port)) throw new EmbeddedServerError(`Something else listens on port ${port} already`);
    const logStart = logSize(options.dataDir);
    const child = await launch(options, port);
    const health = await untilHealthy(child, port, deadline);
    if (health === 'healthy') return { port, child };

    await child.end(STOP_GRACE_MS);
    if (health === 'ended' && attempt < attempts) continue;
    const said = logSince(options.dataDir, logStart).trim().split('\n').slice(-8);
    const what = health === 'ended' ? 'ended at once' : 'did not answer in time';
    throw new EmbeddedServerError([`The Temporal server on port ${port} ${what}`, ...said].join('\n  '));
  }
}

async function launch({ binary, dataDir }: EmbeddedServerOptions, port: number): Promise<TetheredChild> {
  const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)];
  args.push('--db-filename', path.join(dataDir, `temporal-${binary.serverVersion}.db`), '--log-level', 'warn');
  // Full durability, at twice the throughput of the default journal.
  args.push('--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=2');
  // The default of 20 queue loads a second and shard makes every step after the tenth wait 40 ms: there is one shard.
  for (const queue of ['transfer', 'timer', 'visibility']) {
    args.push('--dynamic-config-value', `history.${queue}ProcessorMaxPollRPS=2000`);
  }

  const logFile = path.join(dataDir, LOG_FILE);
  if (logSize(dataDir) > LOG_LIMIT_BYTES) truncateSync(logFile);
  const output = openSync(logFile, 'a', 0o600);
  try {
    const child = await startTethered({ file: binary.path, args, env: serverEnvironment(), output });
    writePidFile(dataDir, { pid: child.pid, port, serverVersion: binary.serverVersion });
    return child;
  } finally {
    closeSync(output);
  }
}

/** Only what a program needs: our secrets are none of its business, and TEMPORAL_* would reconfigure it. */
function serverEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  const given = Object.entries({ PATH, HOME, TMPDIR }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), TZ: 'UTC' };
}

async function untilHealthy(
  child: TetheredChild,
  port: number,
  deadline: number,
): Promise<'healthy' | 'ended' | 'late'> {
  let ended = false;
  void child.exited.then(() => (ended = true));
  while (Date.now() < deadline) {
    if (ended) return 'ended';
    // A plain connection is refused at once; the client would wait a second before it tries again.
    if ((await accepts(port)) && (await servesDefaultNamespace(port))) return 'healthy';
    await sleep(50);
  }
  return 'late';
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function servesDefaultNamespace(port: number): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address: `127.0.0.1:${port}`, connectTimeout: 2_000 });
    try {
      await connection.withDeadline(Date.now() + 2_000, () =>
        connection.workflowService.describeNamespace({ namespace: 'default' }),
      );
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}

interface PidFile {
  pid: number;
  port: number;
  serverVersion: string;
}

function writePidFile(dataDir: string, content: PidFile): void {
  const file = path.join(dataDir, TEMPORAL_PID_FILE);
  writeFileSync(`${file}.new`, `${JSON.stringify(content)}\n`);
  renameSync(`${file}.new`, file);
}

/**
 * Ends a server of before that is still there. Pids are used again, so only a process whose command line names a
 * Temporal data file of this folder is ours.
 */
async function endLeftOver(dataDir: string): Promise<void> {
  const pid = pidInFile(dataDir);
  if (pid === undefined) return;

  const command = await commandLine(pid);
  if (command.includes('start-dev') && command.includes(path.join(dataDir, 'temporal-'))) {
    signal(pid, 'SIGKILL');
    await untilGone(pid);
  }
  rmSync(path.join(dataDir, TEMPORAL_PID_FILE), { force: true });
}

function pidInFile(dataDir: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(path.join(dataDir, TEMPORAL_PID_FILE), 'utf8')) as Partial<PidFile>;
    return Number.isInteger(pid) ? pid : undefined;
  } catch {
    return undefined; // none, or not ours to understand
  }
}

function logSize(dataDir: string): number {
  return statSync(path.join(dataDir, LOG_FILE), { throwIfNoEntry: false })?.size ?? 0;
}

function logSince(dataDir: string, start: number): string {
  try {
    return readFileSync(path.join(dataDir, LOG_FILE)).subarray(start).toString();
  } catch {
    return '';
  }
}
