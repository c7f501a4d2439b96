import fc from 'fast-check';

import type {
  AcceptedAction,
  ActionRights,
  InterruptionAnswer,
  InterruptionResult,
} from '../../src/domain/accepted-action';
import { allowedActions } from '../../src/domain/decide';
import { evolveAll } from '../../src/domain/evolve';
import type { Instant } from '../../src/domain/instant';
import { MINUTE } from '../../src/domain/instant';
import { afterStep, nextStep } from '../../src/domain/next-step';
import type { ActionVerb, ReleaseAction, Review, StepKind } from '../../src/domain/pipeline';
import { RELEASE_ACTIONS } from '../../src/domain/pipeline';
import { openInterruptions } from '../../src/domain/process';
import type { Hold, StepState } from '../../src/domain/release';
import { currentPhase, triggeredRelease } from '../../src/domain/release';
import type { ReleaseEvent } from '../../src/domain/release-event';
import { planAt, type ManualPlan, type PlanItem, type ReleasePlan, type StepPlan } from '../../src/domain/release-plan';
import { jobName, jobsOf } from '../../src/domain/roll-out';
import { expectProcessesSound } from './expect-processes-sound';
import { expectServicesSound } from './expect-services-sound';
import { action, NOON, phase, rollOut, step } from './release-fixture';
import { Oracle } from './release-oracle';
import type { DeploymentReport, ObservedStep } from './release-run';
import { ReleaseRun } from './release-run';
import type { SimulatedEffect, TargetAnswer } from './simulated-jobs';

// Random pipelines, people, outages and restarts, against an oracle that shares no code with the domain. A failure
// prints its seed and path: FAST_CHECK_SEED repeats it, FAST_CHECK_RUNS looks longer.

const RUNS = Number(process.env['FAST_CHECK_RUNS'] ?? 400);
const SEED = process.env['FAST_CHECK_SEED'];

/** Few different lengths, so that ends and actions often fall on the same millisecond. */
const DURATIONS = [1, MINUTE, 10 * MINUTE, 60 * MINUTE] as const;
const PEOPLE = ['ada', 'rita', 'tom', 'olga'] as const;
const ENVIRONMENTS = ['development', 'staging', 'production'] as const;
const SERVICES = ['payments', 'stock', 'search'] as const;

const durationMs = fc.constantFrom(...DURATIONS);
const person = fc.constantFrom(...PEOPLE);
const mostlyNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });

const reviews: fc.Arbitrary<Review> = fc.record({
  teams: fc.constant([]),
  approvals: fc.constantFrom(1, 2, 2, 3),
  authorMayApprove: fc.boolean(),
  deadline: fc.option(fc.record({ afterMs: durationMs, outcome: fc.constantFrom('abort', 'proceed', 'keep-waiting') })),
});

/** A change set in its order: null stands for the flags. */
type ChangeSet = (string | null)[];

const flagsAlone: fc.Arbitrary<ChangeSet> = fc.constant([null]);
const withServices: fc.Arbitrary<ChangeSet> = fc
  .shuffledSubarray<string | null>([...SERVICES, null], { minLength: 1 })
  .filter((set) => set.some((service) => service !== null));

/** Services go to some of the environments that rules without conditions name, as a pinned change set has it (CHG-2). */
function itemsFor(
  phases: readonly { unconditional: string[] }[],
  set: ChangeSet,
  left: Record<string, string[]>,
): PlanItem[] {
  const named = [...new Set(phases.flatMap(({ unconditional }) => unconditional))];
  return set.flatMap((service): PlanItem[] => {
    if (service === null) {
      return [{ kind: 'flags' }];
    }
    const some = named.filter((environment) => !left[service]?.includes(environment));
    return named.length === 0 ? [] : [{ kind: 'service', service, environments: some.length > 0 ? some : named }];
  });
}

/** A few of them, in the same two places for all steps. */
const stepLimits = fc.record({
  environments: fc.constantFrom<string[]>([], [], [], ['production'], ['staging', 'production']),
  notEnvironments: fc.constantFrom<string[]>([], [], [], ['staging']),
  phases: fc.constantFrom<string[]>([], [], [], ['phase-0'], ['phase-1'], ['phase-1', 'phase-2']),
});

const manualSteps: fc.Arbitrary<ManualPlan> = fc.record({
  approvals: fc.constantFrom(1, 2),
  notesRequired: fc.constantFrom(false, false, true),
  authorMaySubmit: fc.boolean(),
  deadline: fc.option(fc.record({ afterMs: durationMs, outcome: fc.constantFrom('abort', 'proceed', 'escalate') })),
});

const steps = fc
  .record({
    kind: fc.constantFrom<StepKind>('manual', 'manual', 'http', 'http', 'email', 'notify'),
    manual: manualSteps,
    limits: stepLimits,
    runWhen: fc.constantFrom<StepPlan['runWhen']>('success', 'success', 'failure', 'always', 'expression'),
    start: fc.constantFrom<StepPlan['start']>('after-previous', 'after-previous', 'with-previous'),
    required: fc.boolean(),
    skipped: fc.constantFrom(false, false, false, true),
  })
  .map(({ kind, manual, limits, ...more }): StepPlan => ({
    ...step('', { kind, ...limits, ...more }),
    skipped: more.skipped && !more.required,
    ...(kind === 'manual' && { manual }),
  }));

