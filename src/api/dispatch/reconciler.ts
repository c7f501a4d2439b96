import type { Logger } from 'pino';

import type { Instant } from '../../domain/instant';
import { startedRelease, startedReleases, type StartedRelease } from '../../store/dispatch/started-releases';
import { suspiciousReleases } from '../../store/dispatch/suspicious-releases';
import { repairRelease } from '../../store/releases/repair-release';
import type { Store } from '../../store/store';
import type { EngineRun, EngineView } from './engine-view';
import type { EngineWatch } from './engine-watch';
import { isBehind, judgePosition, judgeRun, type Asked, type Finding } from './judge-run';
import type { RepairCounters } from './repair-counters';

/** What the reconciler works with. */
export interface ReconcilerOptions {
  store: Store;
  view: EngineView;
  watch: EngineWatch;
  counters: RepairCounters;
  log: Logger;
  now: () => Instant;
  times?: Partial<ReconcilerTimes>;
}

export interface ReconcilerTimes {
  /** How often those are looked at that should have moved, and for how long they may not have. */
  quickMs: number;
  /** How often all are looked at. */
  sweepMs: number;
}

const TIMES: ReconcilerTimes = { quickMs: 5_000, sweepMs: 300_000 };
/** How many are looked at in a quick round, of how many that the store finds: some were looked at a moment ago. */
const QUICK_LIMIT = 50;
const QUICK_CANDIDATES = 500;
/** One that stays suspicious with nothing found is looked at more and more rarely, so that others get their turn. */
const LONGEST_PAUSE_MS = 60_000;
const PAGE = 200;
/** Looking must not be what keeps Temporal from its work. */
const CONCURRENCY = 4;
/** A workflow is given a few tries at what came last before it counts as failing: a worker may just have died. */
const FAILING_FROM_ATTEMPT = 3;

/** A release that was looked at and nothing was found. */
interface Looked {
  again: Instant;
  pauseMs: number;
  /** What it was behind, if it was. */
  behind: string | null;
}

/**
 * Compares live releases with Temporal, and starts those anew from the store whose workflow is missing, has ended, is an
 * older copy or ahead of the store (REL-33): all of them at start and every 5 minutes, from outside; every 5 seconds
 * those that should have moved, whose workflow is also asked where it is. A release is read before and after Temporal
 * is, and repaired in the epoch that was read, so that one that moved meanwhile is left alone.
 */
export class Reconciler {
  private readonly times: ReconcilerTimes;
  private readonly ticker: NodeJS.Timeout;
  private readonly looked = new Map<string, Looked>();
  private readonly underWay = new Map<string, Promise<unknown>>();
  private sweepAt = 0;
  private stopped = false;

  constructor(private readonly options: ReconcilerOptions) {
    this.times = { ...TIMES, ...options.times };
    this.ticker = setInterval(() => this.tick(), this.times.quickMs);
    this.tick();
  }

  /** Looks at a release at once: whoever calls has seen that no workflow of it runs. */
  lookAt(releaseId: string): void {
    this.once(`release ${releaseId}`, () => this.lookAtAll([releaseId], true));
  }

  /** Ends looking and waits for what is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.ticker);
    await Promise.all(this.underWay.values());
  }

  private tick(): void {
    this.once('quick', () => this.lookAtSuspicious());
    if (this.options.now() >= this.sweepAt) {
      this.once('sweep', () => this.sweep());
    }
  }

  private once(name: string, work: () => Promise<unknown>): void {
    if (this.stopped || this.underWay.has(name)) {
      return;
    }
    const done = work()
      .catch((error: unknown) => this.options.log.warn({ err: error }, 'Releases could not be compared with Temporal'))
      .finally(() => this.underWay.delete(name));
    this.underWay.set(name, done);
  }

  private async lookAtSuspicious(): Promise<void> {
    const { store, watch, now } = this.options;
    const found = await suspiciousReleases(store, now() - this.times.quickMs, QUICK_CANDIDATES);
    const suspicious = new Set(found);
    for (const id of this.looked.keys()) {
      if (!suspicious.has(id)) {
        this.looked.delete(id);
      }
    }
    const due = found.filter((id) => (this.looked.get(id)?.again ?? 0) <= now()).slice(0, QUICK_LIMIT);
    // Those that fail are looked at until they do not, whether they still should move or not.
    await this.lookAtAll([...new Set([...due, ...watch.failing().slice(0, QUICK_LIMIT)])], true);
  }

  /** Everything that was started; one that Temporal or the store breaks off is begun again in the next round. */
  private async sweep(): Promise<void> {
    const { store, now } = this.options;
    const startedAt = now();
    let after = '';
    for (;;) {
      const page = await startedReleases(store, after, PAGE);
      const last = page.at(-1);
      if (last === undefined) {
        break;
      }
      if (!(await this.lookAtAll(page, false))) {
        return;
      }
      after = last;
    }
    this.sweepAt = startedAt + this.times.sweepMs;
  }

