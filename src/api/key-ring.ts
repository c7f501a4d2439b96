import { liveEvaluationKeys } from '../store/projects/live-evaluation-keys';
import { hashSecret } from '../store/secret-hash';
import type { Store } from '../store/store';
import type { EvaluationClient } from './caller';

/** The evaluation keys, in memory: flags are served while the store is down (FLG-6, INV-9). */
export interface KeyRing {
  /** Whom a key speaks for; null when it opens nothing. */
  find(key: string): Promise<EvaluationClient | null>;
  /** Whether a key still opens its environment, by id: for streams that began with it. */
  isLive(keyId: string): boolean;
  /** To be called after every write to keys, environments or projects; resolves when the new keys count. */
  reload(): Promise<void>;
}

export function createKeyRing(store: Pick<Store, 'read'>): KeyRing {
  let byHash = new Map<string, EvaluationClient>();
  let live = new Set<string>();
  let loaded: Promise<void> | null = null;

  const load = async () => {
    const keys = await liveEvaluationKeys(store.read);
    byHash = new Map(keys.map(({ keyHash, ...client }) => [keyHash, client]));
    live = new Set(keys.map((key) => key.keyId));
  };

  return {
    find: async (key) => {
      loaded ??= load();
      await loaded.catch((error: unknown) => {
        loaded = null;
        throw error;
      });
      return byHash.get(hashSecret(key)) ?? null;
    },
    isLive: (keyId) => live.has(keyId),
    reload: async () => {
      // One after the other, so that an older read never replaces a newer one.
      const next: Promise<void> = (loaded ?? Promise.resolve()).catch(() => undefined).then(load);
      loaded = next;
      await next;
    },
  };
}
