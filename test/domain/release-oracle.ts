import type { AcceptedAction } from '../../src/domain/accepted-action';
import type { Instant } from '../../src/domain/instant';
import type { Hold } from '../../src/domain/release';
import type { ReleaseEvent } from '../../src/domain/release-event';
import type { ReleasePlan } from '../../src/domain/release-plan';
import type { FinishedJob, RollOutJob, StepJob } from '../../src/domain/roll-out';
import { ProcessOracle } from './process-oracle';
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
  /** Services that were touched, the first one first, and how far each has come. */
  services: string[];
  /** How far the deployments of the current phase have come that have a process. */
  steps: string[];
  /** What is asked, by number, and by when. */
  questions: string[];
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
  | 'rolling-everywhere'
  | 'aborting'
  | 'aborted'
  | 'completed';

interface Deployment {
  phase: number;
  environment: string;
  attempt: number;
  state: 'running' | 'waiting' | 'succeeded' | 'failed' | 'aborted';
  process: ProcessOracle | null;
}

type Touch = 'touched' | 'arrived' | 'returning' | 'back';

/** The step that a job is of. */
function stepOf(job: RollOutJob | StepJob, process: ProcessOracle): number {
  return job.kind === 'roll-out' ? process.rollOutIndex() : job.step;
}

const STRENGTH: Record<string, number> = { pause: 1, skip: 2, 'full-rollout': 3 };

/**
 * What an operator expects of a release, written from the contract and apart from the code under test: one place in one
 * phase, a few instants, and no events. Expectations that are broken throw.
 */
export class Oracle {
  place: Place = 'queued';
  private current = 0;
  private readonly attempts: number[];
  private endsAt = 0;
  private remainingMs = 0;
  private deadlineAt: Instant | null = null;
  private approvals: { by: string; ownToken: boolean }[] = [];
  private armed: 'pause' | 'skip' | 'full-rollout' | null = null;
  /** All there ever were; the last one of a phase and environment counts. */
  private readonly deployments: Deployment[] = [];
  /** Those that a full roll-out has started since it was accepted or tried again. */
  private everywhere: Deployment[] = [];
  /** Those that any full roll-out has started. */
  private readonly ofEverywhere = new Set<Deployment>();
  private isFullRollout = false;
  /** Phases that are released or skipped. */
  private readonly passed = new Set<number>();
  /** By service and environment, in the order in which they were first touched. */
  private readonly services = new Map<string, Touch>();
  private readonly returningSince = new Map<string, Instant>();
  private areFlagsBack = false;
  /** What the workflow has heard of the ends of jobs. */
  private heard: FinishedJob[] = [];
  private holds: readonly Hold[] = [];
  private questions = 0;

  constructor(
    private readonly plan: ReleasePlan,
    private lastAt: Instant,
    private readonly slow: boolean,
  ) {
    this.attempts = plan.phases.map(() => 1);
  }

  view(holds: readonly Hold[]): View {
    return {
      shown: this.shown(holds),
      current: this.current,
      attempt: this.attempt(),
      endsAt: this.place === 'baking' ? this.endsAt : null,
      remainingMs: this.place === 'paused' ? this.remainingMs : null,
      armed: this.armed,
      approvals: this.approvals.map(({ by }) => by),
      lastAt: this.lastAt,
      services: [...this.services].map(([name, touch]) => `${name} ${touch}`),
      steps: this.latest().flatMap(({ environment, process }) =>
        (process?.steps ?? []).map((step, index) => `${environment} ${index} ${step.state} ${step.try}`),
      ),
      questions: this.processes()
        .flatMap((process) => process.questions())
        .sort((one, other) => one.number - other.number)
        .map(({ number, deadlineAt, yes }) => [number, deadlineAt, ...yes.map(({ by }) => by)].join(' ')),
    };
  }

  /** Whether what bakes and reviews have left over is of no account any more. */
  isPastPhases(): boolean {
    return this.isOver() || this.place === 'aborting' || this.isFullRollout;
  }

  isOver(): boolean {
    return this.place === 'aborted' || this.place === 'completed';
  }

