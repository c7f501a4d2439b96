import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';

import { createAuthenticator } from '../api/authenticate';
import type { Deps } from '../api/deps';
import { Dispatcher } from '../api/dispatch/dispatcher';
import { temporalEngine } from '../api/dispatch/engine';
import { temporalView } from '../api/dispatch/engine-view';
import { EngineWatch } from '../api/dispatch/engine-watch';
import { Reconciler } from '../api/dispatch/reconciler';
import { repairCounters } from '../api/dispatch/repair-counters';
import { closeHttpServer, createHttpServer } from '../api/http-server';
import { createKeyRing } from '../api/key-ring';
import { OutcomeWaiters } from '../api/releases/outcome-waiters';
import { routes } from '../api/routes';
import { callbackPath } from '../api/services/receive-callback';
import { createApp } from '../api/server';
import { DEFAULT_LIMITS } from '../api/settings';
import { DeliverySender } from '../notifications/delivery-sender';
import { createNotifier } from '../notifications/notifier';
import { createCallbackTokens } from '../store/callback-tokens';
import { createSecretBox } from '../store/secret-box';
import { openStore, type Store } from '../store/store';
import { FlagFollower } from '../targets/flags/flag-follower';
import { FlagImage } from '../targets/flags/flag-image';
import { serviceTarget } from '../targets/service-target';
import { createAddressPolicy, faultOfUrl } from '../targets/http/address-policy';
import { openAdmin } from './admin-token';
import { openDataFolder, secretKeyIn } from './data-folder';
import { divergenceLog } from './divergence-log';
import { logChainHeads } from './log-chain-heads';
import { mailerFrom } from './mailer-from';
import type { Settings } from './settings';
import { startTemporal, type Temporal } from './temporal';
import { startWorker } from './worker';

/** Everything that one process runs, on one address. */
export interface Service {
  /** Where the API listens, without a slash at the end. */
  url: string;
  /** Where the operator's token is; `null` when it comes from the settings. */
  tokenFile: string | null;
  /** The operator's token, from the settings or that file. */
  adminToken: string | null;
  store: Store;
  /** Ends everything in order: takes no requests, finishes what is under way, lets go of store and Temporal. */
  stop(): Promise<void>;
}

/** How long open requests may take when the service stops. */
const CLOSE_GRACE_MS = 3_000;

/**
 * Starts the whole service: store, Temporal (embedded unless one is named), worker, dispatcher, API. Releases that were
 * under way go on by themselves (INV-5). Throws before anything listens when a part that must be there cannot be.
 */
