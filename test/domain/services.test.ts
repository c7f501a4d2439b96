import type { PhasePlan, PlanItem, ReleasePlan } from '../../src/domain/release';
import { phase, plan, service } from './release-fixture';
import { ReleaseRun } from './release-run';

const [FIRST, MIDDLE, LAST] = [0, 1, 2];
const FLAGS: PlanItem = { kind: 'flags' };
const payments = service('payments');
/** A phase for everyone in its environments: services go there. */
const open = (name: string, environments: string[] = ['staging', 'production'], more: Partial<PhasePlan> = {}) =>
  phase(name, { environments, unconditional: environments, ...more });

/** One phase for everyone in staging. */
/** Staging, then production, then both. */
const inTurn = (items: PlanItem[], more: Partial<ReleasePlan> = {}): ReleasePlan =>
  plan({
    phases: [open('canary', ['staging']), open('main', ['production']), open('everyone')],
    items,
    ...more,
  });

const start = (of: ReleasePlan): ReleaseRun => new ReleaseRun(of).run();

/** All targets do as they are asked, but for these, given as service and environment. */
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

const started = (run: ReleaseRun): unknown[] =>
  run.eventsOf('phase-started').map((event) => [event.phase, event.attempt, event.environments]);

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
});