  /** Whether the release would go on now if nothing but the clock were asked. */
  isDue(now: Instant, holds: readonly Hold[]): boolean {
    const due = this.dueAt();
    const isNextBack = this.place === 'aborting' && (!this.areFlagsBack || this.isAllBack());
    return isNextBack || (due !== null && due <= now) || (this.mayEnter() && holds.length === 0);
  }

  /** A job has recorded a fact, which the workflow gets to know with its next step. */
  witness(fact: ReleaseEvent): void {
    switch (fact.type) {
      case 'service-apply-started': {
        const name = `${fact.service} ${fact.environment}`;
        const before = this.services.get(name);
        if (!this.isUnderWay() || (before !== undefined && before !== 'touched')) {
          throw new Error(`${name} is sent while ${this.place}, having ${before ?? 'never'}`);
        }
        this.services.set(name, 'touched');
        return;
      }
      case 'service-applied':
        this.services.set(`${fact.service} ${fact.environment}`, 'arrived');
        return;
      default:
        return;
    }
  }

  /** The workflow is about to decide, with these jobs ended. */
  hear(finished: readonly FinishedJob[], now: Instant, holds: readonly Hold[]): void {
    this.heard = finished.map((job) => ({ ...job, at: Math.min(job.at, now) })).sort((one, other) => one.at - other.at);
    this.holds = holds;
  }

  /** Bakes, deadlines, waits and the ends of jobs up to `until` happen, each at its own time. */
  elapse(until: Instant): void {
    for (;;) {
      const due = this.dueAt() ?? Infinity;
      this.heard = this.heard.filter((job) => this.matters(job));
      const [end] = this.heard;
      const endAt = end ? Math.max(end.at, this.lastAt) : Infinity;
      if (Math.min(due, endAt) > until) {
        return;
      }
      this.lastAt = Math.max(this.lastAt, Math.min(due, endAt));
      if (due <= endAt) {
        this.timeIsUp();
      } else if (end) {
        this.end(end);
      }
    }
  }

  private timeIsUp(): void {
    const next = this.nextToReturn();
    if (next !== undefined) {
      this.services.set(next, 'returning');
      this.returningSince.set(next, this.lastAt);
      return;
    }
    const asked = this.nextQuestion();
    if (asked) {
      asked.process.timeIsUp(asked.number);
      this.goOn(this.holds);
      return;
    }
    if (this.place === 'baking') {
      this.reach(this.current + 1);
      return;
    }
    const outcome = this.phase().review?.deadline?.outcome;
    this.deadlineAt = null;
    if (outcome === 'abort') {
      this.startAbort();
    } else if (outcome === 'proceed') {
      this.place = 'ready';
    }
  }

  /** Whether the end of a job still means something. */
  private matters({ job }: FinishedJob): boolean {
    if (job.kind === 'revert') {
      return this.services.get(`${job.service} ${job.environment}`) === 'returning';
    }
    const deployment = this.deploymentOf(job);
    if (!this.isUnderWay() || (deployment?.state !== 'running' && deployment?.state !== 'waiting')) {
      return false;
    }
    const { process } = deployment;
    return process === null || process.awaits(job.kind, stepOf(job, process), job.try ?? 1);
  }

  private end(end: FinishedJob): void {
    const { job, outcome } = end;
    if (job.kind === 'revert') {
      this.services.set(`${job.service} ${job.environment}`, 'back');
      return;
    }
    const deployment = this.deploymentOf(job);
    if (deployment?.process) {
      const answer = end.outcome === 'answered' && end.answer;
      deployment.process.end(stepOf(job, deployment.process), outcome, answer);
    } else if (deployment) {
      deployment.state = outcome === 'succeeded' ? 'succeeded' : 'failed';
    }
    this.goOn(this.holds);
  }