/** With its roll-out first, mostly. */
const processes: fc.Arbitrary<StepPlan[]> = fc
  .record({
    steps: fc.array(steps, { minLength: 1, maxLength: 5 }),
    rollOut: fc.oneof(
      { weight: 3, arbitrary: fc.constant(rollOut()) },
      {
        weight: 1,
        arbitrary: steps.map(({ environments, phases, runWhen, start }) =>
          rollOut({ environments, phases, runWhen, start }),
        ),
      },
    ),
    at: fc.constantFrom(0, 0, 1, 2),
  })
  .map(({ steps: others, rollOut: own, at }) =>
    [...others.slice(0, at), own, ...others.slice(at)].map((each, index) => ({ ...each, name: `step-${index}` })),
  );

const plansOf = (
  changeSets: fc.Arbitrary<ChangeSet>,
  review: fc.Arbitrary<Review | null>,
  process: fc.Arbitrary<StepPlan[]> = fc.constant([]),
): fc.Arbitrary<ReleasePlan> =>
  fc
    .record({
      process,
      guidedFailure: fc.boolean(),
      phases: fc
        .array(
          fc
            .record({
              bakeMs: fc.oneof(fc.constant(0), durationMs),
              review,
              environments: fc.subarray([...ENVIRONMENTS], { minLength: 1 }),
              conditional: fc.subarray([...ENVIRONMENTS]),
            })
            .map(({ conditional, ...more }) => ({
              ...more,
              unconditional: more.environments.filter((environment) => !conditional.includes(environment)),
            })),
          { minLength: 1, maxLength: 5 },
        )
        .map((phases) => phases.map((more, index) => phase(`phase-${index}`, more))),
      set: changeSets,
      left: fc.record(
        Object.fromEntries(SERVICES.map((service) => [service, fc.subarray([...ENVIRONMENTS], { maxLength: 1 })])),
      ),
      revertWaitMs: fc.constantFrom(1, MINUTE),
      onFailure: fc.constantFrom('hold' as const, 'hold' as const, 'abort' as const),
      reasonRequired: fc.constantFrom<ReleaseAction[]>([], [], ['abort'], ['pause', 'skip']),
      authors: fc.constantFrom<string[]>(['ada'], ['ada', 'rita']),
      triggeredWithOwnToken: fc.constantFrom(null, 'ada'),
    })
    .map(({ set, left, ...plan }) => ({
      ...plan,
      items: itemsFor(plan.phases, set, left),
    }));

const flagPlans = plansOf(flagsAlone, fc.option(reviews));
const servicePlans = plansOf(withServices, mostlyNull(reviews)).filter(hasServices);
const processPlans = plansOf(fc.oneof(flagsAlone, withServices), fc.constant(null), processes).filter(
  ({ items }) => items.length > 0,
);

function hasServices({ items }: ReleasePlan): boolean {
  return items.some(({ kind }) => kind === 'service');
}

const rights = fc.record({
  approves: fc.constantFrom('all', 'all', 'all', 'all', 'all', 'some', 'none'),
  administrator: fc.boolean(),
  hasReason: fc.boolean(),
  tokenMaker: mostlyNull(person),
});

type Sight = 'current' | 'nothing' | 'first phase' | 'other attempt';

type Happening =
  | {
      does: 'act';
      verb: ActionVerb;
      /** Of `accept-drift`: mostly one that was touched. */
      item: { pick: number; service: string; environment: string | null };
      /** Of `submit`: mostly to what is asked. */
      answer: { pick: number; result: InterruptionResult; hasNotes: boolean };
      by: string;
      rights: { approves: string; administrator: boolean; hasReason: boolean; tokenMaker: string | null };
      sees: Sight;
      skewMs: number;
      expiresAfterMs: number | null;
      /** `at once`: and the worker goes on with it. */
      told: 'at once' | 'soon' | 'never';
    }
  | { does: 'deliver' | 'run' | 'restart' }
  | { does: 'time'; ms: number; worker: boolean }
  | { does: 'crash'; afterSteps: number; outageMs: number }
  /** A job, or a straggler of a worker that died, gets an answer; told of its end by a clock that may be wrong. */
  | { does: 'turn'; pick: number; answer: TargetAnswer; clockAheadMs: number }
  | { does: 'straggle'; pick: number; answer: TargetAnswer }
  /** The workflow hears a second time of the end of a job. */
  | { does: 'tell again'; pick: number }
  | { does: 'work'; patient: boolean }
  | { does: 'report'; type: DeploymentReport; pick: number }
  | { does: 'hold'; hold: Hold; silently: boolean }
  | { does: 'release holds' };

const kindsOfReport = ['deployment-succeeded', 'deployment-succeeded', 'deployment-failed'] as const;

const CURRENT_MOSTLY: Sight[] = [
  ...Array.from({ length: 8 }, (): Sight => 'current'),
  'nothing',
  'first phase',
  'other attempt',
];

const items = fc.record({
  pick: fc.nat({ max: 8 }),
  service: fc.constantFrom(...SERVICES),
  environment: fc.constantFrom<string | null>(...ENVIRONMENTS, null),
});

