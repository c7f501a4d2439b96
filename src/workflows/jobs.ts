import type { JobEnd } from '../activities/roll-out';
import type { AcceptedAction, ReleaseState } from '../domain/release';
import type { FinishedJob, Job } from '../domain/roll-out';
import { asksFor, jobName, jobsOf } from '../domain/roll-out';

/**
 * The jobs of a release: what the position asks for is under way, once. One that stops by itself had something to be
 * decided first, and is begun again when that is decided and the position still asks for it.
 */
export class Jobs {
  private readonly underWay = new Set<string>();
  private readonly stoppedAfter = new Map<string, number>();
  private ended: FinishedJob[] = [];
  private broken: { error: unknown } | null = null;

  constructor(
    private readonly run: (job: Job) => Promise<JobEnd>,
    private readonly tell: (actions: readonly AcceptedAction[]) => void,
  ) {}

  /** Begins what the position asks for, and forgets what it no longer does. */
  follow(state: ReleaseState): void {
    if (this.broken) {
      throw this.broken.error;
    }
    this.ended = this.ended.filter(({ job }) => asksFor(state, job));
    for (const job of jobsOf(state)) {
      const name = jobName(job);
      const hasStopped = (this.stoppedAfter.get(name) ?? -1) >= state.decided;
      const hasEnded = this.ended.some((each) => jobName(each.job) === name);
      if (!this.underWay.has(name) && !hasEnded && !hasStopped) {
        this.begin(job, name, state.decided);
      }
    }
  }

  /** What has ended and is not recorded yet. */
  get finished(): readonly FinishedJob[] {
    return this.ended;
  }

  /** Whether there is something for the workflow to look at. */
  get hasNews(): boolean {
    return this.ended.length > 0 || this.broken !== null;
  }

  get isIdle(): boolean {
    return this.underWay.size === 0;
  }

  private begin(job: Job, name: string, decided: number): void {
    this.underWay.add(name);
    void this.run(job).then(
      ({ finished, actions }) => {
        this.underWay.delete(name);
        if (finished) {
          this.ended.push(finished);
        } else {
          this.stoppedAfter.set(name, decided);
        }
        this.tell(actions);
      },
      (error: unknown) => {
        this.broken = { error };
      },
    );
  }
}
