import type { ConnectionOptions } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { Logger } from 'pino';

import type { Settings } from '../settings';
import { startEmbeddedServer } from './embedded-server';
import { resolveTemporalBinary } from './resolve-temporal-binary';

/** The Temporal that releases run on. */
export interface Temporal {
  connection: ConnectionOptions & NativeConnectionOptions;
  namespace: string;
  stop(): Promise<void>;
}

/** The one that the settings name, which may be down; else an embedded one, which ends with `stop`. */
export async function startTemporal(settings: Settings, dataDir: string, log: Logger): Promise<Temporal> {
  if (settings.temporal) {
    const { connection, namespace } = settings.temporal;
    return { connection: connection as Temporal['connection'], namespace, stop: () => Promise.resolve() };
  }
  const binary = await resolveTemporalBinary(
    settings.temporalBinary === undefined ? {} : { configured: settings.temporalBinary },
  );
  const server = await startEmbeddedServer({ binary, dataDir, log });
  return { connection: { address: server.address }, namespace: 'default', stop: () => server.stop() };
}