const answersOfPeople = fc.record({
  pick: fc.nat({ max: 5 }),
  result: fc.constantFrom<InterruptionResult>('proceed', 'proceed', 'proceed', 'abort', 'fail', 'retry', 'ignore'),
  hasNotes: fc.constantFrom(true, true, false),
});

const acts: fc.Arbitrary<Happening> = fc.record({
  does: fc.constant('act' as const),
  verb: fc.constantFrom<ActionVerb>(
    ...(['approve', 'pause', 'unpause', 'retry'] as const).flatMap((verb) => [verb, verb, verb, verb]),
    ...(['skip', 'skip', 'full-rollout', 'abort', 'accept-drift'] as const),
  ),
  item: items,
  answer: answersOfPeople,
  by: person,
  rights,
  sees: fc.constantFrom<Sight>(...CURRENT_MOSTLY),
  skewMs: fc.constantFrom(0, 0, 0, -1, 1, -MINUTE, MINUTE),
  expiresAfterMs: mostlyNull<number>(durationMs),
  told: fc.constantFrom('at once', 'at once', 'soon', 'never'),
});

const answers = fc.constantFrom<TargetAnswer>('done', 'done', 'done', 'done', 'refused', 'broken', 'drifted', 'silent');

const turns: fc.Arbitrary<Happening> = fc.record({
  does: fc.constant('turn' as const),
  pick: fc.nat({ max: 5 }),
  answer: answers,
  clockAheadMs: fc.constantFrom(0, 0, 0, -1, 1, MINUTE),
});

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: acts },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('time' as const),
      ms: fc.oneof(durationMs, fc.constant(24 * 60 * MINUTE)),
      worker: fc.boolean(),
    }),
  },
  { weight: 8, arbitrary: turns },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('straggle' as const), pick: fc.nat({ max: 5 }), answer: answers }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('work' as const), patient: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('report' as const),
      type: fc.constantFrom(...kindsOfReport),
      pick: fc.nat({ max: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constantFrom('deliver' as const, 'run' as const, 'restart' as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('crash' as const),
      afterSteps: fc.nat({ max: 3 }),
      outageMs: fc.oneof(fc.constant(0), durationMs),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('hold' as const),
      hold: fc.constantFrom<Hold>(
        { kind: 'defect', id: 'defect-1', detail: 'Checkout loses carts' },
        { kind: 'freeze', id: 'freeze-1', detail: 'Holidays' },
      ),
      silently: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('release holds' as const) }) },
);

const scenarios = fc.record({
  plan: fc.oneof(
    { weight: 4, arbitrary: flagPlans },
    { weight: 2, arbitrary: servicePlans },
    { weight: 1, arbitrary: processPlans },
  ),
  slow: fc.boolean(),
  story: fc.array(happenings, { minLength: 5, maxLength: 60, size: 'max' }),
});

/** One person who may do everything, so that stories get on to what services and processes do. */
const boldly = (...verbs: ActionVerb[]): fc.Arbitrary<Happening> =>
  fc.record({
    does: fc.constant('act' as const),
    verb: fc.constantFrom(...verbs),
    item: items,
    answer: answersOfPeople,
    by: fc.constant('olga'),
    rights: fc.constant({ approves: 'all', administrator: true, hasReason: true, tokenMaker: null }),
    sees: fc.constant('current' as const),
    skewMs: fc.constantFrom(0, 0, 1, -MINUTE),
    expiresAfterMs: fc.constant(null),
    told: fc.constantFrom('at once' as const, 'at once' as const, 'soon' as const, 'never' as const),
  });

const boldActs = boldly(
  ...(['full-rollout', 'retry', 'accept-drift'] as const).flatMap((verb) => [verb, verb, verb]),
  ...(['approve', 'skip', 'skip', 'pause', 'unpause', 'abort', 'abort'] as const),
);

const serviceScenarios = fc.record({
  plan: servicePlans.map((plan): ReleasePlan => ({ ...plan, reasonRequired: [] })),
  slow: fc.constant(false),
  story: fc.array(
    fc.oneof({ weight: 3, arbitrary: boldActs }, { weight: 4, arbitrary: turns }, { weight: 3, arbitrary: happenings }),
    { minLength: 10, maxLength: 60, size: 'max' },
  ),
});

/** People who answer what they are asked, now and then too late, twice, or what was not asked. */
const submits: fc.Arbitrary<Happening> = fc.record({
  does: fc.constant('act' as const),
  verb: fc.constant('submit' as const),
  item: items,
  answer: answersOfPeople,
  by: person,
  rights: fc.record({
    approves: fc.constant('all'),
    administrator: fc.constant(true),
    hasReason: fc.constant(true),
    tokenMaker: mostlyNull(person),
  }),
  sees: fc.constant('current' as const),
  skewMs: fc.constantFrom(0, 0, 0, -1, 1, -MINUTE),
  expiresAfterMs: mostlyNull<number>(durationMs),
  told: fc.constantFrom('at once' as const, 'at once' as const, 'soon' as const, 'never' as const),
});

