import { liveEvaluationKeys } from '../store/projects/live-evaluation-keys';
import { hashSecret } from '../store/secret-hash';
import type { Store } from '../store/store';
import type { EvaluationClient } from './caller';

/** The evaluation keys, in memory: flags are served while the store is down (FLG-6, INV-9). */
export interface KeyRing {
  /** Resolves as soon as keys are known at all; rejects when they never were and the store does not answer. */
  ready(): Promise<void>;
  /** Whom a key speaks for; null when it opens nothing. */
  find(key: string): Promise<EvaluationClient | null>;
  /** Whether a key still opens its environment, by id: for streams that began with it. `ready` comes first. */
  isLive(keyId: string): boolean;
  /** To be called after every write to keys, environments or projects; resolves when the new keys count. */
  reload(): Promise<void>;
}

export function createKeyRing(store: Pick<Store, 'read'>): KeyRing {
  let byHash: Map<string, EvaluationClient> | null = null;
  let live = new Set<string>();
  let last: Promise<void> = Promise.resolve();
  let retrying: Promise<void> | null = null;
  /** Something may have changed since the last time the keys were read. */
  let isStale = true;

  const load = async () => {
    const keys = await liveEvaluationKeys(store.read);
    byHash = new Map(keys.map(({ keyHash, ...client }) => [keyHash, client]));
    live = new Set(keys.map((key) => key.keyId));
  };

  const reload = async () => {
    isStale = true;
    // One after the other, so that an older read never replaces a newer one.
    const next: Promise<void> = last.catch(() => undefined).then(load);
    last = next;
    await next;
    if (last === next) {
      isStale = false;
    }
  };

  const ready = async () => {
    if (!isStale) {
      return;
    }
    retrying ??= reload().finally(() => {
      retrying = null;
    });
    if (byHash === null) {
      await retrying;
    } else {
      // What is known goes on being served while the store is asked again.
      retrying.catch(() => undefined);
    }
  };

  return {
    ready,
    find: async (key) => {
      await ready();
      return byHash?.get(hashSecret(key)) ?? null;
    },
    isLive: (keyId) => {
      if (byHash !== null) {
        void ready();
      }
      return live.has(keyId);
    },
    reload,
  };
}
