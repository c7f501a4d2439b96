import type { Logger } from 'pino';

import { MINUTE, SECOND, type Instant } from '../domain/instant';
import { deliveryRetryDelayMs } from '../domain/retry';
import { claimDelivery, type DeliveryToSend } from '../store/notifications/claim-delivery';
import { dueDeliveries, type DueDelivery } from '../store/notifications/due-deliveries';
import { endTry, type TryOutcome } from '../store/notifications/end-try';
import type { Store } from '../store/store';
import type { Notifier, SendOutcome } from './notifier';

/** What the sender works with. */
export interface DeliverySenderOptions {
  store: Store;
  notifier: Notifier;
  log: Logger;
  now: () => Instant;
  times?: Partial<DeliverySenderTimes>;
}

export interface DeliverySenderTimes {
  /** How long one webhook may take. */
  webhookMs: number;
  /** How long one mail may take. */
  mailMs: number;
  /** How long after that a try counts as lost, and the delivery is anybody's. */
  marginMs: number;
  /** How often the store is asked by itself: what another process wrote has nobody to announce it here. */
  sweepMs: number;
  /** How long a stop waits for what is under way. */
  stopMs: number;
}

const TIMES: DeliverySenderTimes = {
  webhookMs: 10 * SECOND,
  mailMs: 1 * MINUTE,
  marginMs: 30 * SECOND,
  sweepMs: 10 * SECOND,
  stopMs: 5 * SECOND,
};

/** Webhooks under way at a time, one to each receiver. */
const WEBHOOKS_AT_ONCE = 8;
/** Of these, to receivers that did not answer the last time, or slowly: the others' turn comes whatever they do. */
const TROUBLED_AT_ONCE = 4;
const SLOW_MS = 2 * SECOND;
/** Mails under way at a time: they all go to one server. */
const MAILS_AT_ONCE = 4;
/** Read of each receiver at once. */
const OF_EACH = 50;
/** At least this long between two looks that nobody asked for. */
const LEAST_PAUSE_MS = 50;

/**
 * Sends what is queued (NOT-1): each delivery at least once, again and again for a day, then it counts as failed.
 * Nobody waits for it. A delivery is taken in one transaction, sent outside of any, and what came of it is noted in
 * another; who dies between leaves it to be sent again, under the same id, once its time has passed.
 */
export class DeliverySender {
  private readonly times: DeliverySenderTimes;
  /** Found due, and not begun. */
  private waiting: DueDelivery[] = [];
  private readonly underWay = new Map<string, { due: DueDelivery; ended: Promise<void> }>();
  /** Receivers whose last send broke, or took long. */
  private readonly troubled = new Set<string>();
  private readonly stopListening: () => void;
  private looking: Promise<void> | null = null;
  private lookAgain = false;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(private readonly options: DeliverySenderOptions) {
    this.times = { ...TIMES, ...options.times };
    this.stopListening = options.store.notices.on((notice) => {
      if (notice.kind === 'deliveries') {
        this.look();
      }
    });
    this.look();
  }

  /** Begins nothing more and waits a little for what is under way; what is left is sent again, later or elsewhere. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.stopListening();
    if (this.timer) {
      clearTimeout(this.timer);
    }
    let patience: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, this.times.stopMs);
    });
    const all = Promise.all([this.looking, ...[...this.underWay.values()].map(({ ended }) => ended)]);
    await Promise.race([all, enough]);
    clearTimeout(patience);
  }

  /** Reads what is due, soon: one look at a time, and one more for what came during it. */
  private look(): void {
    if (this.stopped || this.looking) {
      this.lookAgain = true;
      return;
    }
    this.lookAgain = false;
    this.looking = this.read().finally(() => {
      this.looking = null;
      if (this.lookAgain) {
        this.look();
      }
    });
  }

  private async read(): Promise<void> {
    const { store, now, log } = this.options;
    let nextAt: Instant | null = null;
    try {
      const found = await dueDeliveries(store, now(), OF_EACH);
      nextAt = found.nextAt;
      this.waiting = found.due.filter(({ id }) => !this.underWay.has(id));
    } catch (error) {
      log.warn({ err: error }, 'The store could not be asked what is to be sent');
    }
    this.lookAt(nextAt);
    this.pump();
  }

