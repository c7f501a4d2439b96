import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import type { EmbeddedServer } from '../../src/main/temporal/embedded-server';
import { EmbeddedServerError, startEmbeddedServer, TEMPORAL_PID_FILE } from '../../src/main/temporal/embedded-server';
import { commandLine, isRunning, untilGone } from '../../src/main/temporal/processes';
import type { TemporalBinary } from '../../src/main/temporal/resolve-temporal-binary';
import { resolveTemporalBinary } from '../../src/main/temporal/resolve-temporal-binary';
import { eventually } from '../support/eventually';
import { removeDir, tempDir } from '../support/temp-dir';
import { programRunning } from '../support/ts-program';

const MAIN = path.resolve(__dirname, '../../src/main');
const log = { info: () => undefined, warn: () => undefined };

let binary: TemporalBinary;
let dataDir: string;
let server: EmbeddedServer | undefined;

beforeAll(async () => {
  binary = await resolveTemporalBinary();
}, 600_000); // it may have to be built first

beforeEach(() => (dataDir = tempDir()));
afterEach(async () => {
  await server?.stop();
  server = undefined;
  removeDir(dataDir);
});

async function serves(address: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: 1_000 });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

/** A process of its own that runs the embedded server, and says its pid. */
async function serverInAnotherProcess() {
  const program = programRunning(`
    import { startEmbeddedServer } from '${MAIN}/temporal/embedded-server';
    const log = { info: () => undefined, warn: () => undefined };
    const binary = ${JSON.stringify(binary)};
    void startEmbeddedServer({ binary, dataDir: '${dataDir}', log }).then((server) => {
      process.stdout.write(String(server.pid()));
    });
  `);
  const parent = spawn(process.execPath, program.args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
  program.remove();
  return { parent, temporalPid: Number(chunk.toString()) };
}

describe('the embedded Temporal server', () => {
  it('answers on loopback, with a data file of its version, and says where it is', async () => {
    server = await startEmbeddedServer({ binary, dataDir, log });

    expect(await serves(server.address)).toBe(true);
    const [, port] = server.address.split(':');
    expect(JSON.parse(readFileSync(path.join(dataDir, TEMPORAL_PID_FILE), 'utf8'))).toEqual({
      pid: server.pid(),
      port: Number(port),
      serverVersion: binary.serverVersion,
    });
    expect(readdirSync(dataDir)).toContain(`temporal-${binary.serverVersion}.db`);
    expect(readdirSync(dataDir)).toContain(`temporal-${binary.serverVersion}.db-wal`);
    expect(await commandLine(server.pid() ?? 0)).toContain('history.timerProcessorMaxPollRPS=2000');
  });

  it('is gone after a stop, which may be repeated', async () => {
    server = await startEmbeddedServer({ binary, dataDir, log });
    const pid = server.pid() ?? 0;

    await Promise.all([server.stop(), server.stop()]);

    expect(isRunning(pid)).toBe(false);
    expect(await serves(server.address)).toBe(false);
    expect(existsSync(path.join(dataDir, TEMPORAL_PID_FILE))).toBe(false);
  });

  it('is started again on its port when it is killed, as often as that happens', async () => {
    const running = (server = await startEmbeddedServer({ binary, dataDir, log }));

    for (let round = 0; round < 2; round += 1) {
      const pid = running.pid() ?? 0;
      process.kill(pid, 'SIGKILL');
      await untilGone(pid);
      await eventually('another process serves', () => {
        const now = running.pid();
        return now !== undefined && now !== pid && serves(running.address);
      });
    }
  });

  it('can be stopped while it is being started again', async () => {
    server = await startEmbeddedServer({ binary, dataDir, log });
    process.kill(server.pid() ?? 0, 'SIGKILL');
    await eventually('the death was noticed', () => server?.pid() === undefined);

    await server.stop();

    expect(await serves(server.address)).toBe(false);
  });

  it('dies with its parent, also after kill -9', async () => {
    const { parent, temporalPid } = await serverInAnotherProcess();
    expect(isRunning(temporalPid)).toBe(true);

    parent.kill('SIGKILL');

    await eventually('Temporal is gone', () => !isRunning(temporalPid), 3_000);
  });

  it('dies with its parent when the shell between them was killed, too', async () => {
    const { parent, temporalPid } = await serverInAnotherProcess();
    const [, shell] = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${temporalPid}/stat`, 'utf8')) ?? [];

    process.kill(Number(shell), 'SIGKILL');
    parent.kill('SIGKILL');

    await eventually('Temporal is gone', () => !isRunning(temporalPid), 3_000);
  });

  it('ends one that was left behind in its data folder', async () => {
    const leftBehind = spawn(
      process.execPath,
      ['-e', 'setTimeout(() => undefined, 60_000)', 'start-dev', path.join(dataDir, 'temporal-1.0.0.db')],
      { stdio: 'ignore' },
    );
    writeFileSync(path.join(dataDir, TEMPORAL_PID_FILE), JSON.stringify({ pid: leftBehind.pid, port: 1 }));

    const ended = once(leftBehind, 'exit');
    server = await startEmbeddedServer({ binary, dataDir, log });

    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it('lets a stranger live that has the pid of the one before', async () => {
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    writeFileSync(path.join(dataDir, TEMPORAL_PID_FILE), JSON.stringify({ pid: stranger.pid, port: 1 }));

    server = await startEmbeddedServer({ binary, dataDir, log });

    expect(isRunning(stranger.pid ?? 0)).toBe(true);
    stranger.kill();
  });

  it('is not mistaken for something else that has its port', async () => {
    server = await startEmbeddedServer({ binary, dataDir, log });
    const port = Number(server.address.split(':')[1]);
    const other = tempDir();

    await expect(startEmbeddedServer({ binary, dataDir: other, log, port })).rejects.toThrow(
      `Something else listens on port ${port} already`,
    );
    removeDir(other);
  });

  it('fails with what it said when it does not come up', async () => {
    writeFileSync(path.join(dataDir, `temporal-${binary.serverVersion}.db`), 'not a database');

    const failure: unknown = await startEmbeddedServer({ binary, dataDir, log }).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(EmbeddedServerError);
    expect(String(failure)).toMatch(/The Temporal server on port \d+ ended at once\n.*file is not a database/s);
  });
});