const processScenarios = fc.record({
  plan: fc
    .record({
      plan: processPlans,
      onFailure: fc.constantFrom('hold' as const, 'hold' as const, 'hold' as const, 'abort' as const),
    })
    .map(({ plan, onFailure }): ReleasePlan => ({ ...plan, onFailure, reasonRequired: [] })),
  slow: fc.constant(false),
  story: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: submits },
      {
        weight: 3,
        arbitrary: boldly('retry', 'retry', 'retry', 'retry', 'retry', 'pause', 'skip', 'full-rollout', 'abort'),
      },
      { weight: 4, arbitrary: turns },
      { weight: 2, arbitrary: fc.record({ does: fc.constant('time' as const), ms: durationMs, worker: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ does: fc.constant('work' as const), patient: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ does: fc.constant('tell again' as const), pick: fc.nat({ max: 9 }) }) },
      { weight: 3, arbitrary: happenings },
    ),
    { minLength: 10, maxLength: 60, size: 'max' },
  ),
});

type Scenario = typeof scenarios extends fc.Arbitrary<infer T> ? T : never;

/** A run together with what an operator expects of it, step by step. */
class WatchedRun {
  readonly run: ReleaseRun;
  private readonly oracle: Oracle;
  /** What waits for people reports; what waits for targets is a job. */
  private readonly isReported: boolean;

  constructor({ plan, ...setting }: Pick<Scenario, 'plan' | 'slow'>) {
    const slow = setting.slow && !hasServices(plan) && plan.process.length === 0;
    this.isReported = slow;
    this.oracle = new Oracle(plan, NOON, slow);
    this.run = new ReleaseRun(plan, {
      slow,
      observe: (observed) => this.observe(observed),
      witness: (fact) => this.oracle.witness(fact),
    });
  }

  happen(happening: Happening): void {
    const { run } = this;
    switch (happening.does) {
      case 'act':
        this.act(happening);
        return;
      case 'deliver':
        run.deliver();
        return;
      case 'run':
        run.run();
        this.expectAtRest();
        return;
      case 'restart':
        this.restart();
        return;
      case 'time':
        if (happening.worker) {
          run.advance(happening.ms);
          this.expectAtRest();
        } else {
          run.sleep(happening.ms);
        }
        return;
      case 'crash':
        for (let step = 0; step < happening.afterSteps && run.step(); step += 1) {
          // As far as the worker gets.
        }
        run.sleep(happening.outageMs);
        this.restart();
        return;
      case 'turn':
        this.turn(happening);
        return;
      case 'straggle': {
        const { unanswered } = run.jobs;
        const effect = unanswered[happening.pick % Math.max(1, unanswered.length)];
        if (effect) {
          run.jobs.answer(effect.key, happening.answer);
        }
        return;
      }
      case 'tell again':
        run.jobs.tellAgain(happening.pick);
        return;
      case 'work':
        run.work(happening.patient ? isBackAtLast : () => 'done');
        this.expectAtRest();
        return;
      case 'report':
        this.report(happening.type, happening.pick);
        return;
      case 'hold':
        if (happening.silently) {
          run.holds = [happening.hold];
        } else {
          run.hold(happening.hold);
          this.expectAtRest();
        }
        return;
      case 'release holds':
        run.hold();
        this.expectAtRest();
    }
  }

  /** Everybody is told everything, every target does what it is asked for, and what can go on goes on. */
  drain(): void {
    this.run.deliver();
    this.run.hold();
    this.run.work();
    this.expectAtRest();
    expect(jobsOf(this.run.state).filter(() => this.run.jobs.underWay.length > 0)).toEqual([]);
    expect(this.run.outcomes.map(({ number }) => number)).toEqual(this.run.accepted.map(({ number }) => number));
  }

  private restart(): void {
    this.run.restart();
  }

  private turn({ pick, answer, clockAheadMs }: Extract<Happening, { does: 'turn' }>): void {
    const { jobs } = this.run;
    const job = jobs.underWay[pick % Math.max(1, jobs.underWay.length)];
    if (job) {
      jobs.clockAheadMs = clockAheadMs;
      jobs.turn(job, () => answer);
      jobs.clockAheadMs = 0;
    }
  }

  private act(happening: Extract<Happening, { does: 'act' }>): void {
    const { run } = this;
    const names = run.plan.phases.map(({ name }) => name);
    const { approves, ...rest } = happening.rights;
    const given: ActionRights = {
      ...rest,
      mayApprove: approves === 'all' ? names : approves === 'some' ? names.filter((_, index) => index % 2 === 0) : [],
    };
    const seen = {
      current: {},
      nothing: { phase: null, attempt: null },
      'first phase': { phase: names[0] ?? null, attempt: null },
      'other attempt': { attempt: 2 },
    }[happening.sees];
    const accepted = run.accept(happening.verb, {
      by: happening.by,
      rights: given,
      acceptedAt: run.now + happening.skewMs,
      expiresAt: happening.expiresAfterMs === null ? null : run.now + happening.expiresAfterMs,
      ...(happening.verb === 'accept-drift' ? { item: this.itemOf(happening.item) } : seen),
      ...(happening.verb === 'submit' && { phase: null, attempt: null, answer: this.answerOf(happening.answer) }),
    });
    if (happening.told !== 'never') {
      run.deliver([accepted]);
    }
    if (happening.told === 'at once') {
      run.run();
      this.expectAtRest();
    }
  }

