import { evolveAll } from '../../src/domain/evolve';
import type { Instant } from '../../src/domain/instant';
import type { NextInput, Step } from '../../src/domain/next-step';
import { afterStep, nextStep } from '../../src/domain/next-step';
import { afterRollOut } from '../../src/domain/after-roll-out';
import type { ActionVerb } from '../../src/domain/pipeline';
import type { AcceptedAction, ActionOutcome, InterruptionResult } from '../../src/domain/accepted-action';
import type { DeploymentState, Hold, ReleaseState } from '../../src/domain/release';
import { currentPhase, isTerminal, phaseAt, triggeredRelease } from '../../src/domain/release';
import type { ReleaseEvent } from '../../src/domain/release-event';
import { planAt, type ReleasePlan } from '../../src/domain/release-plan';
import { shownState } from '../../src/domain/shown-state';
import { refuseEnded } from '../../src/domain/refuse-ended';
import { openInterruptions } from '../../src/domain/process';
import type { Job } from '../../src/domain/roll-out';
import { allRights, NOON } from './release-fixture';
import type { SimulatedEffect, TargetAnswer } from './simulated-jobs';
import { SimulatedJobs } from './simulated-jobs';

/** What tells how a run goes. */
export interface RunOptions {
  /** Deployments go on after the phase has started, and are reported with `report`; there are no jobs. */
  slow?: boolean;
  /** Told of every step before it is recorded, of what it meets, and whether its reach takes effect. */
  observe?: (observed: ObservedStep) => void;
  /** Told of every fact that a job records between two steps. */
  witness?: (fact: ReleaseEvent) => void;
}

/** One step of a run, as the store meets it. */
export interface ObservedStep {
  input: NextInput;
  step: Step;
  /** Undecided actions behind those that the step decides. */
  undecided: AcceptedAction[];
  reached: boolean;
}

/** Where a step asks, and whether the answer has notes. */
interface AnswerMore {
  environment?: string;
  hasNotes?: boolean;
}

export type DeploymentReport = 'deployment-succeeded' | 'deployment-failed';

/**
 * A release without Temporal and without a database: the workflow's loop, the facade's acceptance and the store's
 * transaction in their simplest form, with a clock that goes where a test puts it.
 */
export class ReleaseRun {
  now: Instant = NOON;
  holds: Hold[] = [];
  /** The position in the store. */
  state: ReleaseState;
  /** What is recorded, in order. */
  readonly events: ReleaseEvent[] = [];
  readonly outcomes: ActionOutcome[] = [];
  /** All accepted actions, in the store. */
  readonly accepted: AcceptedAction[] = [];
  /** Deployments with services, and reverts. */
  readonly jobs: SimulatedJobs;
  /** The position as the workflow knows it: without the facts that jobs have recorded since its last step. */
  private known: ReleaseState;
  /** Holds as the workflow knows them: told by the store only when they stand in the way. */
  private knownHolds: Hold[] = [];
  /** Those the workflow has been told of. */
  private mailbox: AcceptedAction[] = [];

  constructor(
    readonly plan: ReleasePlan,
    private readonly options: RunOptions = {},
  ) {
    this.state = triggeredRelease(plan, NOON);
    this.known = this.state;
    this.jobs = new SimulatedJobs({
      plan,
      position: () => this.state,
      now: () => this.now,
      undecided: () => this.accepted.filter(({ number }) => number > this.state.decided),
      record: (facts) => {
        facts.forEach((fact) => this.options.witness?.(fact));
        this.record(facts);
      },
      tell: (actions) => this.deliver(actions),
    });
  }

  get shown() {
    return shownState(this.state, this.holds);
  }

  /** The refusal's code of the last decided action, or `null` when it was applied. */
  get lastRefusal() {
    return this.outcomes.at(-1)?.refusal?.refused ?? null;
  }

  get remainingMs(): number | null {
    const { progress } = currentPhase(this.state);
    return progress.status === 'paused' ? progress.remainingMs : null;
  }

  get endsAt(): Instant | null {
    const { progress } = currentPhase(this.state);
    return progress.status === 'baking' ? progress.endsAt : null;
  }

  statusOf(index: number) {
    return phaseAt(this.state, index).progress.status;
  }

