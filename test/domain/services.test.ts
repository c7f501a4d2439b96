import type { PhasePlan, PlanItem, ReleasePlan } from '../../src/domain/release';
import { phasesShown } from '../../src/domain/roll-out';
import { phase, plan, review, service } from './release-fixture';
import { ReleaseRun } from './release-run';
import type { SimulatedEffect, TargetAnswer } from './simulated-jobs';

const [FIRST, MIDDLE, LAST] = [0, 1, 2];
const FLAGS: PlanItem = { kind: 'flags' };
const payments = service('payments');
/** A phase for everyone in its environments: services go there. */
const open = (name: string, environments: string[] = ['staging', 'production'], more: Partial<PhasePlan> = {}) =>
  phase(name, { environments, unconditional: environments, ...more });

/** One phase for everyone in staging. */
const inStaging = (...items: PlanItem[]): ReleasePlan => plan({ phases: [open('everyone', ['staging'])], items });

/** Staging, then production, then both. */
const inTurn = (items: PlanItem[], more: Partial<ReleasePlan> = {}): ReleasePlan =>
  plan({
    phases: [open('canary', ['staging']), open('main', ['production']), open('everyone')],
    items,
    ...more,
  });

const start = (of: ReleasePlan): ReleaseRun => new ReleaseRun(of).run();

/** All targets do as they are asked, but for these, given as service and environment. */
const except =
  (answers: Record<string, TargetAnswer>) =>
  ({ service: name, environment }: SimulatedEffect): TargetAnswer =>
    answers[`${name} ${environment}`] ?? 'done';

const OF_TARGETS = ['flags-applied', 'flags-reverted', 'service-'];

/** What happened to flags and services, in order: the type of the event, the service and the environment. */
const told = ({ events }: ReleaseRun): string[] =>
  events
    .filter(({ type }) => OF_TARGETS.some((prefix) => type.startsWith(prefix)))
    .map((event) =>
      [event.type, 'service' in event && event.service, 'environment' in event && event.environment]
        .filter((part) => part !== false)
        .join(' '),
    );

const sent = ({ jobs }: ReleaseRun): string[] =>
  [...jobs.effects.values()].map(
    ({ direction, service: name, environment, attempt }) => `${direction} ${name} ${environment} ${attempt}`,
  );

const touched = ({ state }: ReleaseRun): string[] =>
  state.touched.map(({ service: name, environment, state: progress }) => `${name} ${environment} ${progress}`);

const started = (run: ReleaseRun): unknown[] =>
  run.eventsOf('phase-started').map((event) => [event.phase, event.attempt, event.environments]);

const shownIn = ({ state }: ReleaseRun, environment: string): number[] => phasesShown(state, environment);

describe('where a service goes', () => {
  it('CHG-2: a later phase is entered as flags alone, also in the step in which the deployment before it ends', () => {
    const of = inTurn([payments, FLAGS]);
    const run = start({ ...of, phases: of.phases.map((each) => ({ ...each, bakeMs: 0 })) });

    run.work();

    expect(run.shown).toBe('completed');
    expect(told(run).filter((each) => each.startsWith('flags-applied'))).toEqual([
      'flags-applied staging',
      'flags-applied production',
    ]);
    expect(run.eventsOf('deployment-succeeded').map((event) => [event.phase, event.environment])).toEqual([
      [FIRST, 'staging'],
      [MIDDLE, 'production'],
      [LAST, 'staging'],
      [LAST, 'production'],
    ]);
  });
});

describe('skip of a phase with services', () => {
  it('REL-16: flags of a failed deployment that a skip has switched back stay so through a full roll-out', () => {
    const run = start(inTurn([FLAGS, payments])).work(except({ 'payments staging': 'refused' }));
    expect(shownIn(run, 'staging')).toEqual([FIRST]);

    run.act('skip');
    run.work();
    run.act('full-rollout');
    run.turn('staging', 'silent');

    expect(run.shown).toBe('rolling-out');
    expect(shownIn(run, 'staging')).toEqual([]);
    expect(shownIn(run, 'production')).toEqual([MIDDLE]);
  });
});

