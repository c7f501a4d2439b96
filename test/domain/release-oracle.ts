import type { Instant } from '../../src/domain/instant';
import type { AcceptedAction, Hold, ReleasePlan } from '../../src/domain/release';
import type { DeploymentReport } from './release-run';

/** What somebody who watches a release sees of it. */
export interface View {
  shown: string;
  current: number;
  attempt: number;
  endsAt: Instant | null;
  remainingMs: number | null;
  armed: string | null;
  approvals: string[];
  lastAt: Instant;
}

type Place =
  | 'queued'
  | 'review'
  | 'ready'
  | 'rolling'
  | 'baking'
  | 'paused'
  | 'failed'
  | 'last-bake-over'
  | 'full-rollout'
  | 'aborting'
  | 'aborted'
  | 'completed';

const STRENGTH: Record<string, number> = { pause: 1, skip: 2, 'full-rollout': 3 };

/**
 * What an operator expects of a release, written from the contract and apart from the code under test: one place in one
 * phase, a few instants, and no events. Expectations that are broken throw.
 */
export class Oracle {
  place: Place = 'queued';
  private current = 0;
  private attempt = 1;
  private endsAt = 0;
  private remainingMs = 0;
  private deadlineAt: Instant | null = null;
  private approvals: { by: string; ownToken: boolean }[] = [];
  private armed: 'pause' | 'skip' | 'full-rollout' | null = null;
  private readonly deployments = new Map<string, 'running' | 'waiting' | 'succeeded' | 'failed'>();

  constructor(
    private readonly plan: ReleasePlan,
    private lastAt: Instant,
    private readonly slow: boolean,
  ) {}

  view(holds: readonly Hold[]): View {
    return {
      shown: this.shown(holds),
      current: this.current,
      attempt: this.attempt,
      endsAt: this.place === 'baking' ? this.endsAt : null,
      remainingMs: this.place === 'paused' ? this.remainingMs : null,
      armed: this.armed,
      approvals: this.approvals.map(({ by }) => by),
      lastAt: this.lastAt,
    };
  }

  isOver(): boolean {
    return this.place === 'aborted' || this.place === 'completed';
  }

  /** Whether the release would go on now if nothing but the clock were asked. */
  isDue(now: Instant, holds: readonly Hold[]): boolean {
    const due = this.dueAt();
    return this.place === 'aborting' || (due !== null && due <= now) || (this.mayEnter() && holds.length === 0);
  }

  /** Bakes and deadlines up to `until` happen, each at its own time. */
  elapse(until: Instant): void {
    for (let due = this.dueAt(); due !== null && due <= until; due = this.dueAt()) {
      this.lastAt = Math.max(this.lastAt, due);
      if (this.place === 'baking') {
        this.reach(this.current + 1);
        continue;
      }
      const outcome = this.phase().review?.deadline?.outcome;
      this.deadlineAt = null;
      if (outcome === 'abort') {
        this.place = 'aborting';
        this.armed = null;
      } else if (outcome === 'proceed') {
        this.place = 'ready';
      }
    }
  }

  /** Decides an action after what was due before it; true: accepted. */
  decide(action: AcceptedAction, now: Instant, holds: readonly Hold[]): boolean {
    const at = Math.max(this.lastAt, Math.min(action.acceptedAt, now));
    this.elapse(at);
    const accepted = this.accepts(action, now, holds);
    if (accepted) {
      this.lastAt = Math.max(this.lastAt, at);
      this.apply(action, at);
      this.elapse(at);
    }
    return accepted;
  }

  /** The release takes its next step into the world. */
  enter(now: Instant): void {
    if (!this.mayEnter()) {
      throw new Error(`Nothing may start while ${this.place}`);
    }
    this.lastAt = Math.max(this.lastAt, now);
    switch (this.place) {
      case 'queued':
        this.reach(0);
        break;
      case 'ready':
        this.startPhase();
        break;
      default:
        this.place = 'completed';
        this.armed = null;
    }
    this.elapse(this.lastAt);
  }

