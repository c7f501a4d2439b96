import fc from 'fast-check';

import { allowedActions } from '../../src/domain/decide';
import { evolveAll } from '../../src/domain/evolve';
import type { Instant } from '../../src/domain/instant';
import { MINUTE } from '../../src/domain/instant';
import { afterStep, nextStep } from '../../src/domain/next-step';
import type { ReleaseAction, Review } from '../../src/domain/pipeline';
import { RELEASE_ACTIONS } from '../../src/domain/pipeline';
import type { AcceptedAction, ActionRights, Hold, ReleaseEvent, ReleasePlan } from '../../src/domain/release';
import { currentPhase, isTerminal, planAt, triggeredRelease } from '../../src/domain/release';
import { action, NOON, phase } from './release-fixture';
import { Oracle } from './release-oracle';
import type { DeploymentReport, ObservedStep } from './release-run';
import { ReleaseRun } from './release-run';

// Random pipelines, people, outages and restarts, against an oracle that shares no code with the domain. A failure
// prints its seed and path: FAST_CHECK_SEED repeats it, FAST_CHECK_RUNS looks longer.

const RUNS = Number(process.env['FAST_CHECK_RUNS'] ?? 400);
const SEED = process.env['FAST_CHECK_SEED'];

/** Few different lengths, so that ends and actions often fall on the same millisecond. */
const DURATIONS = [1, MINUTE, 10 * MINUTE, 60 * MINUTE] as const;
const PEOPLE = ['ada', 'rita', 'tom', 'olga'] as const;
const ENVIRONMENTS = ['development', 'staging', 'production'] as const;

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

