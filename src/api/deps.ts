import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { CallbackTokens } from '../store/callback-tokens';
import type { SecretBox } from '../store/secret-box';
import type { Store } from '../store/store';
import type { FlagFollower } from '../targets/flags/flag-follower';
import type { FlagImage } from '../targets/flags/flag-image';
import type { Authenticator } from './authenticate';
import type { EngineFacts } from './dispatch/engine-watch';
import type { KeyRing } from './key-ring';
import type { OutcomeWaiters } from './releases/outcome-waiters';
import type { ApiSettings } from './settings';

/** Parts of the service whose state `/readyz` tells (HTTP-8). */
export type Part = 'store' | 'temporal' | 'worker';

/** Resolves when the part works; rejects with what is wrong with it. */
export type Probe = () => Promise<void>;

/** Why a part does not work yet, as it is only starting: expected, and nothing for anybody to look into. */
export class PartStarting extends Error {}

/** What the API works with; an area adds what it needs. Built once, in main or in a test. */
export interface Deps {
  store: Store;
  /** Epoch ms. */
  now: () => number;
  log: Logger;
  registry: Registry;
  authenticator: Authenticator;
  keyRing: KeyRing;
  /** Under SLUICE_SECRET_KEY. */
  secretBox: SecretBox;
  /** Under the same key. */
  callbackTokens: CallbackTokens;
  outcomes: OutcomeWaiters;
  /** What is known of Temporal and the workers, without asking them. */
  engine: EngineFacts;
  /** What clients of flags are answered from. */
  flagImage: FlagImage;
  /** Keeps the image at the store's newest revision; whoever changed flags awaits `caughtUp` before answering. */
  flagFollower: FlagFollower;
  /**
   * Why an address may not be an endpoint, in half a sentence; null: it may. Asked when one is saved and no look-up can
   * help; what a name resolves to is judged each time it is connected to (WHK-2).
   */
  endpointFault: (url: string) => string | null;
  /** Parts this process depends on; one that is missing here is reported as not run by this process. */
  probes: Partial<Record<Part, Probe>>;
  settings: ApiSettings;
  /** Aborted when the service stops: streams end. */
  shutdown: AbortSignal;
}