  private itemOf({ pick, service, environment }: Extract<Happening, { does: 'act' }>['item']) {
    const touched = this.run.state.touched[pick];
    return touched
      ? { service: touched.service, environment: environment && touched.environment }
      : { service, environment };
  }

  /** One that can be given, where the one that was picked cannot. */
  private answerOf({ pick, result, hasNotes }: Extract<Happening, { does: 'act' }>['answer']): InterruptionAnswer {
    const open = openInterruptions(this.run.state, this.run.plan);
    const picked = open[pick % Math.max(1, open.length)];
    const isOfManual = result === 'proceed' || result === 'abort';
    const fitting = picked?.open.kind === 'failure' && isOfManual ? 'retry' : result;
    return { interruption: picked?.open.number ?? pick, result: fitting, hasNotes };
  }

  private report(type: DeploymentReport, pick: number): void {
    const { run, oracle } = this;
    const underWay = oracle.underWay();
    const environment = underWay[pick % Math.max(1, underWay.length)];
    if (environment !== undefined && this.isReported) {
      run.reportUnattended(type, environment);
      oracle.report(type, environment, run.now, run.holds);
    }
  }

  private observe(observed: ObservedStep): void {
    const { input, step } = observed;
    const { run, oracle } = this;
    const { now, holds } = input;
    expectRepeatable(input, step);
    expectOneByOne(input, step);
    expectJobsOnce(run);
    oracle.hear(input.finished, now, holds);
    this.expectDecided(observed);
  }

  private expectDecided({ input, step, undecided, reached }: ObservedStep): void {
    const { run, oracle } = this;
    const { now, holds } = input;

    for (const outcome of step.outcomes) {
      const decided = run.accepted[outcome.number - 1];
      expect(decided?.id).toBe(outcome.action);
      const accepted = decided ? oracle.decide(decided, now, holds) : false;
      expect([outcome.number, decided?.verb, outcome.refusal?.refused ?? null]).toEqual([
        outcome.number,
        decided?.verb,
        accepted ? null : expect.any(String),
      ]);
    }

    const kind = step.reach?.kind;
    if (kind === 'revert') {
      expect(step.reach?.events.map(({ type }) => type)).toEqual([oracle.revert(now)]);
      return;
    }
    if (!reached) {
      return;
    }
    // REL-30: what was accepted is decided first.
    expect(undecided).toEqual([]);
    oracle.elapse(now);
    oracle.ask(now);
    if (kind !== 'timer') {
      // A queued release is held by its queue alone; everything else by every hold.
      expect(kind === 'start' ? [] : run.holds).toEqual([]);
      oracle.enter(now);
      oracle.ask(now);
    }
  }

  private expectAtRest(): void {
    const { run, oracle } = this;
    const { progress, attempt, approvals } = currentPhase(run.state);
    const seen = {
      shown: run.shown,
      current: run.state.current,
      attempt,
      endsAt: progress.status === 'baking' ? progress.endsAt : null,
      remainingMs: progress.status === 'paused' ? progress.remainingMs : null,
      armed: run.state.armed?.intent ?? null,
      approvals: approvals.map(({ by }) => by),
      lastAt: run.state.lastAt,
      services: run.state.touched.map(({ service, environment, state }) => `${service} ${environment} ${TOUCH[state]}`),
      ...processesOf(run),
    };
    const expected = oracle.view(run.holds);
    if (oracle.isPastPhases()) {
      const { shown, lastAt, services, questions, current, attempt: last } = expected;
      expect([seen.shown, seen.lastAt, seen.services, seen.questions]).toEqual([shown, lastAt, services, questions]);
      expect(oracle.isOver() || oracle.place === 'aborting' || [seen.current, seen.attempt]).toEqual(
        oracle.isOver() || oracle.place === 'aborting' || [current, last],
      );
    } else {
      expect(seen).toEqual(expected);
    }
    expect(!oracle.isOver() && oracle.isDue(run.now, run.holds)).toBe(false);
    this.expectAllowedIsWhatIsDecided();
  }

  /** `allowed[]` and what is then decided are one (HTTP-4). */
  private expectAllowedIsWhatIsDecided(): void {
    const { run } = this;
    const { state, plan, holds, now } = run;
    for (const by of ['ada', 'olga']) {
      const asked = (verb: ReleaseAction) =>
        action(verb, plan, { number: state.decided + 1, by, acceptedAt: now, attempt: null, phase: null });
      const decided = RELEASE_ACTIONS.filter((verb) => {
        const next = nextStep({ state, plan, holds, mailbox: [asked(verb)], finished: [], held: false, now });
        return 'step' in next && next.step.outcomes[0]?.refusal === null;
      });
      expect(allowedActions({ state, plan, holds }, asked('abort'), Math.max(now, state.lastAt))).toEqual(decided);
    }
  }
}

/** The steps of the current phase's deployments, the last one in each environment, and what is asked. */
function processesOf({ state, plan }: ReleaseRun): { steps: string[]; questions: string[] } {
  const { deployments } = currentPhase(state);
  const latest = deployments.filter(
    ({ environment }, index) => !deployments.slice(index + 1).some((later) => later.environment === environment),
  );
  return {
    steps: latest.flatMap(({ environment, steps: own = [] }) =>
      own.map((each, index) => `${environment} ${index} ${STEP[each.state]} ${each.try}`),
    ),
    questions: openInterruptions(state, plan).map(({ open }) =>
      [open.number, open.deadlineAt, ...open.proceeds.map(({ by }) => by)].join(' '),
    ),
  };
}