  eventsOf<T extends ReleaseEvent['type']>(type: T): Extract<ReleaseEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<ReleaseEvent, { type: T }> => event.type === type);
  }

  /** Accepts an action as the facade does, and leaves it in the store: the workflow hears of it with `deliver`. */
  accept(verb: ActionVerb, more: Partial<AcceptedAction> = {}): AcceptedAction {
    const number = this.accepted.length + 1;
    const isBound = verb !== 'abort' && verb !== 'full-rollout' && verb !== 'accept-drift' && verb !== 'submit';
    const action: AcceptedAction = {
      id: `action-${number}`,
      number,
      verb,
      by: 'olga',
      phase: isBound ? planAt(this.plan, this.state.current).name : null,
      attempt: isBound ? currentPhase(this.state).attempt : null,
      acceptedAt: this.now,
      expiresAt: null,
      rights: allRights(this.plan),
      ...more,
    };
    this.accepted.push(action);
    if (isTerminal(this.state)) {
      this.outcomes.push(...refuseEnded(this.state, [action]));
    }
    return action;
  }

  deliver(actions: readonly AcceptedAction[] = this.accepted): void {
    this.mailbox.push(...actions);
  }

  /** Accepts an action and lets the workflow go on with it; the refusal's code, or `null`. */
  act(verb: ActionVerb, more: Partial<AcceptedAction> = {}): string | null {
    this.deliver([this.accept(verb, more)]);
    this.run();
    return this.lastRefusal;
  }

  /** Everything that happens now. */
  run(): this {
    while (this.step()) {
      // One step at a time, until the release waits.
    }
    return this;
  }

  /** Time passes with a worker that wakes at every timer. */
  advanceTo(instant: Instant): this {
    for (;;) {
      const due = this.waitsUntil();
      if (due === null || due > instant) {
        break;
      }
      this.now = Math.max(this.now, due);
      this.run();
    }
    this.now = instant;
    return this.run();
  }

  advance(ms: number): this {
    return this.advanceTo(this.now + ms);
  }

  /** Time passes without a worker. */
  sleep(ms: number): this {
    this.now += ms;
    return this;
  }

  /** The workflow hears that holds have come or gone. */
  hold(...holds: Hold[]): this {
    this.holds = holds;
    this.knownHolds = holds;
    return this.run();
  }

  /** A deployment of the current phase gets on; what follows is recorded with it. */
  report(type: DeploymentReport, environment: string): this {
    return this.reportUnattended(type, environment).run();
  }

  /** The same without a worker. */
  reportUnattended(type: DeploymentReport, environment: string): this {
    this.record([{ type, at: Math.max(this.now, this.state.lastAt), phase: this.state.current, environment }]);
    const { plan, state, holds } = this;
    this.record(afterRollOut({ plan, state, holds }, state.lastAt));
    this.known = this.state;
    return this;
  }

  /** The job in this environment, or the revert of this service in it, does one thing, and the workflow goes on. */
  turn(environment: string, answer: TargetAnswer = 'done', service?: string): this {
    return this.turnUnattended(environment, answer, service).run();
  }

  /** The same without the workflow. */
  turnUnattended(environment: string, answer: TargetAnswer = 'done', service?: string): this {
    this.jobs.turn(this.jobIn(environment, service), () => answer);
    return this;
  }

  /** The job of a step, or of its condition, goes on to its end, and the workflow with it. */
  finish(step: string, answer: TargetAnswer = 'done', environment = 'production'): this {
    const index = this.stepIndex(step);
    const isOfStep = (job: Job) =>
      job.environment === environment &&
      (job.kind === 'roll-out' ? this.plan.process[index]?.kind === 'roll-out' : 'step' in job && job.step === index);
    const job = this.jobs.underWay.find(isOfStep);
    if (!job) {
      throw new Error(`${step} is not under way in ${environment}`);
    }
    while (this.jobs.underWay.includes(job)) {
      this.jobs.turn(job, () => answer);
    }
    return this.run();
  }

  /** What a step asks a person, by its number. */
  askedBy(step: string, environment = 'production'): number {
    const index = this.stepIndex(step);
    const found = openInterruptions(this.state, this.plan).find(
      ({ place }) => place.step === index && place.environment === environment,
    );
    if (!found) {
      throw new Error(`${step} asks nobody in ${environment}`);
    }
    return found.open.number;
  }

  /** Accepts an answer to what a step asks, and leaves it in the store. */
  acceptAnswer(step: string, result: InterruptionResult, more: Partial<AcceptedAction> & AnswerMore = {}) {
    const { environment, hasNotes = true, ...rest } = more;
    return this.accept('submit', {
      answer: { interruption: this.askedBy(step, environment), result, hasNotes },
      ...rest,
    });
  }

  /** A person answers what a step asks, and the workflow goes on with it; the refusal's code, or `null`. */
  answer(step: string, result: InterruptionResult, more: Partial<AcceptedAction> & AnswerMore = {}): string | null {
    this.deliver([this.acceptAnswer(step, result, more)]);
    this.run();
    return this.lastRefusal;
  }

  /** The last deployment to an environment. */
  deploymentIn(environment = 'production'): DeploymentState | undefined {
    return this.state.phases
      .flatMap(({ deployments }) => deployments)
      .findLast((deployment) => deployment.environment === environment);
  }

  /** The states of its steps, by their names. */
  stepsIn(environment = 'production'): Record<string, string> {
    const { steps = [] } = this.deploymentIn(environment) ?? {};
    return Object.fromEntries(steps.map(({ state }, index) => [this.plan.process[index]?.name ?? '', state]));
  }

  /** Every job goes on to its end, or until its target does not do what it is asked for; workers die where told. */
  work(answers: (effect: SimulatedEffect) => TargetAnswer = () => 'done', dies: () => boolean = () => false): this {
    const stuck = new Set<string>();
    for (;;) {
      this.run();
      const job = this.jobs.underWay.find((each) => !stuck.has(JSON.stringify(each)));
      if (!job) {
        return this;
      }
      if (dies()) {
        this.restart();
        continue;
      }
      if (!this.jobs.turn(job, answers)) {
        stuck.add(JSON.stringify(job));
      }
    }
  }

  /** Another workflow takes over from the store: position, undecided actions, and nothing else (REL-33). */
  restart(): this {
    this.state = JSON.parse(JSON.stringify(this.state)) as ReleaseState;
    this.known = this.state;
    this.jobs.forget();
    this.mailbox = this.accepted.filter(({ number }) => number > this.state.decided);
    this.knownHolds = [];
    return this;
  }

  /** One turn of the workflow; false: it waits. */
  step(): boolean {
    if (!this.options.slow) {
      this.jobs.follow(this.known);
    }
    const step = this.nextStep();
    if (!step) {
      return false;
    }
    this.recordStep(step);
    return true;
  }

  nextStep(): Step | null {
    if (isTerminal(this.state)) {
      return null;
    }
    const next = nextStep(this.input());
    return 'step' in next ? next.step : null;
  }

  /** When the workflow wakes by itself. */
  waitsUntil(): Instant | null {
    if (isTerminal(this.state)) {
      return null;
    }
    const next = nextStep(this.input());
    return 'step' in next ? this.now : next.waitUntil;
  }

  private stepIndex(name: string): number {
    return this.plan.process.findIndex((step) => step.name === name);
  }

  private jobIn(environment: string, service: string | undefined): Job {
    const job = this.jobs.underWay.find(
      (each) =>
        each.environment === environment && (each.kind !== 'revert' || each.service === (service ?? each.service)),
    );
    if (!job) {
      throw new Error(`Nothing is under way in ${environment}`);
    }
    return job;
  }

  private input(): NextInput {
    const { known: state, plan, now, mailbox, knownHolds } = this;
    return { state, plan, now, mailbox, finished: this.jobs.finished, holds: knownHolds, held: false };
  }

  /** The store's transaction: what is conditional is recorded only if nothing undecided and no hold is found (REL-30). */
  private recordStep(step: Step): void {
    const decided = afterStep(this.state, step, false).decided;
    const undecided = this.accepted.filter(({ number }) => number > decided);
    const kind = step.reach?.kind;
    const isFree =
      kind === 'revert' ||
      (undecided.length === 0 && (kind === 'timer' || kind === 'start' || this.holds.length === 0));
    const reached = step.reach && isFree ? this.asItGoes(step.reach.events) : [];
    this.options.observe?.({ input: this.input(), step, undecided, reached: reached.length > 0 });

    this.outcomes.push(...step.outcomes);
    this.state = { ...this.state, decided };
    this.record([...step.events, ...reached]);
    this.jobs.giveUp([...step.events, ...reached]);
    this.jobs.recorded();
    this.known = this.state;
    this.mailbox.push(...undecided);
    this.knownHolds = this.holds;
    if (isTerminal(this.state)) {
      this.outcomes.push(...refuseEnded(this.state, undecided));
    }
  }

  private asItGoes(events: readonly ReleaseEvent[]): ReleaseEvent[] {
    const start = events.findIndex(({ type }) => type === 'phase-started');
    return this.options.slow && start >= 0 ? events.slice(0, start + 1) : [...events];
  }

  private record(events: readonly ReleaseEvent[]): void {
    this.events.push(...events);
    this.state = evolveAll(this.state, events);
  }
}
