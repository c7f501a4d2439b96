/** What has changed in the store, told inside this process once it is committed. Hints: the store is what counts. */
export type Notice =
  /** An action's outcome can be read (REL-25). */
  | { kind: 'action-decided'; actionId: string }
  /** Events up to this position can be read; commits may be told in another order, so take the largest. */
  | { kind: 'events'; upTo: number }
  /** What clients of these environments see has changed (FLG-3). */
  | { kind: 'flags-changed'; environmentIds: string[] }
  /** Something of this release waits for delivery to Temporal. */
  | { kind: 'work'; releaseId: string }
  /** Notifications wait to be sent (NOT-1). */
  | { kind: 'deliveries' };

export type NoticeListener = (notice: Notice) => void;

/** Who listens to what. Listeners run synchronously, in the order in which they came. */
export class Notices {
  readonly #listeners = new Set<NoticeListener>();
  readonly #onListenerError: (error: unknown) => void;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  /** Adds a listener; the function it returns removes it. A listener that throws disturbs neither writer nor others. */
  on(listener: NoticeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  emit(notice: Notice): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(notice);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}