const STEP: Record<StepState['state'], string> = {
  pending: 'todo',
  checking: 'checking',
  ready: 'ready',
  running: 'running',
  waiting: 'asking',
  succeeded: 'done',
  failed: 'failed',
  skipped: 'left-out',
  aborted: 'aborted',
};

const TOUCH = {
  applying: 'touched',
  failed: 'touched',
  applied: 'arrived',
  reverting: 'returning',
  reverted: 'back',
  drifted: 'back',
} as const;

/** A target that takes what it is sent the second time. */
const isBackAtLast = ({ sends }: SimulatedEffect): TargetAnswer => (sends > 1 ? 'done' : 'broken');

/** Nothing is asked for twice. */
function expectJobsOnce({ state }: ReleaseRun): void {
  const names = jobsOf(state).map(jobName);
  expect(names).toEqual([...new Set(names)]);
}

/** The same input gives the same step, also when it comes back from the store. */
function expectRepeatable(input: ObservedStep['input'], step: ObservedStep['step']): void {
  expect(nextStep(JSON.parse(JSON.stringify(input)) as ObservedStep['input'])).toEqual({ step });
}

/** Decided one at a time, with the next one always on its way, actions come out as they do together. */
function expectOneByOne(input: ObservedStep['input'], step: ObservedStep['step']): void {
  let state = input.state;
  const events: ReleaseEvent[] = [];
  for (const { number } of step.outcomes) {
    const next = nextStep({ ...input, state, mailbox: input.mailbox.filter((one) => one.number === number) });
    if (!('step' in next)) {
      throw new Error(`Action ${number} was not decided by itself`);
    }
    events.push(...next.step.events);
    state = afterStep(state, next.step, false);
  }
  expect(events).toEqual(step.events);
  expect(state).toEqual(afterStep(input.state, step, false));
}

/** What must be true of any list of events, whatever led to it. */
function expectSound(run: ReleaseRun): void {
  const { plan, events } = run;
  expect({ ...evolveAll(triggeredRelease(plan, NOON), events), decided: run.state.decided }).toEqual(run.state);

  // What a job records is known to the workflow one step later.
  const times = events.filter(({ type }) => !FACTS.includes(type)).map(({ at }) => at);
  expect(times).toEqual([...times].sort((a, b) => a - b));

  const ended = events.findIndex(({ type }) => type === 'release-aborted' || type === 'release-completed');
  expect(ended === -1 || ended === events.length - 1).toBe(true);
  const aborting = events.findIndex(({ type }) => type === 'release-aborting');
  expect(aborting === -1 ? [] : events.slice(aborting + 1).filter(({ type }) => !OF_ABORTS.includes(type))).toEqual([]);

  expectGates(plan, events);
  expectBakes(plan, events);
  expectAttempts(events);
  expectServicesSound(run);
  expectProcessesSound(run);
}

/** What jobs record between two steps. */
const FACTS: ReleaseEvent['type'][] = [
  'flags-applied',
  'service-apply-started',
  'service-applied',
  'service-apply-failed',
];

/** All that happens to steps. */
const OF_PROCESSES: ReleaseEvent['type'][] = [
  'step-checking',
  'condition-answered',
  'step-skipped',
  'step-started',
  'step-succeeded',
  'step-failed',
  'interruption-raised',
  'interruption-proceeded',
  'interruption-submitted',
  'interruption-deadline-passed',
];

/** All that happens after an abort was decided. */
const OF_ABORTS: ReleaseEvent['type'][] = [
  'flags-reverted',
  'service-revert-started',
  'service-reverted',
  'service-drifted',
  'drift-accepted',
  'release-aborted',
];

/** INV-2: a phase starts after the review it needs was given, and after the one before it. */
function expectGates(plan: ReleasePlan, events: readonly ReleaseEvent[]): void {
  events.forEach((event, index) => {
    const before = events.slice(0, index);
    // A full roll-out passes reviews and starts wherever services are missing (REL-20).
    if (event.type !== 'phase-started' || before.some(({ type }) => type === 'full-rollout-started')) {
      return;
    }
    const { review } = planAt(plan, event.phase);
    if (review) {
      const passed = before.find((earlier) => earlier.type === 'review-passed' && earlier.phase === event.phase);
      const approvers = new Set(
        before.flatMap((earlier) =>
          earlier.type === 'approval-given' && earlier.phase === event.phase ? [earlier.by] : [],
        ),
      );
      const opened = before.find((earlier) => earlier.type === 'review-opened' && earlier.phase === event.phase);
      if (passed?.type === 'review-passed' && passed.how === 'deadline') {
        expect(review.deadline?.outcome).toBe('proceed');
        expect(passed.at - (opened?.at ?? NaN)).toBeGreaterThanOrEqual(review.deadline?.afterMs ?? NaN);
      } else {
        expect(passed).toBeDefined();
        expect(approvers.size).toBeGreaterThanOrEqual(review.approvals);
        expect(review.authorMayApprove || ![...approvers].some((by) => plan.authors.includes(by))).toBe(true);
      }
    }
    if (event.phase > 0 && event.attempt === 1) {
      expect(
        before.some(
          (earlier) =>
            (earlier.type === 'bake-ended' || earlier.type === 'phase-skipped') && earlier.phase === event.phase - 1,
        ),
      ).toBe(true);
    }
  });
}

