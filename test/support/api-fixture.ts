import { FlagFollower } from '../../src/targets/flags/flag-follower';
import { FlagImage } from '../../src/targets/flags/flag-image';
import { OutcomeWaiters } from '../../src/api/releases/outcome-waiters';
import type { RequestListener } from 'node:http';
import { Registry } from 'prom-client';
import { createAuthenticator } from '../../src/api/authenticate';
import type { Deps } from '../../src/api/deps';
import { createKeyRing } from '../../src/api/key-ring';
import { createLog } from '../../src/api/log';
import { routes } from '../../src/api/routes';
import { createApp } from '../../src/api/server';
import { createCallbackTokens } from '../../src/store/callback-tokens';
import { createSecretBox } from '../../src/store/secret-box';
import { openStore } from '../../src/store/store';
import { ensureAdmin } from '../../src/store/users/ensure-admin';
import { createAddressPolicy, faultOfUrl } from '../../src/targets/http/address-policy';
import { removeDir, tempDir } from './temp-dir';

export const ADMIN_TOKEN = 'an-administrator-token-for-tests-only';

const WIDE = { perSecond: 100_000, burst: 100_000 };

/** As many requests as a test can send: a fast machine is not to meet the limits where they are not the subject. */
export const WIDE_LIMITS = { token: WIDE, evaluation: WIDE, anonymous: WIDE };

/** The real application over a real SQLite store in a folder of its own; no Temporal. */
export interface ApiFixture {
  app: RequestListener;
  deps: Deps;
  /** What was logged, line by line. */
  logged: string[];
  close(): Promise<void>;
}

/** Starts one; `overrides` replace single dependencies. Every answer is checked against its schema. */
export async function startApi(overrides: Partial<Deps> = {}): Promise<ApiFixture> {
  const dataDir = tempDir();
  const store = await openStore({ dataDir });
  const now = overrides.now ?? Date.now;
  const stopping = new AbortController();
  const logged: string[] = [];
  await ensureAdmin(store, { adminToken: ADMIN_TOKEN, now: now() });

  const flagImage = new FlagImage();
  const flagFollower = await FlagFollower.start(store, flagImage, (error) => {
    throw error;
  });
  const deps: Deps = {
    store,
    now,
    log: createLog('debug', { write: (line: string) => void logged.push(line) }),
    registry: new Registry(),
    authenticator: createAuthenticator(store, now),
    keyRing: createKeyRing(store),
    outcomes: new OutcomeWaiters(store),
    engine: { troubleOf: () => null },
    flagImage,
    flagFollower,
    endpointFault: (url) => faultOfUrl(url, createAddressPolicy([])),
    secretBox: createSecretBox('a-key-for-tests-of-at-least-32-characters'),
    callbackTokens: createCallbackTokens('a-key-for-tests-of-at-least-32-characters'),
    probes: { store: () => Promise.resolve() },
    settings: {
      corsOrigins: ['https://app.example.com'],
      trustProxy: false,
      publicUrl: 'http://127.0.0.1:8700',
      limits: WIDE_LIMITS,
      checkAnswers: true,
    },
    shutdown: stopping.signal,
    ...overrides,
  };
  return {
    app: createApp(deps, routes(deps)),
    deps,
    logged,
    close: async () => {
      stopping.abort();
      await store.close();
      removeDir(dataDir);
    },
  };
}
