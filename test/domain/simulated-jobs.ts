import type { AcceptedAction } from '../../src/domain/accepted-action';
import type { Instant } from '../../src/domain/instant';
import type { ReleaseState } from '../../src/domain/release';
import type { ReleaseEvent } from '../../src/domain/release-event';
import type { ReleasePlan } from '../../src/domain/release-plan';
import type { FinishedJob, Job, RevertJob, RollOutJob, StepJob } from '../../src/domain/roll-out';
import { asksFor, attemptOf, deploymentOf, itemsDue, jobName, jobsOf, touchOf } from '../../src/domain/roll-out';

/**
 * What a target says to what it was sent; `silent`: nothing yet. Of a condition `done` means that it holds, `refused`
 * that it does not, and `broken` that it could not be evaluated.
 */
export type TargetAnswer = 'done' | 'refused' | 'broken' | 'drifted' | 'silent';

/** Something that was sent to a target under one key (WHK-3), once or again and again. */
export interface SimulatedEffect {
  key: string;
  direction: 'apply' | 'revert' | StepJob['kind'];
  /** Or the step's name. */
  service: string;
  environment: string;
  phase: number;
  attempt: number;
  try: number;
  /** How often it was sent. */
  sends: number;
  status: 'under-way' | 'done' | 'failed' | 'drifted' | 'given-up';
  errored: boolean;
  endedAt: Instant | null;
}

/** What jobs see of the release. */
export interface JobSurroundings {
  plan: ReleasePlan;
  position: () => ReleaseState;
  now: () => Instant;
  /** Accepted actions that are not decided. */
  undecided: () => AcceptedAction[];
  /** Records facts between two steps of the workflow. */
  record: (facts: ReleaseEvent[]) => void;
  /** The workflow hears of actions. */
  tell: (actions: AcceptedAction[]) => void;
}

interface RunningJob {
  job: Job;
  /** The last decided action when it was begun. */
  since: number;
  /** Key of what was sent and is not answered. */
  sending: string | null;
}

/**
 * The jobs of a release and what the store remembers of them, in their simplest form: each turn is one transaction or one
 * answer. A worker that dies takes the jobs with it and leaves what is stored.
 */
export class SimulatedJobs {
  /** How far the clock is ahead that tells when a job has ended. */
  clockAheadMs = 0;
  readonly effects = new Map<string, SimulatedEffect>();
  private readonly running = new Map<string, RunningJob>();
  private readonly stoppedAfter = new Map<string, number>();
  private ended: FinishedJob[] = [];
  /** All that have ever ended. */
  private readonly told: FinishedJob[] = [];
  private again: FinishedJob[] = [];

  constructor(private readonly around: JobSurroundings) {}

  /** What has ended and is not recorded yet. */
  get finished(): readonly FinishedJob[] {
    return [...this.ended, ...this.again];
  }

  /** The workflow hears once more of one of those that have ended, whether or not it still asks for it. */
  tellAgain(pick: number): void {
    const one = this.told[pick % Math.max(1, this.told.length)];
    this.again = one ? [one] : [];
  }

  /** The workflow has gone on with what it was told. */
  recorded(): void {
    this.again = [];
  }

  get underWay(): Job[] {
    return [...this.running.values()].map(({ job }) => job);
  }

  /** What was sent and has not come to its end, whoever waits for it. */
  get unanswered(): SimulatedEffect[] {
    return [...this.effects.values()].filter(({ status }) => status === 'under-way');
  }

  /** The workflow begins what the position asks for, and forgets what it no longer does. */
  follow(state: ReleaseState): void {
    this.ended = this.ended.filter(({ job }) => asksFor(state, job));
    for (const job of jobsOf(state)) {
      const name = jobName(job);
      const hasStopped = (this.stoppedAfter.get(name) ?? -1) >= state.decided;
      if (!this.running.has(name) && !hasStopped && !this.ended.some((end) => jobName(end.job) === name)) {
        this.running.set(name, { job, since: state.decided, sending: null });
      }
    }
  }