/** INV-2: a bake that elapsed has lasted exactly its time, pauses left out, and what remains never grows. */
function expectBakes(plan: ReleasePlan, events: readonly ReleaseEvent[]): void {
  let bakedMs = 0;
  let runsSince: Instant | null = null;
  let remainingMs = Infinity;
  for (const event of events) {
    switch (event.type) {
      case 'phase-started':
        [bakedMs, runsSince, remainingMs] = [0, null, planAt(plan, event.phase).bakeMs];
        break;
      case 'bake-started':
      case 'bake-unpaused':
        runsSince = event.at;
        expect(event.endsAt - event.at).toBe(remainingMs);
        break;
      case 'bake-paused':
        bakedMs += runsSince === null ? 0 : event.at - runsSince;
        expect(event.remainingMs).toBeLessThanOrEqual(remainingMs);
        [runsSince, remainingMs] = [null, event.remainingMs];
        break;
      case 'bake-ended':
        if (event.how === 'elapsed') {
          expect(bakedMs + event.at - (runsSince ?? NaN)).toBe(planAt(plan, event.phase).bakeMs);
        }
        break;
      default:
        break;
    }
  }
}

/** INV-2: no phase twice in an attempt, no environment again that has succeeded. */
function expectAttempts(events: readonly ReleaseEvent[]): void {
  const started = new Set<string>();
  const succeeded = new Set<string>();
  for (const event of events) {
    if (event.type === 'phase-started') {
      const key = `${event.phase}/${event.attempt}`;
      expect(started.has(key)).toBe(false);
      started.add(key);
      expect(event.environments.filter((name) => succeeded.has(`${event.phase}/${name}`))).toEqual([]);
    }
    if (event.type === 'deployment-succeeded') {
      succeeded.add(`${event.phase}/${event.environment}`);
    }
  }
}

const abortsOf = (run: ReleaseRun): AcceptedAction[] =>
  run.accepted.filter(({ verb, number }) => verb === 'abort' && run.outcomes[number - 1]?.refusal === null);

/** What stories have led to. */
interface Experience {
  /** States that were shown. */
  reached: Set<string>;
  /** Actions that were applied. */
  applied: Set<string>;
  /** Types of events. */
  happened: Set<string>;
}