  private lookAt(nextAt: Instant | null): void {
    if (this.timer) {
      clearTimeout(this.timer);
    }
    if (this.stopped) {
      return;
    }
    const { sweepMs } = this.times;
    const pauseMs =
      nextAt === null ? sweepMs : Math.min(sweepMs, Math.max(LEAST_PAUSE_MS, nextAt - this.options.now()));
    this.timer = setTimeout(() => this.look(), pauseMs);
  }

  private pump(): void {
    if (this.stopped) {
      return;
    }
    this.waiting = this.waiting.filter((due) => {
      const begins = this.hasRoomFor(due);
      if (begins) {
        this.begin(due);
      }
      return !begins;
    });
  }

  private hasRoomFor({ channel, receiver }: DueDelivery): boolean {
    const all = [...this.underWay.values()].map(({ due }) => due).filter((due) => due.channel === channel);
    if (channel === 'email') {
      return all.length < MAILS_AT_ONCE;
    }
    if (all.length >= WEBHOOKS_AT_ONCE || all.some((due) => due.receiver === receiver)) {
      return false;
    }
    const troubled = all.filter((due) => this.troubled.has(due.receiver));
    return !this.troubled.has(receiver) || troubled.length < TROUBLED_AT_ONCE;
  }

  private begin(due: DueDelivery): void {
    const ended = this.deliver(due).then(
      () => this.goOnAfter(due),
      (error: unknown) => {
        // The store cannot be written: not for the next one either.
        this.options.log.warn({ err: error, delivery: due.id }, 'What becomes of a notification could not be noted');
        this.underWay.delete(due.id);
        this.waiting = [];
        this.lookAt(null);
      },
    );
    this.underWay.set(due.id, { due, ended });
  }

  private goOnAfter({ id, receiver }: DueDelivery): void {
    this.underWay.delete(id);
    if (this.waiting.some((due) => due.receiver === receiver)) {
      this.pump();
    } else {
      // There may be more of them than were read, and this one may be due again.
      this.look();
    }
  }

  private async deliver(due: DueDelivery): Promise<void> {
    const { store, notifier, now, log } = this.options;
    const { webhookMs, mailMs, marginMs } = this.times;
    const timeoutMs = due.channel === 'email' ? mailMs : webhookMs;
    const taken = await claimDelivery(store, due, now() + timeoutMs + marginMs);
    if (!taken) {
      return;
    }
    const begunAt = now();
    const sent = await this.send(notifier, taken, timeoutMs);
    this.troubled.delete(due.receiver);
    if (sent.kind === 'broken' || now() - begunAt > SLOW_MS) {
      this.troubled.add(due.receiver);
    }
    const outcome = outcomeOf(sent, taken.tries, now());
    const isNoted = await endTry(store, taken, outcome, now());
    if (isNoted && outcome.kind === 'failed') {
      // No address here: it is in the log of notifications, for those who may see it.
      const { notification, tries, to } = taken;
      const of = { notification: notification.id, delivery: due.id, channel: to.channel, tries };
      log.warn({ ...of, detail: outcome.detail }, 'A notification was not delivered');
    }
  }

  /** What is wrong with one notification itself keeps no other from being sent. */
  private async send(notifier: Notifier, taken: DeliveryToSend, timeoutMs: number): Promise<SendOutcome> {
    try {
      return await notifier(taken, timeoutMs);
    } catch (error) {
      this.options.log.error({ err: error, delivery: taken.id }, 'A notification could not be made');
      return { kind: 'broken', detail: 'It could not be made; the log says why', retryAfterMs: null };
    }
  }
}

function outcomeOf(sent: SendOutcome, tries: number, now: Instant): TryOutcome {
  switch (sent.kind) {
    case 'sent':
      return { kind: 'sent' };
    case 'refused':
      return { kind: 'failed', detail: sent.detail };
    case 'broken': {
      const delayMs = deliveryRetryDelayMs(tries, sent.retryAfterMs);
      return delayMs === null
        ? { kind: 'failed', detail: `Given up after ${tries} tries: ${sent.detail}` }
        : { kind: 'again', detail: sent.detail, nextAttemptAt: now + delayMs };
    }
  }
}