  /** `false`: broken off, as somebody did not answer: they would not answer for the others either. */
  private async lookAtAll(ids: readonly string[], isSuspicious: boolean): Promise<boolean> {
    const rest = [...ids];
    let brokenOff = false;
    const lookOn = async (): Promise<void> => {
      for (let id = rest.shift(); id !== undefined && !brokenOff; id = rest.shift()) {
        if (this.stopped) {
          brokenOff = true;
          return;
        }
        try {
          await this.look(id, isSuspicious);
        } catch (error) {
          brokenOff = true;
          this.options.log.warn({ err: error, release: id }, 'A release could not be compared with Temporal');
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, lookOn));
    return !brokenOff;
  }

  private async look(releaseId: string, isSuspicious: boolean): Promise<void> {
    const { store, view, watch } = this.options;
    const before = await startedRelease(store, releaseId);
    if (!before) {
      watch.works(releaseId);
      return;
    }
    const run = await view.describe(releaseId);
    const isFailing = await this.noteFailure(releaseId, run);
    const after = await startedRelease(store, releaseId);
    if (after?.epoch !== before.epoch) {
      return;
    }
    const found = judgeRun(before, run);
    if (found) {
      await this.repair(after, run, found);
    } else if (run && !isFailing && watch.hasWorker && (isSuspicious || run.runId !== before.runId)) {
      await this.ask(before, run);
    }
  }

  /** Asks the workflow itself, as nothing is to be seen from outside. */
  private async ask(before: StartedRelease, run: EngineRun): Promise<void> {
    const { store, view } = this.options;
    const position = await view.positionOf(before.id, run.runId);
    const after = await startedRelease(store, before.id);
    if (after?.epoch !== before.epoch) {
      return;
    }
    const asked = position && { before, run, position, after };
    const found = asked && (judgePosition(asked) ?? this.behindTwice(asked));
    if (found) {
      await this.repair(after, run, found);
    } else {
      this.noteLooked(before.id, asked && isBehind(asked) ? placeOf(asked) : null);
    }
  }

  /** One that is behind may just be about to hear; the same again, a round later, will not (REL-33). */
  private behindTwice(asked: Asked): Finding | null {
    if (!isBehind(asked) || this.looked.get(asked.before.id)?.behind !== placeOf(asked)) {
      return null;
    }
    return { why: 'temporal-behind', detail: `The workflow does not hear of what is recorded: ${placeOf(asked)}` };
  }

  private noteLooked(id: string, behind: string | null): void {
    const { quickMs } = this.times;
    const known = this.looked.get(id);
    const pauseMs = behind !== null || !known ? quickMs : Math.min(LONGEST_PAUSE_MS, known.pauseMs * 2);
    // A little less than the rounds are apart, so that it is not this one's jitter that makes it miss one.
    this.looked.set(id, { again: this.options.now() + pauseMs - quickMs / 2, pauseMs, behind });
  }

  /** A workflow whose code throws is not repaired, since the next would throw, too: it is told of (REL-26). */
  private async noteFailure(releaseId: string, run: EngineRun | null): Promise<boolean> {
    const { view, watch, now } = this.options;
    if (!run?.isRunning || (run.attempt ?? 0) < FAILING_FROM_ATTEMPT) {
      watch.works(releaseId);
      return false;
    }
    const failure = await view.lastFailure(releaseId, run.runId);
    watch.fails(
      releaseId,
      failure ?? { since: now(), message: 'Its tasks are given up by the workers that take them' },
    );
    return true;
  }

  private async repair(release: StartedRelease, run: EngineRun | null, { why, detail }: Finding): Promise<void> {
    const { store, counters, watch, log, now } = this.options;
    const made = await store.write((unit) =>
      repairRelease(unit, {
        releaseId: release.id,
        epoch: Math.max(release.epoch, run?.epoch ?? 0),
        why,
        detail,
        by: null,
        reason: null,
        at: now(),
      }),
    );
    if (made === 'repaired') {
      this.looked.delete(release.id);
      watch.works(release.id);
      counters.repaired(why);
      log.warn({ release: release.id, why, detail }, 'A release goes on from the store in a new workflow');
    }
  }
}

function placeOf({ position, after }: Asked): string {
  return `step ${String(position.seq)} of ${after.seq}`;
}