  /** Everything is back. */
  revert(now: Instant): void {
    if (this.place !== 'aborting') {
      throw new Error(`Nothing is reverted while ${this.place}`);
    }
    this.lastAt = Math.max(this.lastAt, now);
    this.place = 'aborted';
  }

  /** Environments in which a deployment is under way. */
  underWay(): string[] {
    return this.place !== 'rolling'
      ? []
      : [...this.deployments].filter(([, state]) => state === 'running' || state === 'waiting').map(([name]) => name);
  }

  report(type: DeploymentReport, environment: string, now: Instant, holds: readonly Hold[]): void {
    this.lastAt = Math.max(this.lastAt, now);
    const states = {
      'deployment-waiting': 'waiting',
      'deployment-resumed': 'running',
      'deployment-succeeded': 'succeeded',
      'deployment-failed': 'failed',
    } as const;
    this.deployments.set(environment, states[type]);
    this.afterDeployments(holds);
  }

  private phase() {
    const phase = this.plan.phases[this.current];
    if (!phase) {
      throw new Error('There is no such phase');
    }
    return phase;
  }

  private dueAt(): Instant | null {
    return this.place === 'baking' ? this.endsAt : this.place === 'review' ? this.deadlineAt : null;
  }

  private mayEnter(): boolean {
    return ['queued', 'ready', 'last-bake-over', 'full-rollout'].includes(this.place);
  }

  private shown(holds: readonly Hold[]): string {
    const held = holds.length > 0;
    switch (this.place) {
      case 'review':
        return held ? 'blocked' : 'waiting-for-review';
      case 'ready':
      case 'full-rollout':
        return held ? 'blocked' : 'rolling-out';
      case 'rolling':
        return [...this.deployments.values()].includes('running') ? 'rolling-out' : 'waiting-for-intervention';
      case 'last-bake-over':
        return 'blocked';
      default:
        return this.place;
    }
  }

  private reach(index: number): void {
    this.armed = null;
    if (index === this.plan.phases.length) {
      this.place = 'last-bake-over';
      return;
    }
    this.current = index;
    this.attempt = 1;
    this.approvals = [];
    this.deployments.clear();
    const { review } = this.phase();
    this.place = review ? 'review' : 'ready';
    this.deadlineAt = review?.deadline ? this.lastAt + review.deadline.afterMs : null;
  }

  private startPhase(): void {
    this.place = 'rolling';
    for (const environment of this.phase().environments) {
      if (this.deployments.get(environment) !== 'succeeded') {
        this.deployments.set(environment, this.slow ? 'running' : 'succeeded');
      }
    }
    this.afterDeployments([]);
  }

  private afterDeployments(holds: readonly Hold[]): void {
    const states = [...this.deployments.values()];
    const failed = states.includes('failed');
    if (failed && this.plan.onFailure === 'abort') {
      this.place = 'aborting';
      this.armed = null;
    } else if (states.includes('running') || states.includes('waiting')) {
      return;
    } else if (failed) {
      this.place = 'failed';
      this.armed = this.armed === 'pause' ? 'pause' : null;
    } else {
      this.afterSuccess(holds);
    }
  }

  private afterSuccess(holds: readonly Hold[]): void {
    const { armed } = this;
    const { bakeMs } = this.phase();
    this.armed = null;
    if (armed === 'skip') {
      this.reach(this.current + 1);
    } else if (armed === 'pause') {
      this.place = 'paused';
      this.remainingMs = bakeMs;
    } else if (armed === 'full-rollout' && holds.length === 0) {
      this.place = 'full-rollout';
    } else {
      this.place = 'baking';
      this.endsAt = this.lastAt + bakeMs;
    }
  }

  private accepts(action: AcceptedAction, now: Instant, holds: readonly Hold[]): boolean {
    const { verb, rights } = action;
    if (action.expiresAt !== null && action.expiresAt <= now) {
      return false;
    }
    if (
      this.isOver() ||
      this.place === 'aborting' ||
      (this.plan.reasonRequired.some((one) => one === verb) && !rights.hasReason)
    ) {
      return false;
    }
    if (verb === 'abort') {
      return true;
    }
    if (this.place === 'queued') {
      return false;
    }
    const isStale =
      (action.phase !== null && action.phase !== this.phase().name) ||
      (action.attempt !== null && action.attempt !== this.attempt);
    return (verb === 'full-rollout' || !isStale) && this.acceptsHere(action, holds);
  }

