import type { EmbeddedServer } from '../../src/main/temporal/embedded-server';
import { startEmbeddedServer } from '../../src/main/temporal/embedded-server';
import { resolveTemporalBinary } from '../../src/main/temporal/resolve-temporal-binary';
import { removeDir, tempDir } from './temp-dir';

const ADDRESS = 'SLUICE_TEST_TEMPORAL_ADDRESS';

let running: { server: EmbeddedServer; folder: string } | undefined;

/** The server shared by the files of this run. Use a task queue and workflow ids of your own. */
export function temporalAddress(): string {
  const address = process.env[ADDRESS];
  if (address === undefined) {
    throw new Error('No Temporal server: the Jest project of this test needs `temporalServer` in jest.config.js');
  }
  return address;
}

/** Starts the server by the same way as `npm start`; test files get its address through the environment. */
export async function startTestTemporal(): Promise<void> {
  const folder = tempDir();
  const log = {
    info: () => undefined,
    warn: (fields: object, text: string) => void process.stderr.write(`${text} ${JSON.stringify(fields)}\n`),
  };
  const server = await startEmbeddedServer({ binary: await resolveTemporalBinary(), dataDir: folder, log });
  running = { server, folder };
  process.env[ADDRESS] = server.address;
}

export async function stopTestTemporal(): Promise<void> {
  await running?.server.stop();
  if (running !== undefined) removeDir(running.folder);
  running = undefined;
}
