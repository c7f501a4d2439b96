import { HOUR, MINUTE, SECOND } from '../../src/domain/instant';
import { planOf } from '../../src/domain/plan-of';
import type { Hold } from '../../src/domain/release';
import type { PhasePlan, PlanItem, ReleasePlan } from '../../src/domain/release-plan';
import { phasesShown } from '../../src/domain/roll-out';
import { NOON, phase, plan, review, service } from './release-fixture';
import { ReleaseRun } from './release-run';
import type { SimulatedEffect, TargetAnswer } from './simulated-jobs';

const [FIRST, MIDDLE, LAST] = [0, 1, 2];
const FLAGS: PlanItem = { kind: 'flags' };
const payments = service('payments');
const stock = service('stock');
const search = service('search');
const defect: Hold = { kind: 'defect', id: 'defect-1', detail: 'Checkout loses carts' };

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

describe('the items of a deployment', () => {
  it('CHG-1: are applied in the listed order, the flags in their place', () => {
    const run = start(inStaging(payments, FLAGS, stock)).work();

    expect(told(run)).toEqual([
      'service-apply-started payments staging',
      'service-applied payments staging',
      'flags-applied staging',
      'service-apply-started stock staging',
      'service-applied stock staging',
    ]);
    expect(run.shown).toBe('baking');
  });

  it('CHG-1: all flags take the place of the last of them', () => {
    const definition = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' } as const;
    const environments = ['staging'];
    const pipeline = { phases: [], process: [], guidedFailure: false, onFailure: 'hold', reasonRequired: [] } as const;

    const { items } = planOf(
      { ...pipeline, phases: [], process: [], reasonRequired: [] },
      [
        { service: 'payments', version: '2', environments },
        { flag: 'new-cart', definition, environments },
        { service: 'stock', version: '7', environments },
        { flag: 'new-checkout', definition, environments },
        { service: 'search', version: '1', environments },
      ],
      ['ada'],
      null,
    );

    expect(items).toEqual([
      service('payments', environments),
      service('stock', environments),
      FLAGS,
      service('search', environments),
    ]);
  });

  it('CHG-1: nothing is sent before what is listed before it has arrived', () => {
    const run = start(inStaging(payments, stock)).turn('staging').turn('staging', 'silent');
    expect(sent(run)).toEqual(['apply payments staging 1']);

    run.turn('staging', 'done');

    expect(sent(run)).toEqual(['apply payments staging 1', 'apply stock staging 1']);
  });

  it('REL-30: flags that come first are switched with the start of the phase, others when it is their turn', () => {
    const first = start(inStaging(FLAGS, payments));
    const last = start(inStaging(payments, FLAGS));

    expect([told(first), told(last)]).toEqual([['flags-applied staging'], []]);
    expect([shownIn(first, 'staging'), shownIn(last, 'staging')]).toEqual([[FIRST], []]);
  });

  it('REL-30: where a deployment is flags alone it has succeeded with the start of its phase', () => {
    const run = start(
      plan({ phases: [open('everyone', undefined, { unconditional: ['staging'] })], items: [payments, FLAGS] }),
    );

    expect(run.eventsOf('deployment-succeeded').map(({ environment }) => environment)).toEqual(['production']);
    expect(run.jobs.underWay).toEqual([{ kind: 'roll-out', phase: FIRST, environment: 'staging', attempt: 1 }]);
    expect(run.shown).toBe('rolling-out');
  });

  it('PIPE-3: the bake starts when the last service has arrived', () => {
    const run = start(plan({ phases: [open('everyone')], items: [payments] }));

    run.turn('staging').turn('production').advance(MINUTE).turn('staging').advance(MINUTE).turn('production');

    expect(run.eventsOf('bake-started')).toMatchObject([{ at: NOON + 2 * MINUTE, endsAt: NOON + 2 * MINUTE + HOUR }]);
  });
});