const plans: fc.Arbitrary<ReleasePlan> = fc.record({
  phases: fc
    .array(
      fc.record({
        bakeMs: fc.oneof(fc.constant(0), durationMs),
        review: fc.option(reviews),
        environments: fc.subarray([...ENVIRONMENTS], { minLength: 1 }),
        unconditional: fc.constant<string[]>([]),
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map((phases) => phases.map((more, index) => phase(`phase-${index}`, more))),
  items: fc.constant([{ kind: 'flags' as const }]),
  revertWaitMs: fc.constant(10_000),
  onFailure: fc.constantFrom('hold', 'hold', 'abort'),
  reasonRequired: fc.constantFrom([], [], ['abort'], ['pause', 'skip']),
  authors: fc.constantFrom(['ada'], ['ada', 'rita']),
  triggeredWithOwnToken: fc.constantFrom(null, 'ada'),
});

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
      verb: ReleaseAction;
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
  | { does: 'report'; type: DeploymentReport; pick: number }
  | { does: 'hold'; hold: Hold; silently: boolean }
  | { does: 'release holds' };

const kindsOfReport = [
  'deployment-succeeded',
  'deployment-succeeded',
  'deployment-waiting',
  'deployment-resumed',
  'deployment-failed',
] as const;

const CURRENT_MOSTLY: Sight[] = [
  ...Array.from({ length: 8 }, (): Sight => 'current'),
  'nothing',
  'first phase',
  'other attempt',
];

const acts: fc.Arbitrary<Happening> = fc.record({
  does: fc.constant('act' as const),
  verb: fc.constantFrom<ReleaseAction>(
    ...(['approve', 'pause', 'unpause', 'retry'] as const).flatMap((verb) => [verb, verb, verb, verb]),
    ...(['skip', 'skip', 'full-rollout', 'abort'] as const),
  ),
  by: person,
  rights,
  sees: fc.constantFrom<Sight>(...CURRENT_MOSTLY),
  skewMs: fc.constantFrom(0, 0, 0, -1, 1, -MINUTE, MINUTE),
  expiresAfterMs: mostlyNull<number>(durationMs),
  told: fc.constantFrom('at once', 'at once', 'soon', 'never'),
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
  plan: plans,
  slow: fc.boolean(),
  story: fc.array(happenings, { minLength: 5, maxLength: 60, size: 'max' }),
});

type Scenario = typeof scenarios extends fc.Arbitrary<infer T> ? T : never;

/** A run together with what an operator expects of it, step by step. */
class WatchedRun {
  readonly run: ReleaseRun;
  private readonly oracle: Oracle;

  constructor({ plan, slow }: Pick<Scenario, 'plan' | 'slow'>) {
    this.oracle = new Oracle(plan, NOON, slow);
    this.run = new ReleaseRun(plan, { slow, observe: (observed) => this.observe(observed) });
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
        run.restart();
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
        run.sleep(happening.outageMs).restart();
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

  /** Everybody is told everything, and what can go on goes on. */
  drain(): void {
    this.run.deliver();
    this.run.hold();
    this.expectAtRest();
    expect(this.run.outcomes.map(({ number }) => number)).toEqual(this.run.accepted.map(({ number }) => number));
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
      ...seen,
    });
    if (happening.told !== 'never') {
      run.deliver([accepted]);
    }
    if (happening.told === 'at once') {
      run.run();
      this.expectAtRest();
    }
  }

  private report(type: DeploymentReport, pick: number): void {
    const { run, oracle } = this;
    const underWay = oracle.underWay();
    const environment = underWay[pick % Math.max(1, underWay.length)];
    if (environment !== undefined) {
      run.reportUnattended(type, environment);
      oracle.report(type, environment, run.now, run.holds);
    }
  }

  private observe({ input, step, undecided, reached }: ObservedStep): void {
    const { run, oracle } = this;
    const { now, holds } = input;
    expectRepeatable(input, step);
    expectOneByOne(input, step);

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
      oracle.revert(now);
      return;
    }
    if (!reached) {
      return;
    }
    // REL-30: what was accepted is decided first.
    expect(undecided).toEqual([]);
    oracle.elapse(now);
    if (kind !== 'timer') {
      // A queued release is held by its queue alone; everything else by every hold.
      expect(kind === 'start' ? [] : run.holds).toEqual([]);
      oracle.enter(now);
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
    };
    const expected = oracle.view(run.holds);
    if (oracle.isOver() || oracle.place === 'full-rollout') {
      // What a bake or a review had left over is of no account any more.
      expect([seen.shown, seen.lastAt]).toEqual([expected.shown, expected.lastAt]);
    } else {
      expect(seen).toEqual(expected);
      expect(oracle.isDue(run.now, run.holds)).toBe(false);
    }
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

  const times = events.map(({ at }) => at);
  expect(times).toEqual([...times].sort((a, b) => a - b));

  const ended = events.findIndex(({ type }) => type === 'release-aborted' || type === 'release-completed');
  expect(ended === -1 || ended === events.length - 1).toBe(true);
  const aborting = events.findIndex(({ type }) => type === 'release-aborting');
  expect(aborting === -1 ? [] : events.slice(aborting + 1).map(({ type }) => type)).toEqual(
    aborting === -1 || !isTerminal(run.state) ? [] : ['release-aborted'],
  );

  expectGates(plan, events);
  expectBakes(plan, events);
  expectAttempts(events);
}

/** INV-2: a phase starts after the review it needs was given, and after the one before it. */
function expectGates(plan: ReleasePlan, events: readonly ReleaseEvent[]): void {
  events.forEach((event, index) => {
    if (event.type !== 'phase-started') {
      return;
    }
    const before = events.slice(0, index);
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

describe('a release, whatever happens', () => {
  it('INV-1, INV-2: does what an operator expects of it', () => {
    const reached = new Set<string>();
    const applied = new Set<string>();

    fc.assert(
      fc.property(scenarios, ({ story, ...setting }) => {
        const watched = new WatchedRun(setting);
        const { run } = watched;

        for (const happening of story) {
          watched.happen(happening);
          reached.add(run.shown);
        }
        watched.drain();
        run.outcomes.forEach(({ number, refusal }) => refusal ?? applied.add(run.accepted[number - 1]?.verb ?? ''));

        expectSound(run);
        expect(abortsOf(run).length > 0 ? run.shown : null).toBe(abortsOf(run).length > 0 ? 'aborted' : null);
      }),
      { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
    );

    // Stories that never get anywhere prove nothing.
    expect([...applied].sort()).toEqual([...RELEASE_ACTIONS].sort());
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

  it('INV-2: is the same in the end, however the worker was interrupted, where nobody acts meanwhile', () => {
    const untouched = fc.record({ plan: plans, naps: fc.array(durationMs, { maxLength: 12 }) });

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
});