export async function startService(settings: Settings, log: Logger): Promise<Service> {
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) {
      await end();
    }
  };

  try {
    const folder = openDataFolder(settings.dataDir);
    stops.push(() => folder.release());

    const [opened, started] = await Promise.allSettled([
      openStore(settings.databaseUrl === undefined ? { dataDir: folder.path } : { databaseUrl: settings.databaseUrl }, {
        onListenerError: (error) => log.error({ err: error }, 'A listener failed'),
      }),
      startTemporal(settings, folder.path, log),
    ]);
    if (started.status === 'fulfilled') {
      stops.push(() => started.value.stop());
    }
    if (opened.status === 'fulfilled') {
      stops.push(() => opened.value.close());
    }
    const store = valueOf(opened);
    const temporal = valueOf(started);

    const admin = await openAdmin(store, folder.path, settings.adminToken);
    const secretKey = settings.secretKey ?? secretKeyIn(folder);
    const url = await serve({ settings, secretKey, log, store, temporal, stops });
    return { url, ...admin, store, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Parts {
  settings: Settings;
  secretKey: string;
  log: Logger;
  store: Store;
  temporal: Temporal;
  /** What is to be ended, last first. */
  stops: (() => Promise<void> | void)[];
}

async function serve({ settings, secretKey, log, store, temporal, stops }: Parts): Promise<string> {
  // First of all: a port that is taken ends the start before anything has to be undone.
  const door = await openDoor(settings);
  stops.push(() => door.close());

  const connection = Connection.lazy(temporal.connection);
  stops.push(() => connection.close());
  const client = new Client({ connection, namespace: temporal.namespace });
  const secretBox = createSecretBox(secretKey);
  const policy = createAddressPolicy(settings.allowPrivateTargets);
  const publicUrl = settings.publicUrl ?? door.url;
  const callbackTokens = createCallbackTokens(secretKey);
  const callbackUrlOf = (key: string) => `${publicUrl}${callbackPath(callbackTokens.tokenOf(key))}`;
  const services = serviceTarget({ secretBox, policy, callbackUrlOf, now: Date.now });
  const mailer = mailerFrom(settings);
  stops.push(() => mailer.close());
  const registry = new Registry();
  const counters = repairCounters(registry);
  const worker = startWorker({
    ...temporal,
    store,
    services,
    steps: { http: { policy, now: Date.now }, mailer, secretBox },
    revertWaitMs: settings.revertWaitMs,
    log,
    onUp: () => void watch.look(),
    onDivergence: divergenceLog(log, counters),
  });
  stops.push(() => worker.stop());
  const probes = {
    store: async () => {
      await store.read.selectFrom('installation').select('id').executeTakeFirst();
    },
    temporal: async () => {
      await connection.withDeadline(Date.now() + 1_000, () => connection.workflowService.getSystemInfo({}));
    },
    worker: () => worker.probe(),
  };
  const watch = new EngineWatch({ ...probes, now: Date.now });
  stops.push(() => watch.stop());
  const dispatcher = new Dispatcher({
    store,
    engine: temporalEngine(client, store.installationId, watch),
    log,
    now: Date.now,
    onMissing: (releaseId) => reconciler.lookAt(releaseId),
  });
  stops.push(() => dispatcher.stop());
  const notifier = createNotifier({ secretBox, mailer, policy, publicUrl, now: Date.now });
  const sender = new DeliverySender({ store, notifier, log, now: Date.now });
  stops.push(() => sender.stop());
  const view = temporalView(client, store.installationId, watch);
  const reconciler = new Reconciler({ store, view, watch, counters, log, now: Date.now });
  stops.push(() => reconciler.stop());

  stops.push(logChainHeads(store, log));
  const flagImage = new FlagImage();
  const flagFollower = await FlagFollower.start(store, flagImage, (error) =>
    log.error({ err: error }, 'The flags of an environment could not be read'),
  );
  stops.push(() => flagFollower.stop());
  // Known before the first client asks: by then the store may be down (FLG-6).
  const keyRing = createKeyRing(store);
  await keyRing.ready();

  const shutdown = new AbortController();
  const deps: Deps = {
    store,
    now: Date.now,
    log,
    registry,
    authenticator: createAuthenticator(store, Date.now),
    keyRing,
    secretBox,
    callbackTokens,
    outcomes: new OutcomeWaiters(store),
    engine: watch,
    flagImage,
    flagFollower,
    endpointFault: (url) => faultOfUrl(url, policy),
    probes,
    settings: {
      corsOrigins: settings.corsOrigins === '*' ? ['*'] : settings.corsOrigins,
      trustProxy: Array.isArray(settings.trustProxy) ? settings.trustProxy.join(',') : settings.trustProxy,
      publicUrl,
      limits: DEFAULT_LIMITS,
      checkAnswers: false,
    },
    shutdown: shutdown.signal,
  };
  door.answerWith(createApp(deps, routes(deps)));
  // Closed first when the service stops: what is under way still has all it needs.
  stops.push(() => {
    shutdown.abort();
    return door.close();
  });
  return door.url;
}

/** Where requests come in. */
interface Door {
  url: string;
  answerWith(app: RequestListener): void;
  /** Finishes what is under way; repeating it is fine. */
  close(): Promise<void>;
}

async function openDoor({ host, port }: Settings): Promise<Door> {
  let app: RequestListener = (_request, response) => {
    response.writeHead(503, { 'retry-after': '1' }).end();
  };
  const server = createHttpServer((request, response) => app(request, response));
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(
      code === 'EADDRINUSE'
        ? `SLUICE_PORT ${port} is taken: another program listens on ${host}:${port}`
        : `SLUICE_HOST ${host} and SLUICE_PORT ${port} cannot be listened on (${code ?? String(error)})`,
      { cause: error },
    );
  }
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    answerWith: (listener) => {
      app = listener;
    },
    close: () => (server.listening ? closeHttpServer(server, CLOSE_GRACE_MS) : Promise.resolve()),
  };
}

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') {
    throw settled.reason;
  }
  return settled.value;
}