describe('abort with services', () => {
  it.each(['done', 'refused'] as const)(
    'REL-19: takes back what a deployment has touched whose end (%s) is decided in the step that aborts',
    (answer) => {
      const run = start(inStaging(payments)).turn('staging').turnUnattended('staging', answer);
      expect(run.jobs.finished).toHaveLength(1);

      run.act('abort');
      run.work();

      expect(run.shown).toBe('aborted');
      expect(touched(run)).toEqual(['payments staging reverted']);
    },
  );

  it('REL-19: with services, too, an abort of what was never rolled out is over at once', () => {
    const run = start(plan({ phases: [open('everyone', undefined, { review: review() })], items: [payments, FLAGS] }));

    run.act('abort');

    expect(run.events.map(({ type }) => type).slice(-2)).toEqual(['release-aborting', 'release-aborted']);
    expect(told(run)).toEqual([]);
  });

  it.each(['goes on', 'is started again'])(
    'REL-19: nothing is given up before the flags are back, whether the workflow %s meanwhile',
    (how) => {
      const run = start(inStaging(payments)).turn('staging');
      run.accept('abort');
      run.accept('accept-drift', { item: { service: 'payments', environment: null } });
      if (how === 'is started again') {
        run.restart();
      }

      run.deliver();
      run.run();

      expect(run.outcomes.map(({ refusal }) => refusal?.refused ?? null)).toEqual([null, 'drift.not-reverting']);
      expect(touched(run)).toEqual(['payments staging reverting']);
    },
  );
});

describe('full roll-out with services', () => {
  it('REL-20: each environment without a success gets one deployment, however little is known of its services', () => {
    const run = start(inTurn([payments, FLAGS])).work();

    run.act('full-rollout');
    run.work();

    expect(run.shown).toBe('completed');
    expect(started(run)).toEqual([
      [FIRST, 1, ['staging']],
      [MIDDLE, 1, ['production']],
    ]);
    expect(sent(run)).toEqual(['apply payments staging 1', 'apply payments production 1']);
  });

  it('REL-20: shows no flag to anyone before every service has arrived', () => {
    const run = start(inTurn([payments, FLAGS])).work();
    const before = ['staging', 'production'].map((environment) => shownIn(run, environment));

    run.act('full-rollout');
    run.work(except({ 'payments production': 'refused' }));
    run.act('retry');
    run.turn('production');

    expect(before).toEqual([[FIRST], []]);
    expect(['staging', 'production'].map((environment) => shownIn(run, environment))).toEqual(before);
    run.turn('production');
    expect(run.shown).toBe('completed');
  });

  it('REL-20: an environment that is served shows nothing while another one is not', () => {
    const run = start(plan({ phases: [open('everyone', undefined, { review: review() })], items: [payments, FLAGS] }));

    run.act('full-rollout');
    run.work(except({ 'payments production': 'silent' }));

    expect(run.eventsOf('deployment-succeeded').map(({ environment }) => environment)).toEqual(['staging']);
    expect(['staging', 'production'].map((environment) => shownIn(run, environment))).toEqual([[], []]);
  });

  it('REL-20: where a deployment failed and its phase was skipped, it gets another attempt', () => {
    const run = start(inTurn([payments])).work(except({ 'payments staging': 'refused' }));
    run.act('skip');
    run.work();

    run.act('full-rollout');
    run.work();

    expect(run.shown).toBe('completed');
    expect(started(run)).toEqual([
      [FIRST, 1, ['staging']],
      [MIDDLE, 1, ['production']],
      [FIRST, 2, ['staging']],
    ]);
    expect(sent(run)).toEqual(['apply payments staging 1', 'apply payments production 1', 'apply payments staging 2']);
  });

  it('REL-20: that attempt can fail like any other, and be tried again', () => {
    const run = start(inTurn([payments])).work(except({ 'payments staging': 'refused' }));
    run.act('skip');
    run.work();

    run.act('full-rollout');
    run.work(except({ 'payments staging': 'broken' }));
    expect(run.shown).toBe('failed');
    expect(run.eventsOf('phase-failed').map((event) => event.phase)).toEqual([FIRST, FIRST]);
    run.act('retry');
    run.work();

    expect(run.shown).toBe('completed');
    expect(sent(run).at(-1)).toBe('apply payments staging 3');
  });
});
