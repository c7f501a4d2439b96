import { loadServedFlags, type ServedFlags } from '../../store/flags/load-served-flags';
import type { Store } from '../../store/store';
import type { FlagImage } from './flag-image';

/** Told when an environment's answers have changed, or that it is gone. */
export type FlagListener = (environmentId: string) => void;

/** How long a store that does not answer is left alone before it is asked again. */
const RETRY_MS = 1_000;

/**
 * Keeps the image of the flags at the store's newest revision: all environments at the start, then whatever a commit
 * changed. While the store is down the image stays as it is and is served (FLG-6, INV-9).
 */
export class FlagFollower {
  private readonly loaded = new Map<string, ServedFlags>();
  private readonly pending = new Map<string, Promise<void>>();
  private readonly again = new Set<string>();
  private readonly listeners = new Set<FlagListener>();
  private readonly retries = new Set<NodeJS.Timeout>();
  private readonly stopListening: () => void;
  private stopped = false;

  private constructor(
    private readonly store: Store,
    private readonly image: FlagImage,
    private readonly onError: (error: unknown) => void,
  ) {
    this.stopListening = store.notices.on((notice) => {
      if (notice.kind === 'flags-changed') {
        for (const environmentId of notice.environmentIds) {
          this.follow(environmentId);
        }
      }
    });
  }

  /** Loads every environment; resolves when all can be served. */
  static async start(store: Store, image: FlagImage, onError: (error: unknown) => void): Promise<FlagFollower> {
    const follower = new FlagFollower(store, image, onError);
    const environments = await store.read
      .selectFrom('environments')
      .where('deletedAt', 'is', null)
      .select('id')
      .execute();
    for (const { id } of environments) {
      follower.follow(id);
    }
    await follower.caughtUp();
    return follower;
  }

  /**
   * Resolves when everything that was committed before the call is served: whoever is answered after it reads their own
   * write. A store that fails meanwhile does not keep anybody waiting.
   */
  async caughtUp(): Promise<void> {
    await Promise.all(this.pending.values());
  }

  /** Adds a listener; the function returned removes it. */
  on(listener: FlagListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  stop(): void {
    this.stopped = true;
    this.stopListening();
    for (const retry of this.retries) {
      clearTimeout(retry);
    }
  }

  /** One load at a time per environment; a change during a load brings another one. */
  private follow(environmentId: string): void {
    if (this.stopped) {
      return;
    }
    if (this.pending.has(environmentId)) {
      this.again.add(environmentId);
      return;
    }
    this.pending.set(environmentId, this.load(environmentId));
  }

  private async load(environmentId: string): Promise<void> {
    do {
      this.again.delete(environmentId);
      try {
        await this.loadOnce(environmentId);
      } catch (error) {
        this.onError(error);
        this.retryLater(environmentId);
        break;
      }
    } while (this.again.has(environmentId));
    // In the same breath as the look at `again`: a notice between the two would be taken for one that is still heard.
    this.pending.delete(environmentId);
  }

  private retryLater(environmentId: string): void {
    const retry = setTimeout(() => {
      this.retries.delete(retry);
      this.follow(environmentId);
    }, RETRY_MS);
    this.retries.add(retry);
  }

  private async loadOnce(environmentId: string): Promise<void> {
    const previous = this.loaded.get(environmentId);
    const served = await loadServedFlags(this.store, environmentId, previous);
    if (!served) {
      this.loaded.delete(environmentId);
      this.image.forget(environmentId);
    } else if (served !== previous) {
      this.loaded.set(environmentId, served);
      this.image.replace(environmentId, served.revision, served.flags);
    }
    if (served !== previous) {
      for (const listener of this.listeners) {
        listener(environmentId);
      }
    }
  }
}