/** Every story goes as an operator expects it, and ends where nothing is left to be done. */
function expectStories(scenariosOf: fc.Arbitrary<Scenario>, numRuns: number): Experience {
  const experience: Experience = { reached: new Set(), applied: new Set(), happened: new Set() };
  fc.assert(
    fc.property(scenariosOf, ({ story, ...setting }) => {
      const watched = new WatchedRun(setting);
      const { run } = watched;

      for (const happening of story) {
        watched.happen(happening);
        experience.reached.add(run.shown);
      }
      watched.drain();
      run.outcomes
        .filter(({ refusal }) => refusal === null)
        .forEach(({ number }) => experience.applied.add(run.accepted[number - 1]?.verb ?? ''));
      run.events.forEach(({ type }) => experience.happened.add(type));

      expectSound(run);
      expect(abortsOf(run).length > 0 ? run.shown : null).toBe(abortsOf(run).length > 0 ? 'aborted' : null);
    }),
    { numRuns, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
  return experience;
}

describe('a release, whatever happens', () => {
  it('INV-1, INV-2: does what an operator expects of it', () => {
    const { reached, applied } = expectStories(scenarios, RUNS);

    // Stories that never get anywhere prove nothing.
    expect([...applied].filter((verb) => verb !== 'accept-drift').sort()).toEqual([...RELEASE_ACTIONS].sort());
    expect([...reached].sort()).toEqual([
      'aborted',
      'aborting',
      'baking',
      'blocked',
      'completed',
      'failed',
      'paused',
      'queued',
      'rolling-out',
      'waiting-for-intervention',
      'waiting-for-review',
    ]);
  });

  it('INV-1, REL-19, REL-20, REL-22: brings services out and takes them back as an operator expects', () => {
    const { applied, happened } = expectStories(serviceScenarios, Math.ceil(RUNS / 2));

    expect([...applied]).toEqual(expect.arrayContaining(['full-rollout', 'retry', 'skip', 'abort', 'accept-drift']));
    expect([...happened]).toEqual(expect.arrayContaining([...FACTS, ...OF_ABORTS, 'release-completed']));
  });

  it('INV-1, PRO-1…8, INT-1…10: runs its processes and asks people as an operator expects', () => {
    const { reached, applied, happened } = expectStories(processScenarios, Math.ceil(RUNS / 4));

    expect([...applied]).toEqual(expect.arrayContaining(['full-rollout', 'retry', 'skip', 'abort', 'submit']));
    expect([...reached]).toEqual(expect.arrayContaining(['waiting-for-intervention', 'failed', 'baking', 'completed']));
    expect([...happened]).toEqual(expect.arrayContaining([...OF_PROCESSES, 'release-completed', 'release-aborted']));
  });

  it('INV-2: is the same in the end, however the worker was interrupted, where nobody acts meanwhile', () => {
    const untouched = fc.record({ plan: flagPlans, naps: fc.array(durationMs, { maxLength: 12 }) });

    fc.assert(
      fc.property(untouched, ({ plan, naps }) => {
        const awake = new ReleaseRun(plan).run();
        const sleepy = new ReleaseRun(plan).run();
        const phasesOf = (run: ReleaseRun) => run.eventsOf('phase-started').map((event) => event.phase);

        for (const ms of naps) {
          awake.advance(ms);
          sleepy.sleep(ms).restart().run();
        }
        awake.advance(1_000 * 60 * MINUTE);
        sleepy.advance(1_000 * 60 * MINUTE);

        expect([sleepy.shown, phasesOf(sleepy)]).toEqual([awake.shown, phasesOf(awake)]);
        sleepy.eventsOf('phase-started').forEach(({ at }, index) => {
          expect(at).toBeGreaterThanOrEqual(awake.eventsOf('phase-started')[index]?.at ?? NaN);
        });
      }),
      { numRuns: Math.ceil(RUNS / 4) },
    );
  });

  it('REL-33: brings and takes back the same services, wherever its workflow is started again', () => {
    const target = fc.record({
      failures: fc.constantFrom(0, 0, 0, 1, 2),
      back: fc.constantFrom<TargetAnswer>('done', 'done', 'drifted', 'silent'),
    });
    const tales = fc.record({
      // The first failure aborts what runs beside it, which is somewhere else after every restart.
      plan: fc.oneof(
        servicePlans,
        processPlans.map((plan): ReleasePlan => ({ ...plan, onFailure: 'hold' })),
      ),
      targets: fc.array(target, { minLength: 9, maxLength: 9 }),
      tale: fc.array(
        fc.oneof(
          fc.record({
            verb: fc.constantFrom<ActionVerb>('approve', 'skip', 'full-rollout', 'abort', 'retry', 'retry'),
          }),
          fc.record({ ms: durationMs }),
          fc.record({ result: answersOfPeople.map(({ result }) => result) }),
        ),
        { maxLength: 12, size: 'max' },
      ),
      /** Before which turns of a job the worker dies. */
      deaths: fc.array(fc.boolean(), { maxLength: 60, size: 'max' }),
    });
    const ends = new Set<string>();

    fc.assert(
      fc.property(tales, ({ plan, targets, tale, deaths }) => {
        const answerOf = ({ service, environment, direction, attempt, try: tried }: SimulatedEffect): TargetAnswer => {
          const steps = plan.process.map(({ name }) => name);
          const row = [...SERVICES, ...steps].indexOf(service) % SERVICES.length;
          const at = row * 3 + ENVIRONMENTS.findIndex((one) => one === environment);
          const { failures, back } = targets[at] ?? { failures: 0, back: 'done' };
          const isFailure = attempt + tried - 1 <= failures;
          // Which service comes after which step of another environment differs, and with it what waits for what.
          const isBack = steps.length > 0 ? 'done' : back;
          return direction === 'revert' ? isBack : isFailure ? (attempt === 1 ? 'refused' : 'broken') : 'done';
        };
        const [steady, interrupted] = [[], deaths].map((deathsOf) => {
          const run = new ReleaseRun(plan);
          const left = [...deathsOf];
          const dies = () => left.shift() ?? false;
          run.work(answerOf, dies);
          for (const each of tale) {
            if ('verb' in each) {
              run.act(each.verb);
            } else if ('result' in each) {
              answerFirst(run, each.result);
            } else {
              run.advance(each.ms);
            }
            run.work(answerOf, dies);
          }
          return run;
        });

        expect(interrupted && endOf(interrupted)).toEqual(steady && endOf(steady));
        ends.add(steady?.shown ?? '');
      }),
      { numRuns: Math.ceil(RUNS / 2), ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
    );

    expect([...ends]).toEqual(expect.arrayContaining(['aborting', 'aborted', 'completed', 'failed', 'baking']));
  });
});

/** Answers what is asked first in the order of the process: numbers depend on which job ended first. */
function answerFirst(run: ReleaseRun, result: InterruptionResult): void {
  const [first] = openInterruptions(run.state, run.plan).sort((one, other) =>
    JSON.stringify(one.place).localeCompare(JSON.stringify(other.place)),
  );
  if (first) {
    run.act('submit', { answer: { interruption: first.open.number, result, hasNotes: true } });
  }
}

/** All that a restart must not change: where the release stands, and what has happened, in whatever order of parallel jobs. */
function endOf({ plan, state, shown, events, jobs }: ReleaseRun) {
  const touched = state.touched.map(({ service, environment, state: touch }) =>
    [service, environment, touch].join(' '),
  );
  return {
    shown,
    phases: state.phases.map(({ progress, attempt, partial }) => [progress.status, attempt, partial]),
    touched: plan.process.length > 0 ? touched.sort() : touched,
    events: events.map((event) => JSON.stringify({ ...event, at: 0, interruption: 0 })).sort(),
    // What an expression gave is not stored before it is decided with.
    effects: [...jobs.effects.values()]
      .filter(({ direction }) => direction !== 'condition')
      .map(({ key, status }) => `${key} ${status}`)
      .sort(),
  };
}
