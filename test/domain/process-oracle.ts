import type { AcceptedAction } from '../../src/domain/accepted-action';
import type { Instant } from '../../src/domain/instant';
import type { ReleasePlan, StepPlan } from '../../src/domain/release-plan';

/** What somebody is asked, and who has said yes so far. */
interface Question {
  number: number;
  about: 'sign-off' | 'failure' | 'expression';
  deadlineAt: Instant | null;
  yes: { by: string; ownToken: boolean }[];
}

interface Step {
  state: 'todo' | 'to-ask' | 'checking' | 'running' | 'asking' | 'done' | 'failed' | 'left-out';
  try: number;
  /** Its expression was found to hold. */
  holds: boolean;
  question: Question | null;
}

/** What an operator expects of one deployment's process: steps one after the other, and nothing remembered but them. */
export class ProcessOracle {
  readonly steps: Step[];

  constructor(
    private readonly plan: ReleasePlan,
    private readonly where: { phases: string[]; environment: string },
    private readonly nextNumber: () => number,
  ) {
    this.steps = plan.process.map(() => ({ state: 'todo', try: 1, holds: false, question: null }));
  }

  get state(): 'running' | 'waiting' | 'succeeded' | 'failed' {
    if (this.steps.some(({ state }) => state === 'asking')) {
      return 'waiting';
    }
    if (!this.steps.every(isOver)) {
      return 'running';
    }
    return this.steps.some(({ state }) => state === 'failed') ? 'failed' : 'succeeded';
  }

  /** Begins whatever has its turn. `isThere`: with nothing to bring, the roll-out is done as soon as it begins. */
  goOn(isThere = false): void {
    this.steps.forEach((step, index) => {
      const before = this.steps.slice(0, this.startOfGroup(index));
      if (step.state === 'todo' && before.every(isOver)) {
        this.begin(
          index,
          before.some(({ state }) => state === 'failed'),
          isThere,
        );
      }
    });
  }

  /** Now, and not while it catches up, people are asked what is to be asked. */
  ask(at: Instant): void {
    this.steps.forEach((step, index) => {
      const { manual } = this.planAt(index);
      if (step.state === 'to-ask') {
        this.raise(step, 'sign-off', manual?.deadline ? at + manual.deadline.afterMs : null);
      }
    });
  }

  awaits(kind: string, index: number, tried: number): boolean {
    const step = this.steps[index];
    return step?.try === tried && step.state === (kind === 'condition' ? 'checking' : 'running');
  }

  rollOutIndex(): number {
    return this.plan.process.findIndex(({ kind }) => kind === 'roll-out');
  }

  /** The end of a job that was awaited. */
  end(index: number, outcome: string, answer: boolean): void {
    const step = this.stepAt(index);
    if (outcome === 'answered') {
      step.holds = answer;
      step.state = answer ? 'todo' : this.leftOut(index);
    } else if (outcome === 'succeeded') {
      step.state = 'done';
    } else if (this.plan.guidedFailure) {
      this.raise(step, step.state === 'checking' ? 'expression' : 'failure', null);
    } else {
      step.state = 'failed';
    }
    this.goOn();
  }

  questions(): Question[] {
    return this.steps.flatMap(({ question }) => question ?? []);
  }

  /** Nobody has answered in time. */
  timeIsUp(number: number): void {
    const index = this.indexOf(number);
    const step = this.stepAt(index);
    switch (this.planAt(index).manual?.deadline?.outcome) {
      case 'escalate':
        step.question = step.question && { ...step.question, deadlineAt: null };
        return;
      case 'proceed':
        this.settle(step, 'done');
        return;
      default:
        this.settle(step, 'failed');
    }
  }