  /** People are asked what has come up until now. */
  ask(now: Instant): void {
    const asking = this.deployments
      .filter(({ process }) => process?.steps.some((step) => step.state === 'to-ask'))
      .filter(({ state }) => state === 'running' || state === 'waiting')
      .sort((one, other) => one.phase - other.phase);
    if (this.isUnderWay() && asking.length > 0) {
      this.lastAt = Math.max(this.lastAt, now);
      asking.forEach(({ process }) => process?.ask(this.lastAt));
      this.goOn(this.holds);
    }
  }

  /** Deployments with a process are where that is, and the release follows. */
  private goOn(holds: readonly Hold[]): void {
    for (const deployment of this.deployments) {
      if (deployment.process && (deployment.state === 'running' || deployment.state === 'waiting')) {
        deployment.state = deployment.process.state;
      }
    }
    this.afterDeployments(holds);
  }

  /** Those of the deployments that run or wait. */
  private processes(): ProcessOracle[] {
    return this.deployments.flatMap(({ state, process }) =>
      process && (state === 'running' || state === 'waiting') ? [process] : [],
    );
  }

  /** The question whose time is up first; the one that was asked first, of several. */
  private nextQuestion(): { process: ProcessOracle; number: number; at: Instant } | undefined {
    return this.processes()
      .flatMap((process) =>
        process
          .questions()
          .flatMap(({ number, deadlineAt }) => (deadlineAt === null ? [] : [{ process, number, at: deadlineAt }])),
      )
      .sort((one, other) => one.at - other.at || one.number - other.number)[0];
  }

  private beginProcess(phases: number[], environment: string): ProcessOracle | null {
    const { plan } = this;
    const names = phases.map((phase) => plan.phases[phase]?.name ?? '');
    return plan.process.length === 0
      ? null
      : new ProcessOracle(plan, { phases: names, environment }, () => (this.questions += 1));
  }