  private acceptsHere(action: AcceptedAction, holds: readonly Hold[]): boolean {
    const shown = this.shown(holds);
    const isUnderWay =
      (shown === 'rolling-out' || shown === 'waiting-for-intervention') && this.place !== 'full-rollout';
    const mayArm = isUnderWay && (STRENGTH[this.armed ?? ''] ?? 0) < (STRENGTH[action.verb] ?? 0);
    const isLast = this.current === this.plan.phases.length - 1;
    switch (action.verb) {
      case 'approve':
        return (
          this.place === 'review' &&
          this.mayGive(this.current, action) &&
          !this.approvals.some(({ by }) => by === action.by)
        );
      case 'pause':
        return shown === 'baking' || mayArm;
      case 'unpause':
        return shown === 'paused' || (isUnderWay && this.armed === 'pause');
      case 'skip':
        return (
          shown === 'baking' ||
          shown === 'paused' ||
          mayArm ||
          (shown === 'waiting-for-review' && !isLast && this.mayPass(this.current, action)) ||
          (shown === 'failed' && !isLast && this.mayGive(this.current, action))
        );
      case 'full-rollout':
        return (
          holds.length === 0 &&
          (mayArm || ['waiting-for-review', 'baking', 'paused'].includes(shown)) &&
          this.plan.phases.every(
            ({ review }, index) =>
              !review ||
              index < this.current ||
              (index === this.current && this.place !== 'review') ||
              this.mayPass(index, action),
          )
        );
      case 'retry':
        return shown === 'failed' && holds.length === 0;
      default:
        return false;
    }
  }

  private mayGive(index: number, { by, rights }: AcceptedAction): boolean {
    const phase = this.plan.phases[index];
    if (!phase || !rights.mayApprove.includes(phase.name)) {
      return false;
    }
    if (!phase.review) {
      return true;
    }
    const maker = rights.tokenMaker;
    const given = index === this.current ? this.approvals : [];
    const isTied =
      maker !== null &&
      (maker === this.plan.triggeredWithOwnToken || given.some((one) => one.ownToken && one.by === maker));
    return !isTied && (phase.review.authorMayApprove || !this.plan.authors.includes(by));
  }

  private mayPass(index: number, action: AcceptedAction): boolean {
    const needed = this.plan.phases[index]?.review?.approvals ?? 0;
    const others = index === this.current ? this.approvals.filter(({ by }) => by !== action.by).length : 0;
    const { administrator, hasReason } = action.rights;
    return this.mayGive(index, action) && (others >= needed - 1 || (administrator && hasReason));
  }

  private apply({ verb, by, rights }: AcceptedAction, at: Instant): void {
    const isUnderWay = this.place === 'rolling' || this.place === 'ready';
    switch (verb) {
      case 'approve':
        this.approvals.push({ by, ownToken: rights.tokenMaker === null });
        if (this.approvals.length >= (this.phase().review?.approvals ?? 0)) {
          this.place = 'ready';
        }
        return;
      case 'accept-drift':
        return;
      case 'unpause':
        if (isUnderWay) {
          this.armed = null;
        } else {
          this.place = 'baking';
          this.endsAt = at + this.remainingMs;
        }
        return;
      case 'pause':
        if (isUnderWay) {
          this.armed = 'pause';
        } else {
          this.place = 'paused';
          this.remainingMs = this.endsAt - at;
        }
        return;
      case 'skip':
        if (isUnderWay) {
          this.armed = 'skip';
        } else {
          this.reach(this.current + 1);
        }
        return;
      case 'full-rollout':
        if (isUnderWay) {
          this.armed = 'full-rollout';
        } else {
          this.armed = null;
          this.place = 'full-rollout';
        }
        return;
      case 'retry':
        this.place = 'ready';
        this.attempt += 1;
        return;
      case 'abort':
        this.place = this.place === 'queued' ? 'aborted' : 'aborting';
        this.armed = null;
    }
  }
}