describe('where a service goes', () => {
  it('CHG-2: the first phase that names its environment without conditions brings it, later ones send nothing', () => {
    const run = start(inTurn([payments, stock])).work();

    run.advance(HOUR).work().advance(HOUR).work();

    expect(run.shown).toBe('baking');
    expect(run.state.current).toBe(LAST);
    expect(sent(run)).toEqual([
      'apply payments staging 1',
      'apply stock staging 1',
      'apply payments production 1',
      'apply stock production 1',
    ]);
    expect(run.eventsOf('service-apply-started').map((event) => [event.phase, event.environment])).toEqual([
      [FIRST, 'staging'],
      [FIRST, 'staging'],
      [MIDDLE, 'production'],
      [MIDDLE, 'production'],
    ]);
  });

  it('CHG-2: conditions narrow flags, and no service goes there', () => {
    const run = start(plan({ phases: [phase('staff'), open('everyone')], items: [payments, FLAGS] }));
    expect(run.shown).toBe('baking');
    expect(sent(run)).toEqual([]);

    run.advance(HOUR).work();

    expect(sent(run)).toEqual(['apply payments staging 1', 'apply payments production 1']);
  });

  it('CHG-2: it does not go where its change does not name the environment', () => {
    const run = start(plan({ phases: [open('everyone')], items: [service('payments', ['production'])] })).work();

    expect(sent(run)).toEqual(['apply payments production 1']);
  });

  it('CHG-2: after a skipped phase the next one that names the environment brings it', () => {
    const run = start(
      plan({ phases: [open('canary', ['staging'], { review: review() }), open('everyone')], items: [payments] }),
    );

    run.act('skip');
    run.work();

    expect(run.eventsOf('service-apply-started').map((event) => [event.phase, event.environment])).toEqual([
      [MIDDLE, 'staging'],
      [MIDDLE, 'production'],
    ]);
  });

  it('CHG-2: after a failed phase was skipped it is sent again, as something of the next phase', () => {
    const run = start(inTurn([payments])).work(except({ 'payments staging': 'refused' }));

    run.act('skip');
    run.work().advance(HOUR).work();

    expect(run.eventsOf('service-apply-started').map((event) => [event.phase, event.environment])).toEqual([
      [FIRST, 'staging'],
      [MIDDLE, 'production'],
      [LAST, 'staging'],
    ]);
    expect(touched(run)).toEqual(['payments staging applied', 'payments production applied']);
  });

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

describe('failure of services', () => {
  it('REL-22: where one fails the others go on, and the phase fails when none is under way', () => {
    const run = start(plan({ phases: [open('everyone')], items: [payments, stock] }));

    run.turn('staging').turn('staging', 'refused');
    expect(run.shown).toBe('rolling-out');
    run.turn('production').turn('production').turn('production');

    expect(run.shown).toBe('failed');
    expect(run.eventsOf('phase-failed')).toHaveLength(1);
    expect(touched(run)).toEqual([
      'payments staging failed',
      'payments production applied',
      'stock production applied',
    ]);
  });

  it.each([
    ['refused', false],
    ['broken', true],
  ] as const)('REL-22: a target that is %s fails its deployment (errored: %s)', (answer, errored) => {
    const run = start(inStaging(payments)).turn('staging').turn('staging', answer);

    expect(run.eventsOf('deployment-failed')).toMatchObject([{ environment: 'staging', errored }]);
  });

  it('REL-22: nothing behind what failed is applied', () => {
    const run = start(inStaging(payments, FLAGS, stock)).work(except({ 'payments staging': 'refused' }));

    expect(told(run)).toEqual(['service-apply-started payments staging', 'service-apply-failed payments staging']);
  });

  it('REL-22: a retry sends only what has not arrived, where nothing succeeded', () => {
    const run = start(plan({ phases: [open('everyone')], items: [payments, FLAGS, stock] })).work(
      except({ 'stock production': 'broken' }),
    );

    run.act('retry');
    run.work();

    expect(run.shown).toBe('baking');
    expect(started(run)).toEqual([
      [FIRST, 1, ['staging', 'production']],
      [FIRST, 2, ['production']],
    ]);
    expect(sent(run).filter((each) => each.endsWith('2'))).toEqual(['apply stock production 2']);
  });

  it('REL-22: a failed phase waits for a person, however long', () => {
    const run = start(inTurn([payments]))
      .work(except({ 'payments staging': 'refused' }))
      .advance(1_000 * HOUR)
      .work();

    expect(run.shown).toBe('failed');
    expect(run.state.current).toBe(FIRST);
  });

  it('REL-22: with onFailure abort the first failure stops the others and takes back what they have touched', () => {
    const run = start(plan({ phases: [open('everyone')], items: [payments, stock], onFailure: 'abort' }));

    run.turn('production').turn('production').turn('staging').turn('staging', 'refused').work();

    expect(run.shown).toBe('aborted');
    expect(run.eventsOf('release-aborting')).toMatchObject([{ cause: 'phase-failed', by: null }]);
    expect(touched(run)).toEqual([
      'payments production reverted',
      'stock production reverted',
      'payments staging reverted',
    ]);
  });

  it('FLG-3: flags that were applied before another item failed stay served, also while it is tried again', () => {
    const run = start(inStaging(FLAGS, payments)).work(except({ 'payments staging': 'refused' }));

    expect(shownIn(run, 'staging')).toEqual([FIRST]);
    run.act('retry');

    expect(run.shown).toBe('rolling-out');
    expect(shownIn(run, 'staging')).toEqual([FIRST]);
  });
});

describe('skip of a phase with services', () => {
  it('REL-16: keeps what succeeded, switches the flags of what failed back, and leaves services touched', () => {
    const run = start(plan({ phases: [open('canary'), open('everyone')], items: [FLAGS, payments, stock] })).work(
      except({ 'stock production': 'refused' }),
    );
    expect(['staging', 'production'].map((each) => shownIn(run, each))).toEqual([[FIRST], [FIRST]]);

    run.hold(defect).act('skip');

    expect(run.state.phases[FIRST]).toMatchObject({ progress: { status: 'skipped' }, partial: true });
    expect(['staging', 'production'].map((each) => shownIn(run, each))).toEqual([[FIRST], []]);
    expect(touched(run)).toEqual([
      'payments staging applied',
      'stock staging applied',
      'payments production applied',
      'stock production failed',
    ]);
  });

  it('REL-16: an abort later takes back what a skipped phase had touched', () => {
    const run = start(inTurn([payments])).work(except({ 'payments staging': 'refused' }));
    run.act('skip');
    run.work();

    run.act('abort');
    run.work();

    expect(sent(run).filter((each) => each.startsWith('revert'))).toEqual([
      'revert payments production 1',
      'revert payments staging 1',
    ]);
    expect(run.shown).toBe('aborted');
  });

  it('REL-24: is completed without the services of a skipped phase', () => {
    const run = start(
      plan({
        phases: [open('canary', ['staging'], { review: review() }), open('main', ['production'])],
        items: [payments, FLAGS],
      }),
    );

    run.act('skip');
    run.work().advance(HOUR);

    expect(run.shown).toBe('completed');
    expect(sent(run)).toEqual(['apply payments production 1']);
  });

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
  /** Three services are there, and the abort is decided. */
  const aborting = (): ReleaseRun => {
    const run = start(inStaging(payments, stock, search)).work();
    run.act('abort');
    return run;
  };

  it('REL-19: flags are back first, then services in the reverse order, each when the one before it is back', () => {
    const run = start(inStaging(payments, FLAGS, stock)).work();

    run.act('abort');
    run.work();

    expect(told(run).slice(5)).toEqual([
      'flags-reverted',
      'service-revert-started stock staging',
      'service-reverted stock staging',
      'service-revert-started payments staging',
      'service-reverted payments staging',
    ]);
    expect(run.shown).toBe('aborted');
  });

  it('REL-19: one that does not answer is waited for, and no longer', () => {
    const run = aborting();
    expect(touched(run).map((each) => each.split(' ').at(-1))).toEqual(['applied', 'applied', 'reverting']);
    expect(run.waitsUntil()).toBe(NOON + 10 * SECOND);

    run.advance(10 * SECOND - 1);
    expect(run.eventsOf('service-revert-started')).toHaveLength(1);
    run.advance(1);

    expect(run.eventsOf('service-revert-started').map((event) => [event.service, event.at])).toEqual([
      ['search', NOON],
      ['stock', NOON + 10 * SECOND],
    ]);
  });

  it('REL-19: the wait counts from the one before, and a slow one holds up nobody else', () => {
    const run = aborting().advance(10 * SECOND);

    run.turn('staging', 'done', 'stock').turn('staging', 'done', 'stock');

    expect(run.eventsOf('service-revert-started').at(-1)).toMatchObject({
      service: 'payments',
      at: NOON + 10 * SECOND,
    });
    expect(run.shown).toBe('aborting');
    run.work();
    expect(run.shown).toBe('aborted');
  });

  it('REL-29: a worker that comes late gives a revert the time at which it was due', () => {
    const run = aborting().sleep(HOUR).run();

    expect(run.eventsOf('service-revert-started').map(({ at }) => at)).toEqual([
      NOON,
      NOON + 10 * SECOND,
      NOON + 20 * SECOND,
    ]);
  });

  it('REL-19: nothing undecided and no hold stands in the way of a revert', () => {
    const run = start(inStaging(payments, FLAGS)).work().hold(defect);
    const abort = run.accept('abort');
    run.accept('pause');

    run.deliver([abort]);
    run.step();

    expect(told(run).at(-1)).toBe('flags-reverted');
    run.work();
    expect(run.shown).toBe('aborted');
    expect(run.lastRefusal).toBe('release.aborting');
  });

  it('REL-19: asks again whatever the answer, but for drift', () => {
    const run = aborting();

    for (const answer of ['refused', 'broken', 'silent', 'refused'] as const) {
      run.work(except({ 'search staging': answer }));
    }
    expect(touched(run)).toEqual(['payments staging applied', 'stock staging applied', 'search staging reverting']);
    run.work(except({ 'search staging': 'drifted' }));

    expect(run.shown).toBe('aborted');
    expect(touched(run)).toEqual(['payments staging reverted', 'stock staging reverted', 'search staging drifted']);
  });

  it('REL-19: one that was touched again keeps its place', () => {
    const run = start(inStaging(payments, stock)).work(except({ 'payments staging': 'refused' }));
    run.act('retry');
    run.work(except({ 'stock staging': 'refused' }));
    run.act('retry');
    run.work();

    run.act('abort');
    run.work();

    expect(run.eventsOf('service-revert-started').map((event) => event.service)).toEqual(['stock', 'payments']);
  });

  it('REL-19: what a person gives up is drift, and is asked for no more', () => {
    const run = aborting().turn('staging', 'silent');

    expect(run.act('accept-drift', { item: { service: 'search', environment: 'staging' } })).toBeNull();
    run.work();

    expect(run.shown).toBe('aborted');
    expect(touched(run)).toEqual(['payments staging reverted', 'stock staging reverted', 'search staging drifted']);
    expect(run.eventsOf('drift-accepted')).toMatchObject([{ service: 'search', by: 'olga', action: 'action-2' }]);
  });

  it('REL-19: what is given up before its turn is never sent', () => {
    const run = aborting();

    expect(run.act('accept-drift', { item: { service: 'payments', environment: null } })).toBeNull();
    run.work();

    expect(run.shown).toBe('aborted');
    expect(sent(run).filter((each) => each.startsWith('revert'))).toEqual([
      'revert search staging 1',
      'revert stock staging 1',
    ]);
  });

  it('REL-19: all environments of a service are given up at once, or the one named', () => {
    const both = () => {
      const run = start(plan({ phases: [open('everyone')], items: [payments, stock] })).work();
      run.act('abort');
      return run;
    };
    const [all, one] = [both(), both()];

    all.act('accept-drift', { item: { service: 'payments', environment: null } });
    one.act('accept-drift', { item: { service: 'payments', environment: 'staging' } });

    const driftOf = (run: ReleaseRun) => touched(run).filter((each) => each.endsWith('drifted'));
    expect(driftOf(all)).toEqual(['payments staging drifted', 'payments production drifted']);
    expect(driftOf(one)).toEqual(['payments staging drifted']);
  });

  it.each([
    ['was never touched', { service: 'mail', environment: null }],
    ['is not touched there', { service: 'payments', environment: 'production' }],
    ['is back', { service: 'search', environment: null }],
  ])('REL-19: what %s cannot be given up', (_, item) => {
    const run = aborting().turn('staging').turn('staging');

    expect(run.act('accept-drift', { item })).toBe('drift.not-reverting');
  });

  it('REL-32: nothing is begun once an abort is accepted, also before it is decided', () => {
    const run = start(inStaging(payments, stock)).turn('staging');
    run.accept('abort');

    run.turnUnattended('staging', 'done');

    expect(sent(run)).toEqual(['apply payments staging 1']);
    run.work();
    expect(run.shown).toBe('aborted');
    expect(touched(run)).toEqual(['payments staging reverted']);
  });

  it('REL-32: deployments that run are aborted, and their late ends and answers change nothing', () => {
    const run = start(plan({ phases: [open('everyone')], items: [payments, stock] }));
    run.turn('staging').turn('production').turnUnattended('production', 'refused');
    const [straggler] = run.jobs.unanswered;
    run.act('abort', { acceptedAt: NOON - 1 });
    const recorded = run.events.length;

    run.jobs.answer(straggler?.key ?? '', 'done');

    expect(straggler).toMatchObject({ environment: 'staging', status: 'given-up' });
    expect(run.events).toHaveLength(recorded);
    expect(run.state.phases[FIRST]?.deployments.map(({ state }) => state)).toEqual(['aborted', 'failed']);
    run.work();
    expect(run.eventsOf('deployment-succeeded')).toEqual([]);
    expect(touched(run)).toEqual(['payments staging reverted', 'payments production reverted']);
  });

  it('REL-19: the phases that were put out show reverted only when everything is back', () => {
    const run = aborting();
    expect(run.state.phases[FIRST]?.progress.status).toBe('baking');

    run.work();

    expect(run.state.phases[FIRST]?.progress.status).toBe('reverted');
  });

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
  it('REL-20: starts everywhere at once, by the first phase that brings services there, past reviews and bakes', () => {
    const run = start(
      plan({
        phases: [
          open('canary', ['staging']),
          phase('staff', { environments: ['development', 'production'] }),
          open('everyone', ['staging', 'production', 'development'], { review: review() }),
        ],
        items: [service('payments', ['staging', 'production', 'development']), FLAGS],
      }),
    ).work();

    run.act('full-rollout');
    expect(started(run)).toEqual([
      [FIRST, 1, ['staging']],
      [LAST, 1, ['production', 'development']],
    ]);
    run.work();

    expect(run.shown).toBe('completed');
    expect(run.eventsOf('full-rollout-started')).toMatchObject([{ passedReviews: ['everyone'] }]);
    expect(run.eventsOf('bake-started')).toHaveLength(1);
  });

  it('REL-20: switches no flag of its own; all go with its completion', () => {
    const run = start(plan({ phases: [open('everyone', undefined, { review: review() })], items: [FLAGS, payments] }));

    run.act('full-rollout');
    run.work();

    expect(run.shown).toBe('completed');
    expect(told(run).filter((each) => each.startsWith('flags'))).toEqual([]);
  });

  it('REL-20: where every service is there it completes at once', () => {
    const run = start(plan({ phases: [open('everyone')], items: [payments, FLAGS] })).work();

    run.act('full-rollout');

    expect(run.shown).toBe('completed');
    expect(started(run)).toHaveLength(1);
  });

  it('REL-20: fails when none is under way any more, and retry goes on as full roll-out where services are missing', () => {
    const run = start(inTurn([payments, stock])).work(except({ 'payments staging': 'refused' }));
    run.act('retry');
    run.work();
    run.act('full-rollout');

    run.work(except({ 'stock production': 'refused' }));
    expect(run.shown).toBe('failed');
    expect(run.act('skip')).toBe('release.last-phase');
    expect(run.act('full-rollout')).toBe('release.failed');
    expect(run.act('retry', { phase: 'main', attempt: 1 })).toBeNull();
    run.work();

    expect(run.shown).toBe('completed');
    expect(started(run).slice(2)).toEqual([
      [MIDDLE, 1, ['production']],
      [MIDDLE, 2, ['production']],
    ]);
    expect(sent(run).filter((each) => each.includes('production'))).toEqual([
      'apply payments production 1',
      'apply stock production 1',
      'apply stock production 2',
    ]);
  });

  it('REL-20, REL-22: several phases that failed are retried together', () => {
    const reviewed = { review: review() };
    const run = start(
      plan({ phases: [open('canary', ['staging'], reviewed), open('main', ['production'])], items: [payments] }),
    );
    run.act('full-rollout');
    run.turn('staging').turn('staging', 'refused');
    expect(run.shown).toBe('rolling-out');
    run.turn('production').turn('production', 'broken');
    expect(run.eventsOf('phase-failed').map((event) => event.phase)).toEqual([FIRST, MIDDLE]);

    run.act('retry');
    run.work();

    expect(run.shown).toBe('completed');
    expect(started(run)).toEqual([
      [FIRST, 1, ['staging']],
      [MIDDLE, 1, ['production']],
      [FIRST, 2, ['staging']],
      [MIDDLE, 2, ['production']],
    ]);
  });

  it('REL-20, REL-22: with onFailure abort the first failure takes everything back', () => {
    const of = plan({
      phases: [open('everyone', undefined, { review: review() })],
      items: [payments, FLAGS],
      onFailure: 'abort',
    });
    const run = start(of);
    run.act('full-rollout');

    run.turn('staging').turn('production').turn('staging', 'refused').work();

    expect(run.shown).toBe('aborted');
    expect(touched(run)).toEqual(['payments staging reverted', 'payments production reverted']);
  });

  it('REL-20: can be aborted while services are under way', () => {
    const run = start(inTurn([payments, FLAGS])).work();
    run.act('full-rollout');
    run.turn('production');

    run.act('abort');
    run.work();

    expect(run.shown).toBe('aborted');
    expect(sent(run).slice(2)).toEqual(['revert payments production 1', 'revert payments staging 1']);
  });

  it('REL-20: under way it arms nothing', () => {
    const run = start(inTurn([payments])).work();
    run.act('full-rollout');

    expect(['pause', 'skip', 'full-rollout'].map((verb) => run.act(verb as 'pause'))).toEqual([
      'release.rolling-out',
      'release.rolling-out',
      'release.rolling-out',
    ]);
  });

  it('REL-21: one that meets a hold when all has arrived waits with the flags, and can be aborted', () => {
    const run = start(inTurn([payments, FLAGS])).work();
    run.act('full-rollout');
    run.holds = [defect];

    run.work();

    expect(run.shown).toBe('blocked');
    expect(touched(run)).toEqual(['payments staging applied', 'payments production applied']);
    run.hold();
    expect(run.shown).toBe('completed');
  });

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

describe('jobs and actions in their order', () => {
  /** A deployment that has ended at that time, of which the workflow has not decided anything yet. */
  const endedAfter = (ms: number): ReleaseRun =>
    start(inStaging(payments)).turn('staging').sleep(ms).turnUnattended('staging');

  it.each([
    ['before', -1, HOUR],
    ['at', 0, HOUR],
    ['after', 1, HOUR - 1],
  ] as const)('REL-29: a pause accepted %s the end of a roll-out, both decided later', (_, byMs, remainingMs) => {
    const run = endedAfter(MINUTE);
    run.accept('pause', { acceptedAt: NOON + MINUTE + byMs });

    run.sleep(HOUR / 2).deliver();
    run.run();

    expect([run.lastRefusal, run.shown]).toEqual([null, 'paused']);
    expect(run.remainingMs).toBe(remainingMs);
    expect(run.eventsOf('intent-armed')).toHaveLength(byMs < 0 ? 1 : 0);
  });

  it('REL-29: a deployment has ended when it ended, however late the workflow hears of it', () => {
    const run = endedAfter(MINUTE)
      .sleep(10 * MINUTE)
      .run();

    expect(run.eventsOf('deployment-succeeded')).toMatchObject([{ at: NOON + MINUTE }]);
    expect(run.endsAt).toBe(NOON + MINUTE + HOUR);
  });

  it('REL-29: one that is told of by a clock ahead has ended now', () => {
    const run = start(inStaging(payments)).turn('staging').sleep(MINUTE);
    run.jobs.clockAheadMs = HOUR;

    run.turn('staging');

    expect(run.eventsOf('deployment-succeeded')).toMatchObject([{ at: NOON + MINUTE }]);
    expect(run.endsAt).toBe(NOON + MINUTE + HOUR);
  });

  it('REL-29: one that is told of by a clock behind has ended after what is recorded', () => {
    const run = start(inStaging(payments)).turn('staging').advance(MINUTE);
    run.act('pause');
    run.jobs.clockAheadMs = -HOUR;

    run.turn('staging');

    expect(run.eventsOf('deployment-succeeded')).toMatchObject([{ at: NOON + MINUTE }]);
    expect(run.remainingMs).toBe(HOUR);
  });

  it('REL-28: an action on the phase that fails meanwhile is decided by what has happened before it', () => {
    const before = endedAfter(0);
    const run = start(inStaging(payments)).turn('staging').sleep(MINUTE).turnUnattended('staging', 'refused');
    for (const each of [before, run]) {
      each.accept('retry');
      each.deliver();
      each.run();
    }

    expect([before.lastRefusal, run.lastRefusal]).toEqual(['release.not-failed', null]);
    expect(started(run)).toEqual([
      [FIRST, 1, ['staging']],
      [FIRST, 2, ['staging']],
    ]);
  });

  it('REL-30: an abort that was accepted and not told of keeps the next phase from starting', () => {
    const of = inTurn([payments]);
    const run = start({ ...of, phases: of.phases.map((each) => ({ ...each, bakeMs: 0 })) }).turn('staging');
    run.turnUnattended('staging');
    run.accept('abort');

    run.run().work();

    expect(run.shown).toBe('aborted');
    expect(started(run)).toHaveLength(1);
  });

  it('REL-14: a job of an attempt that is over means nothing to the next one', () => {
    const run = start(inStaging(payments)).work(except({ 'payments staging': 'refused' }));
    run.act('retry');
    const lost = { kind: 'roll-out', phase: FIRST, environment: 'staging', attempt: 1 } as const;

    expect(run.jobs.underWay).toEqual([{ ...lost, attempt: 2 }]);
    expect(() => run.jobs.turn(lost, () => 'done')).toThrow('not under way');
  });
});

describe('armed intents while services are brought out', () => {
  it.each([
    ['pause', 'paused', FIRST],
    ['skip', 'rolling-out', MIDDLE],
    ['full-rollout', 'rolling-out', MIDDLE],
  ] as const)('REL-31: an armed %s waits for the last service', (verb, shown, current) => {
    const run = start(inTurn([payments, stock]))
      .turn('staging')
      .turn('staging');

    expect(run.act(verb)).toBeNull();
    expect(run.shown).toBe('rolling-out');
    expect(run.state.current).toBe(FIRST);
    run.turn('staging');

    expect([run.shown, run.state.current]).toEqual([shown, current]);
    expect(run.remainingMs).toBe(verb === 'pause' ? HOUR : null);
  });

  it.each([
    ['skip', null],
    ['full-rollout', null],
    ['pause', 'pause'],
  ] as const)('REL-31: a service that fails drops an armed %s, or keeps it (%s)', (verb, kept) => {
    const run = start(inTurn([payments])).turn('staging');
    run.act(verb);

    run.turn('staging', 'refused');

    expect(run.shown).toBe('failed');
    expect(run.state.armed?.intent ?? null).toBe(kept);
    expect(run.eventsOf('intent-dropped')).toHaveLength(kept ? 0 : 1);
  });

  it('REL-31: an armed full roll-out that meets a hold is dropped, and the phase bakes', () => {
    const run = start(inTurn([payments])).turn('staging');
    run.act('full-rollout');

    run.hold(defect).turn('staging');

    expect(run.shown).toBe('baking');
    expect(run.eventsOf('intent-dropped')).toMatchObject([{ intent: 'full-rollout', why: 'held' }]);
  });

  it('REL-22: a hold stops no deployment that runs', () => {
    const run = start(inStaging(payments, FLAGS, stock)).turn('staging');

    run.hold(defect).work();

    expect(run.shown).toBe('baking');
  });
});

describe('a workflow that is started again', () => {
  it('REL-33: sends again under the same key, and does not start twice', () => {
    const run = start(inStaging(payments)).turn('staging').restart().run().turn('staging');

    expect([...run.jobs.effects.values()].map(({ key, sends }) => [key, sends])).toEqual([
      ['0/staging/payments/apply/1', 2],
    ]);
    expect(run.eventsOf('service-apply-started')).toHaveLength(1);
  });

  it.each(['done', 'refused'] as const)('REL-33: finds an answer (%s) that nobody was there to hear', (answer) => {
    const run = start(inStaging(payments)).turn('staging').restart();
    run.jobs.answer('0/staging/payments/apply/1', answer);

    run.sleep(MINUTE).run().turn('staging');

    expect(run.shown).toBe(answer === 'done' ? 'baking' : 'failed');
    expect([...run.jobs.effects.values()].map(({ sends }) => sends)).toEqual([1]);
    expect(run.state.lastAt).toBe(NOON);
  });

  it('REL-33: goes on with an abort where it stands', () => {
    const run = start(inStaging(payments, stock)).work();
    run.act('abort');

    run
      .restart()
      .advance(10 * SECOND)
      .restart()
      .work();

    expect(run.shown).toBe('aborted');
    expect(run.eventsOf('service-revert-started').map((event) => event.service)).toEqual(['stock', 'payments']);
  });
});