  /** The worker dies. */
  forget(): void {
    this.running.clear();
    this.stoppedAfter.clear();
    this.ended = [];
    this.again = [];
    // Nobody stores what an expression gives before it is decided with: it is evaluated anew.
    [...this.effects.values()]
      .filter(({ direction }) => direction === 'condition')
      .forEach(({ key }) => this.effects.delete(key));
  }

  /** A job does one thing: it begins its next item, or hears of the one that it has sent. False: it got nowhere. */
  turn(wanted: Job, answers: (effect: SimulatedEffect) => TargetAnswer): boolean {
    const running = this.running.get(jobName(wanted));
    if (!running) {
      throw new Error(`${jobName(wanted)} is not under way`);
    }
    const sent = running.sending === null ? undefined : this.effects.get(running.sending);
    if (sent) {
      const answer = answers(sent);
      this.answer(sent.key, answer);
      running.sending = answer === 'silent' ? running.sending : null;
      const isAnswered = sent.status !== 'under-way';
      if (isAnswered) {
        this.goOn(running);
      }
      return isAnswered;
    }
    this.goOn(running);
    return true;
  }

  /** An answer arrives, whether or not somebody waits for it: one that was given up stays so. */
  answer(key: string, answer: TargetAnswer): void {
    const effect = this.effects.get(key);
    if (effect?.status !== 'under-way' || answer === 'silent') {
      return;
    }
    const { phase, environment, service, direction } = effect;
    const at = this.now();
    if (direction === 'revert') {
      if (answer === 'done' || answer === 'drifted') {
        Object.assign(effect, { status: answer, endedAt: at });
      }
      return;
    }
    const isDone = answer === 'done';
    Object.assign(effect, { status: isDone ? 'done' : 'failed', errored: answer === 'broken', endedAt: at });
    if (direction !== 'apply') {
      return;
    }
    this.around.record([
      isDone
        ? { type: 'service-applied', at, phase, environment, service }
        : { type: 'service-apply-failed', at, phase, environment, service, detail: answer },
    ]);
  }

  /** What is not asked for any more once these events are recorded. */
  giveUp(events: readonly ReleaseEvent[]): void {
    for (const event of events) {
      this.unanswered.forEach((effect) => {
        const isGivenUp =
          (event.type === 'release-aborting' && effect.direction !== 'revert') ||
          (event.type === 'drift-accepted' &&
            event.service === effect.service &&
            event.environment === effect.environment);
        effect.status = isGivenUp ? 'given-up' : effect.status;
      });
    }
  }

  private now(): Instant {
    return Math.max(this.around.now(), this.around.position().lastAt);
  }

  private goOn(running: RunningJob): void {
    const { job } = running;
    switch (job.kind) {
      case 'roll-out':
        this.apply(running, job);
        return;
      case 'revert':
        this.revert(running, job);
        return;
      default:
        this.call(running, job);
    }
  }

  /** A step that calls somebody, or its expression: nothing begins behind an accepted abort (REL-30). */
  private call(running: RunningJob, job: StepJob): void {
    const undecided = this.around.undecided();
    if (!asksFor(this.around.position(), job) || undecided.some(({ verb }) => verb === 'abort')) {
      this.stop(running, undecided);
      return;
    }
    const { kind, phase, environment, attempt } = job;
    const service = this.around.plan.process[job.step]?.name ?? '';
    const { effect } = this.effect({ direction: kind, service, environment, phase, attempt, try: job.try });
    const { status, errored, endedAt } = effect;
    const at = this.tellingTime(endedAt ?? this.now());
    if (status === 'under-way') {
      this.send(running, effect);
    } else if (kind === 'condition' && !errored) {
      this.end({ job, at, outcome: 'answered', answer: status === 'done' });
    } else if (status === 'done') {
      this.end({ job, at, outcome: 'succeeded' });
    } else {
      this.end({ job, at, outcome: 'failed', detail: `${service} failed`, errored });
    }
  }

