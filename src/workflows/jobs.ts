import type { JobEnd } from '../activities/roll-out';
import type { AcceptedAction } from '../domain/accepted-action';
import type { Instant } from '../domain/instant';
import { SECOND } from '../domain/instant';
import type { ReleaseState } from '../domain/release';
import type { FinishedJob, Job } from '../domain/roll-out';
import { asksFor, jobName, jobsOf } from '../domain/roll-out';

/** Why a job that has stopped by itself is not begun again at once. */
interface Stop {
  /** Number of the last action that was decided when it was begun: it is begun again when another one is. */
  decided: number;
  /** Or at this time; infinite: not by itself. */
  until: Instant;
}

/** One that is told to wait until a time that has come by this clock and not by the other is not asked without a break. */
const SHORTEST_STOP_MS = SECOND;

/**
 * The jobs of a release: what the position asks for is under way, once. One that stops by itself had something to be
 * decided first, or waits for a callback, and is begun again when something is decided, or that time has come, and the
 * position still asks for it.
 */
export class Jobs {
  private readonly underWay = new Set<string>();
  private readonly stops = new Map<string, Stop>();
  private ended: FinishedJob[] = [];
  /** As `follow` was told last. */
  private asked: { names: ReadonlySet<string>; decided: number } = { names: new Set(), decided: 0 };
  /** One has stopped that is to be waited for, or begun again at once. */
  private hasStopped = false;
  private broken: { error: unknown } | null = null;

  constructor(
    private readonly run: (job: Job) => Promise<JobEnd>,
    private readonly tell: (actions: readonly AcceptedAction[]) => void,
  ) {}

  /**
   * Begins what the position asks for, and forgets what it no longer does. Returns when it is to be called again by then;
   * null: not before something happens.
   */
  follow(state: ReleaseState, now: Instant): Instant | null {
    if (this.broken) {
      throw this.broken.error;
    }
    this.ended = this.ended.filter(({ job }) => asksFor(state, job));
    this.hasStopped = false;
    const jobs = jobsOf(state);
    this.asked = { names: new Set(jobs.map(jobName)), decided: state.decided };
    let resumesAt = Infinity;
    for (const job of jobs) {
      const name = jobName(job);
      const stop = this.stops.get(name);
      const hasStopped = stop !== undefined && stop.decided >= state.decided && stop.until > now;
      const hasEnded = this.ended.some((each) => jobName(each.job) === name);
      if (!this.underWay.has(name) && !hasEnded && !hasStopped) {
        this.begin(job, name, state.decided);
      } else if (hasStopped && !hasEnded) {
        resumesAt = Math.min(resumesAt, stop.until);
      }
    }
    return Number.isFinite(resumesAt) ? resumesAt : null;
  }

  /** What has ended and is not recorded yet. */
  get finished(): readonly FinishedJob[] {
    return this.ended;
  }

  /** Whether there is something for the workflow to look at. */
  get hasNews(): boolean {
    return this.ended.length > 0 || this.hasStopped || this.broken !== null;
  }

  get isIdle(): boolean {
    return this.underWay.size === 0;
  }

  private begin(job: Job, name: string, decided: number): void {
    this.underWay.add(name);
    void this.run(job).then(
      ({ finished, actions, awaitedUntil }) => {
        this.underWay.delete(name);
        this.stops.delete(name);
        if (finished) {
          this.ended.push(finished);
        } else {
          const until = awaitedUntil === undefined ? Infinity : Math.max(awaitedUntil, Date.now() + SHORTEST_STOP_MS);
          this.stops.set(name, { decided, until });
          // What it waits for may have been decided while its word was on its way; then nothing else calls.
          this.hasStopped ||=
            this.asked.names.has(name) && (awaitedUntil !== undefined || this.asked.decided > decided);
        }
        this.tell(actions);
      },
      (error: unknown) => {
        this.broken = { error };
      },
    );
  }
}