  /** Whether an answer to one of these questions counts. */
  accepts({ answer, by, rights }: AcceptedAction): boolean {
    const index = this.indexOf(answer?.interruption ?? 0);
    const question = this.steps[index]?.question;
    if (!answer || !question) {
      return false;
    }
    const { required, manual, kind } = this.planAt(index);
    const maker = rights.tokenMaker;
    const isTied =
      maker !== null &&
      (maker === this.plan.triggeredWithOwnToken || question.yes.some((one) => one.ownToken && one.by === maker));
    if (question.about !== 'sign-off') {
      const mayIgnore = !required && kind !== 'manual';
      const isResult =
        answer.result === 'fail' || answer.result === 'retry' || (answer.result === 'ignore' && mayIgnore);
      return isResult && !isTied;
    }
    const isTwice = answer.result === 'proceed' && question.yes.some((one) => one.by === by);
    return (
      (answer.result === 'proceed' || answer.result === 'abort') &&
      (answer.hasNotes || manual?.notesRequired === false) &&
      (manual?.authorMaySubmit === true || !this.plan.authors.includes(by)) &&
      !isTied &&
      !isTwice
    );
  }

  apply({ answer, by, rights }: AcceptedAction): void {
    const index = this.indexOf(answer?.interruption ?? 0);
    const step = this.stepAt(index);
    switch (answer?.result) {
      case 'proceed':
        step.question?.yes.push({ by, ownToken: rights.tokenMaker === null });
        if ((step.question?.yes.length ?? 0) >= (this.planAt(index).manual?.approvals ?? 0)) {
          this.settle(step, 'done');
        }
        return;
      case 'ignore':
        this.settle(step, 'done');
        return;
      case 'retry':
        step.try += 1;
        this.settle(step, 'todo');
        return;
      default:
        this.settle(step, 'failed');
    }
  }

  private begin(index: number, hasFailed: boolean, isThere: boolean): void {
    const step = this.stepAt(index);
    const plan = this.planAt(index);
    const isWanted = plan.runWhen === 'failure' ? hasFailed : plan.runWhen !== 'success' || !hasFailed;
    if (!this.isHere(plan) || plan.skipped || !isWanted) {
      step.state = this.leftOut(index);
    } else if (plan.runWhen === 'expression' && !step.holds) {
      step.state = 'checking';
    } else if (plan.manual) {
      step.state = 'to-ask';
    } else {
      step.state = plan.kind === 'roll-out' && isThere ? 'done' : 'running';
    }
  }

  /** A roll-out that did not run has failed its deployment, unless something had before (PRO-8). */
  private leftOut(index: number): 'left-out' | 'failed' {
    const hasFailed = this.steps.slice(0, this.startOfGroup(index)).some(({ state }) => state === 'failed');
    return this.planAt(index).kind === 'roll-out' && !hasFailed ? 'failed' : 'left-out';
  }

  private isHere({ environments, notEnvironments, phases }: StepPlan): boolean {
    const { where } = this;
    const isOneOf = (names: string[], own: string[]) => names.length === 0 || own.some((name) => names.includes(name));
    return (
      isOneOf(environments, [where.environment]) &&
      isOneOf(phases, where.phases) &&
      !notEnvironments.includes(where.environment)
    );
  }

  private raise(step: Step, about: Question['about'], deadlineAt: Instant | null): void {
    step.state = 'asking';
    step.question = { number: this.nextNumber(), about, deadlineAt, yes: [] };
  }

  private settle(step: Step, state: Step['state']): void {
    step.state = state;
    step.question = null;
    this.goOn();
  }

  /** The first of those that start together with it. */
  private startOfGroup(index: number): number {
    let first = index;
    while (first > 0 && this.planAt(first).start === 'with-previous') {
      first -= 1;
    }
    return first;
  }

  private indexOf(number: number): number {
    return this.steps.findIndex(({ question }) => question?.number === number);
  }

  private stepAt(index: number): Step {
    const step = this.steps[index];
    if (!step) {
      throw new Error(`There is no step ${index}`);
    }
    return step;
  }

  private planAt(index: number): StepPlan {
    const step = this.plan.process[index];
    if (!step) {
      throw new Error(`There is no step ${index}`);
    }
    return step;
  }
}

function isOver({ state }: Step): boolean {
  return state === 'done' || state === 'failed' || state === 'left-out';
}
