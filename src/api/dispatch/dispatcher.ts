import type { Logger } from 'pino';

import { markDelivered, type Delivered } from '../../store/dispatch/mark-delivered';
import { releasesToDeliver, undeliveredOf, type Undelivered } from '../../store/dispatch/undelivered';
import type { Store } from '../../store/store';
import type { Engine } from './engine';

/** What the dispatcher works with. */
export interface DispatcherOptions {
  store: Store;
  engine: Engine;
  log: Logger;
  /** Epoch ms. */
  now: () => number;
  /** Told of a live release of which no workflow runs, so that it is looked into at once (REL-33). */
  onMissing?: (releaseId: string) => void;
}

/** First and longest pause after Temporal did not answer. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** How often the store is asked by itself: what was accepted before a crash has nobody to announce it. */
const SWEEP_MS = 5_000;
const SWEEP_LIMIT = 500;
/**
 * When it is noted what was told. A workflow that runs has answered long before, and its answer says that it was told:
 * noting it at once would take the disk from the very recording that somebody waits for.
 */
const NOTE_AFTER_MS = 1_000;
/** Releases told at the same time; one release's messages are told one after the other. */
const CONCURRENCY = 16;

/**
 * Brings to Temporal what the store has accepted: starts, actions, ended holds. Sends only what is undelivered, in
 * order per release, again and again until Temporal has it (INV-1); a caller's request never waits for it.
 */
export class Dispatcher {
  private readonly waiting = new Set<string>();
  private readonly underWay = new Map<string, Promise<void>>();
  /** Told, and not yet noted in the store. */
  private told: Delivered[] = [];
  private noting: NodeJS.Timeout | null = null;
  private readonly stopListening: () => void;
  private readonly sweeper: NodeJS.Timeout;
  private pauseMs = 0;
  private resume: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(private readonly options: DispatcherOptions) {
    this.stopListening = options.store.notices.on((notice) => {
      if (notice.kind === 'work') {
        this.deliver(notice.releaseId);
      }
    });
    this.sweeper = setInterval(() => void this.sweep(), SWEEP_MS);
    void this.sweep();
  }

  /** Ends listening and waits for what is being sent. What is not sent stays in the store. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.stopListening();
    clearInterval(this.sweeper);
    if (this.resume) {
      clearTimeout(this.resume);
    }
    await Promise.allSettled(this.underWay.values());
    await this.note();
  }

  private deliver(releaseId: string): void {
    this.waiting.add(releaseId);
    this.pump();
  }

  private async sweep(): Promise<void> {
    try {
      for (const releaseId of await releasesToDeliver(this.options.store, SWEEP_LIMIT)) {
        this.deliver(releaseId);
      }
    } catch (error) {
      this.options.log.warn({ err: error }, 'The store could not be asked what is undelivered');
    }
  }

  private pump(): void {
    if (this.stopped || this.resume) {
      return;
    }
    for (const releaseId of this.waiting) {
      if (this.underWay.size >= CONCURRENCY) {
        return;
      }
      if (this.underWay.has(releaseId)) {
        continue;
      }
      this.waiting.delete(releaseId);
      const sent = this.send(releaseId)
        .then(() => {
          this.pauseMs = 0;
        })
        .catch((error: unknown) => {
          this.waiting.add(releaseId);
          this.backOff(error);
        })
        .finally(() => {
          this.underWay.delete(releaseId);
          this.pump();
        });
      this.underWay.set(releaseId, sent);
    }
  }

  private async send(releaseId: string): Promise<void> {
    const { store, engine, now, log, onMissing } = this.options;
    const undelivered = await undeliveredOf(store, releaseId);
    if (!undelivered) {
      return;
    }
    const { epoch, start, actions, wake } = this.untold(undelivered);
    if (!start && actions.length === 0 && wake === 0) {
      return;
    }
    if (start) {
      await engine.start({ release: releaseId, epoch });
    }
    // A workflow that has just started reads undecided actions with its claim; being told twice does no harm.
    const told = actions.length === 0 || (await engine.tellActions(releaseId, actions));
    const woken = wake === 0 || (await engine.tellHoldsChanged(releaseId));
    if (!told || !woken) {
      log.warn({ release: releaseId }, 'Temporal has no running workflow for a live release');
      onMissing?.(releaseId);
    }
    this.told.push({
      releaseId,
      epoch,
      start,
      actions: told ? actions.map((action) => action.id) : [],
      wake: woken ? wake : 0,
      at: now(),
    });
    if (wake > 0) {
      // No answer says that a workflow was woken, and waking it again is not free.
      await this.note();
    } else {
      this.noting ??= setTimeout(() => void this.note(), NOTE_AFTER_MS);
    }
  }

  /** What is left of the undelivered without what was told and not yet noted. */
  private untold(undelivered: Undelivered): Undelivered {
    const { releaseId, epoch, start, actions } = undelivered;
    const told = this.told.filter((each) => each.releaseId === releaseId && each.epoch === epoch);
    const toldActions = new Set(told.flatMap((each) => each.actions));
    return {
      ...undelivered,
      start: start && !told.some((each) => each.start),
      actions: actions.some(({ id }) => !toldActions.has(id)) ? actions : [],
    };
  }

  /** Notes all that was told. What cannot be noted is told again by the next sweep, which does no harm. */
  private async note(): Promise<void> {
    if (this.noting) {
      clearTimeout(this.noting);
      this.noting = null;
    }
    const told = [...this.told];
    if (told.length === 0) {
      return;
    }
    try {
      await markDelivered(this.options.store, ...told);
    } catch (error) {
      this.options.log.warn({ err: error }, 'What Temporal was told could not be noted');
    }
    this.told = this.told.filter((each) => !told.includes(each));
  }

  /** One pause for all: when Temporal does not answer one message it will not answer the next. */
  private backOff(error: unknown): void {
    if (this.resume || this.stopped) {
      return;
    }
    this.pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.pauseMs * 2));
    this.options.log.warn({ err: error, pauseMs: this.pauseMs }, 'Temporal did not take a message; trying again');
    this.resume = setTimeout(() => {
      this.resume = null;
      this.pump();
    }, this.pauseMs);
  }
}