  private deploymentOf(job: { phase: number; environment: string; attempt: number }): Deployment | undefined {
    return this.deployments.find(
      ({ phase, environment, attempt }) =>
        phase === job.phase && environment === job.environment && attempt === job.attempt,
    );
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
      case 'full-rollout':
        this.startEverywhere();
        break;
      default:
        this.complete();
    }
    this.elapse(this.lastAt);
  }

  /** The flags are back and services follow, or everything is back. */
  revert(now: Instant): 'flags-reverted' | 'release-aborted' {
    if (this.place !== 'aborting' || (this.areFlagsBack && !this.isAllBack())) {
      throw new Error(`Nothing is reverted while ${this.place}`);
    }
    this.lastAt = Math.max(this.lastAt, now);
    const hasServices = this.plan.items.some(({ kind }) => kind === 'service');
    if (hasServices && this.deployments.length > 0 && !this.areFlagsBack) {
      this.areFlagsBack = true;
      return 'flags-reverted';
    }
    this.place = 'aborted';
    return 'release-aborted';
  }

  /** Environments in which a deployment is under way. */
  underWay(): string[] {
    return this.place !== 'rolling'
      ? []
      : this.latest()
          .filter(({ state }) => state === 'running' || state === 'waiting')
          .map(({ environment }) => environment);
  }

  report(type: DeploymentReport, environment: string, now: Instant, holds: readonly Hold[]): void {
    this.lastAt = Math.max(this.lastAt, now);
    const states = {
      'deployment-succeeded': 'succeeded',
      'deployment-failed': 'failed',
    } as const;
    const deployment = this.latest().find((each) => each.environment === environment);
    if (deployment) {
      deployment.state = states[type];
    }
    this.afterDeployments(holds);
  }

  private attempt(): number {
    return this.attempts[this.current] ?? NaN;
  }

  private isUnderWay(): boolean {
    return this.place === 'rolling' || this.place === 'rolling-everywhere';
  }

  /** The deployments of the current phase that count: in each environment the last one. */
  private latest(): Deployment[] {
    const own = this.deployments.filter(({ phase }) => phase === this.current);
    return own.filter(
      ({ environment }, index) => !own.slice(index + 1).some((later) => later.environment === environment),
    );
  }

  /** Services that a deployment of that phase would have to bring there. */
  private missing(index: number, environment: string): string[] {
    const named = this.isFullRollout ? this.plan.phases : this.plan.phases.slice(index, index + 1);
    const isNamed = named.some(({ unconditional }) => unconditional.includes(environment));
    return this.plan.items.flatMap((item) =>
      isNamed &&
      item.kind === 'service' &&
      item.environments.includes(environment) &&
      this.services.get(`${item.service} ${environment}`) !== 'arrived'
        ? [item.service]
        : [],
    );
  }

  private isAllBack(): boolean {
    return [...this.services.values()].every((touch) => touch === 'back');
  }

  /** Of those that are not on their way yet, the last one that was touched. */
  private nextToReturn(): string | undefined {
    return this.place === 'aborting' && this.areFlagsBack
      ? [...this.services].findLast(([, touch]) => touch === 'touched' || touch === 'arrived')?.[0]
      : undefined;
  }

  /** Nobody before it is on the way any more, or has kept it waiting for long enough. */
  private returnsAt(): Instant {
    const waits = [...this.services].flatMap(([name, touch]) =>
      touch === 'returning' ? [(this.returningSince.get(name) ?? NaN) + this.plan.revertWaitMs] : [],
    );
    return waits.length === 0 ? this.lastAt : Math.max(...waits);
  }

  private startAbort(): void {
    for (const deployment of this.deployments) {
      const isUnderWay = deployment.state === 'running' || deployment.state === 'waiting';
      deployment.state = isUnderWay ? 'aborted' : deployment.state;
    }
    this.place = 'aborting';
    this.armed = null;
    this.isFullRollout = false;
  }

  private complete(): void {
    this.place = 'completed';
    this.armed = null;
  }

  private phase() {
    const phase = this.plan.phases[this.current];
    if (!phase) {
      throw new Error('There is no such phase');
    }
    return phase;
  }

  private dueAt(): Instant | null {
    if (this.nextToReturn() !== undefined) {
      return this.returnsAt();
    }
    const asked = this.nextQuestion();
    if (asked) {
      return asked.at;
    }
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
        return this.latest().some(({ state }) => state === 'running') ? 'rolling-out' : 'waiting-for-intervention';
      case 'rolling-everywhere':
        return this.everywhere.some(({ state }) => state === 'running') ? 'rolling-out' : 'waiting-for-intervention';
      case 'last-bake-over':
        return 'blocked';
      default:
        return this.place;
    }
  }

  private reach(index: number): void {
    this.armed = null;
    if (index > 0) {
      this.passed.add(index - 1);
    }
    if (index === this.plan.phases.length) {
      this.place = 'last-bake-over';
      return;
    }
    this.current = index;
    this.approvals = [];
    const { review } = this.phase();
    this.place = review ? 'review' : 'ready';
    this.deadlineAt = review?.deadline ? this.lastAt + review.deadline.afterMs : null;
  }

  private startPhase(): void {
    this.place = 'rolling';
    const before = this.latest();
    for (const environment of this.phase().environments) {
      if (!before.some((each) => each.environment === environment && each.state === 'succeeded')) {
        const isThere = !this.slow && this.missing(this.current, environment).length === 0;
        const process = this.beginProcess([this.current], environment);
        process?.goOn(isThere);
        this.deployments.push({
          phase: this.current,
          environment,
          attempt: this.attempt(),
          state: isThere && !process ? 'succeeded' : 'running',
          process,
        });
      }
    }
    this.goOn([]);
  }

  /**
   * Every environment that still lacks a service, by the first phase that brings services there, and with a process every
   * one without a success, which has one deployment of it; before that, what a later phase insists on. Each brings all that
   * is missing there, and runs what any phase to come would have run (REL-20).
   */
  private startEverywhere(): void {
    const { phases, process } = this.plan;
    const insisted = new Set<string>();
    this.everywhere = [...new Set(phases.flatMap(({ environments }) => environments))]
      .flatMap((environment) => {
        const open = phases.findIndex(({ unconditional }) => unconditional.includes(environment));
        const named = phases.findIndex(({ environments }) => environments.includes(environment));
        const there = this.deployments.filter((each) => each.environment === environment && each.state === 'succeeded');
        const isMissing = open !== -1 && this.missing(open, environment).length > 0;
        const isWanted = process.length > 0 ? there.length === 0 : isMissing;
        const isDone = there.some(
          (each) => this.ofEverywhere.has(each) || phases[each.phase]?.unconditional.includes(environment),
        );
        const insisting = this.insistingOn(environment);
        if (insisting !== undefined) {
          insisted.add(environment);
          return [{ phase: insisting, environment, attempt: 0, state: 'running' as const, process: null }];
        }
        return isWanted || (isMissing && !isDone)
          ? [{ phase: open === -1 ? named : open, environment, attempt: 0, state: 'running' as const, process: null }]
          : [];
      })
      // What is insisted on first, then where services are missing, each phase in its own order.
      .sort(
        (one, other) =>
          one.phase - other.phase ||
          Number(insisted.has(other.environment)) - Number(insisted.has(one.environment)) ||
          (insisted.has(one.environment) ? 0 : this.rankOf(one) - this.rankOf(other)),
      );
    if (this.everywhere.length === 0) {
      this.complete();
      return;
    }
    for (const deployment of this.everywhere) {
      // One that failed there and was skipped is another attempt.
      while (this.deploymentOf({ ...deployment, attempt: this.attempts[deployment.phase] ?? NaN })) {
        this.attempts[deployment.phase] = (this.attempts[deployment.phase] ?? NaN) + 1;
      }
    }
    for (const deployment of this.everywhere) {
      deployment.attempt = this.attempts[deployment.phase] ?? NaN;
      deployment.process = this.beginProcess(
        [deployment.phase, ...this.ahead(deployment.environment)],
        deployment.environment,
      );
      deployment.process?.goOn();
      this.deployments.push(deployment);
      this.ofEverywhere.add(deployment);
      this.current = Math.max(this.current, deployment.phase);
    }
    this.place = 'rolling-everywhere';
    this.goOn([]);
  }

  /** The last phase to come with a required step of its own that nothing which succeeded there had to do with. */
  private insistingOn(environment: string): number | undefined {
    const { phases, process } = this.plan;
    const there = this.deployments.filter((each) => each.environment === environment && each.state === 'succeeded');
    const done = there.map(({ phase }) => phases[phase]?.name ?? '');
    const ahead = this.ahead(environment);
    const own = process.filter(
      (step) =>
        step.required &&
        step.kind !== 'roll-out' &&
        (step.environments.length === 0 || step.environments.includes(environment)) &&
        !step.notEnvironments.includes(environment) &&
        !step.phases.some((name) => done.includes(name)),
    );
    return ahead.findLast((index) => own.some((step) => step.phases.includes(phases[index]?.name ?? '')));
  }

  /** The phases that an environment would have gone through from here on. */
  private ahead(environment: string): number[] {
    const reached = this.deployments
      .filter((each) => each.environment === environment && each.state === 'succeeded')
      .map(({ phase }) => phase);
    return [...this.plan.phases.keys()].filter(
      (index) =>
        index > Math.max(-1, ...reached) &&
        !this.passed.has(index) &&
        this.plan.phases[index]?.environments.includes(environment),
    );
  }

  private rankOf({ phase, environment }: Deployment): number {
    return this.missing(phase, environment).length > 0
      ? (this.plan.phases[phase]?.unconditional.indexOf(environment) ?? NaN)
      : Number.MAX_SAFE_INTEGER;
  }

  private afterDeployments(holds: readonly Hold[]): void {
    const states = (this.isFullRollout ? this.everywhere : this.latest()).map(({ state }) => state);
    const failed = states.includes('failed');
    if (failed && this.plan.onFailure === 'abort') {
      this.startAbort();
    } else if (states.includes('running') || states.includes('waiting')) {
      return;
    } else if (failed) {
      this.place = 'failed';
      this.armed = this.armed === 'pause' ? 'pause' : null;
    } else if (this.isFullRollout) {
      this.place = 'full-rollout';
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
      this.startFullRollout();
    } else {
      this.place = 'baking';
      this.endsAt = this.lastAt + bakeMs;
    }
  }

  private startFullRollout(): void {
    this.armed = null;
    this.isFullRollout = true;
    this.place = 'full-rollout';
  }

  private accepts(action: AcceptedAction, now: Instant, holds: readonly Hold[]): boolean {
    const { verb, rights } = action;
    if (action.expiresAt !== null && action.expiresAt <= now) {
      return false;
    }
    if (verb === 'accept-drift') {
      return this.place === 'aborting' && this.areFlagsBack && this.givenUpBy(action).length > 0;
    }
    if (
      this.isOver() ||
      this.place === 'aborting' ||
      (this.plan.reasonRequired.some((one) => one === verb) && !rights.hasReason)
    ) {
      return false;
    }
    if (verb === 'submit') {
      return this.isUnderWay() && this.processes().some((process) => process.accepts(action));
    }
    if (verb === 'abort') {
      return true;
    }
    if (this.place === 'queued') {
      return false;
    }
    const isStale =
      (action.phase !== null && action.phase !== this.phase().name) ||
      (action.attempt !== null && action.attempt !== this.attempt());
    return (verb === 'full-rollout' || !isStale) && this.acceptsHere(action, holds);
  }

  /** What of that service is not back, in the environment named or in all. */
  private givenUpBy({ item }: AcceptedAction): string[] {
    return [...this.services].flatMap(([name, touch]) => {
      const [service, environment] = name.split(' ');
      const isMeant = service === item?.service && (item?.environment ?? environment) === environment;
      return isMeant && touch !== 'back' ? [name] : [];
    });
  }

  private acceptsHere(action: AcceptedAction, holds: readonly Hold[]): boolean {
    const shown = this.shown(holds);
    const isUnderWay = (shown === 'rolling-out' || shown === 'waiting-for-intervention') && !this.isFullRollout;
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
          (shown === 'failed' && !isLast && !this.isFullRollout && this.mayGive(this.current, action))
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

  private apply(action: AcceptedAction, at: Instant): void {
    const { verb, by, rights } = action;
    const isRollingOut = this.place === 'rolling' || this.place === 'ready';
    switch (verb) {
      case 'approve':
        this.approvals.push({ by, ownToken: rights.tokenMaker === null });
        if (this.approvals.length >= (this.phase().review?.approvals ?? 0)) {
          this.place = 'ready';
        }
        return;
      case 'accept-drift':
        this.givenUpBy(action).forEach((name) => this.services.set(name, 'back'));
        return;
      case 'unpause':
        if (isRollingOut) {
          this.armed = null;
        } else {
          this.place = 'baking';
          this.endsAt = at + this.remainingMs;
        }
        return;
      case 'pause':
        if (isRollingOut) {
          this.armed = 'pause';
        } else {
          this.place = 'paused';
          this.remainingMs = this.endsAt - at;
        }
        return;
      case 'skip':
        if (isRollingOut) {
          this.armed = 'skip';
        } else {
          this.reach(this.current + 1);
        }
        return;
      case 'full-rollout':
        if (isRollingOut) {
          this.armed = 'full-rollout';
        } else {
          this.startFullRollout();
        }
        return;
      case 'retry':
        this.retry();
        return;
      // Of targets, whose answers these stories do not tell apart from the end of a job.
      case 'callback':
        return;
      case 'submit':
        this.processes()
          .find((process) => process.questions().some(({ number }) => number === action.answer?.interruption))
          ?.apply(action);
        this.goOn(this.holds);
        return;
      case 'abort':
        if (this.place === 'queued') {
          this.place = 'aborted';
        } else {
          this.startAbort();
        }
    }
  }

  /** The current phase counts with those that failed, as it is what callers name (REL-14). */
  private retry(): void {
    const failed = this.everywhere.filter(({ state }) => state === 'failed').map(({ phase }) => phase);
    for (const index of new Set([this.current, ...(this.isFullRollout ? failed : [])])) {
      this.attempts[index] = (this.attempts[index] ?? NaN) + 1;
    }
    this.place = this.isFullRollout ? 'full-rollout' : 'ready';
  }
}