  private apply(running: RunningJob, job: RollOutJob): void {
    const state = this.around.position();
    const { phase, environment, attempt, try: tried = 1 } = job;
    const deployment = deploymentOf(state, job);
    const undecided = this.around.undecided();
    if (!deployment || !asksFor(state, job) || undecided.some(({ verb }) => verb === 'abort')) {
      this.stop(running, undecided);
      return;
    }
    const item = itemsDue(this.around.plan, state, phase, environment).find(
      ({ kind }) => kind === 'service' || (!deployment.flagsApplied && state.fullRollout === null),
    );
    if (!item) {
      const ends = [...this.effects.values()]
        .filter((each) => each.direction === 'apply' && each.environment === environment)
        .filter((each) => each.phase === phase && attemptOf(each) === attemptOf(job))
        .map(({ endedAt }) => endedAt ?? 0);
      this.end({ job, at: this.tellingTime(ends.length > 0 ? Math.max(...ends) : this.now()), outcome: 'succeeded' });
      return;
    }
    if (item.kind === 'flags') {
      this.around.record([{ type: 'flags-applied', at: this.now(), phase, environment }]);
      return;
    }
    const { service } = item;
    const { effect, isFirst } = this.effect({
      ...{ direction: 'apply', service, environment, phase, attempt, try: tried },
    });
    if (effect.status !== 'under-way') {
      const { errored, endedAt } = effect;
      const at = this.tellingTime(endedAt ?? this.now());
      this.end({ job, at, outcome: 'failed', detail: `${service} failed`, errored });
      return;
    }
    if (isFirst) {
      const started = { type: 'service-apply-started', at: this.now(), phase, attempt, environment } as const;
      this.around.record([{ ...started, service, version: '2' }]);
    }
    this.send(running, effect);
  }

  private revert(running: RunningJob, job: RevertJob): void {
    const { service, environment } = job;
    const touched = touchOf(this.around.position(), service, environment);
    if (touched?.state !== 'reverting') {
      this.stop(running, []);
      return;
    }
    const { effect } = this.effect({
      ...{ direction: 'revert', service, environment, phase: touched.phase, attempt: 1, try: 1 },
    });
    const at = this.tellingTime(effect.endedAt ?? this.now());
    switch (effect.status) {
      case 'done':
        this.end({ job, at, outcome: 'reverted' });
        return;
      case 'drifted':
        this.end({ job, at, outcome: 'drifted', detail: 'Somebody else has changed it' });
        return;
      default:
        this.send(running, effect);
    }
  }

  private effect(asked: Pick<SimulatedEffect, 'direction' | 'service' | 'environment' | 'phase' | 'attempt' | 'try'>): {
    effect: SimulatedEffect;
    isFirst: boolean;
  } {
    const key = `${asked.phase}/${asked.environment}/${asked.service}/${asked.direction}/${attemptOf(asked)}`;
    const known = this.effects.get(key);
    const effect = known ?? { key, ...asked, sends: 0, status: 'under-way', errored: false, endedAt: null };
    this.effects.set(key, effect);
    return { effect, isFirst: known === undefined };
  }

  private send(running: RunningJob, effect: SimulatedEffect): void {
    effect.sends += 1;
    running.sending = effect.key;
  }

  private tellingTime(at: Instant): Instant {
    return at + this.clockAheadMs;
  }

  private end(finished: FinishedJob): void {
    this.running.delete(jobName(finished.job));
    this.ended.push(finished);
    this.told.push(finished);
  }

  private stop({ job, since }: RunningJob, actions: AcceptedAction[]): void {
    const name = jobName(job);
    this.running.delete(name);
    this.stoppedAfter.set(name, since);
    this.around.tell(actions);
  }
}
