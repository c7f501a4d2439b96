import { evolveAll } from '../../src/domain/evolve';
import { triggeredRelease } from '../../src/domain/release';
import type { ReleaseEvent } from '../../src/domain/release-event';
import type { PlanItem, ReleasePlan } from '../../src/domain/release-plan';
import { phasesShown } from '../../src/domain/roll-out';
import { NOON } from './release-fixture';
import type { ReleaseRun } from './release-run';

/** What must be true of everything that a release does to services, whatever led to it; read off its events alone. */
export function expectServicesSound({ plan, events }: Pick<ReleaseRun, 'plan' | 'events'>): void {
  expectOrder(plan, events);
  expectReverts(plan, events);
  expectArrivals(plan, events);
  expectFlagsShown(plan, events);
}

type Of<T extends ReleaseEvent['type']> = Extract<ReleaseEvent, { type: T }>;

const isOf =
  <T extends ReleaseEvent['type']>(...types: T[]) =>
  (event: ReleaseEvent): event is Of<T> =>
    types.some((type) => type === event.type);

const nameOf = ({ service, environment }: { service: string; environment: string }) => `${service} ${environment}`;

const isServiceIn =
  (environment: string) =>
  (item: PlanItem): item is Extract<PlanItem, { kind: 'service' }> =>
    item.kind === 'service' && item.environments.includes(environment);

/**
 * CHG-1: nothing is sent again while it is there, nor before what is listed before it in its deployment; CHG-2: it is sent
 * where a rule without conditions names the environment, of any phase in a full roll-out (REL-20); REL-32: and never after an abort.
 */
function expectOrder(plan: ReleasePlan, events: readonly ReleaseEvent[]): void {
  const there = new Set<string>();
  const flagsOn = new Set<string>();
  const [isAborting, isEverywhere] = [isOf('release-aborting'), isOf('full-rollout-started')];
  events.forEach((event, index) => {
    const before = events.slice(0, index);
    if (isOf('service-applied')(event)) {
      there.add(nameOf(event));
    }
    if (isOf('service-applied', 'service-apply-started', 'flags-applied')(event)) {
      expect(before.some(isAborting)).toBe(false);
    }
    if (isOf('service-apply-started')(event)) {
      const { phase, environment, service } = event;
      expect(there.has(nameOf(event))).toBe(false);
      const bringing = before.some(isEverywhere) ? plan.phases : plan.phases.slice(phase, phase + 1);
      expect(bringing.flatMap(({ unconditional }) => unconditional)).toContain(environment);
      const place = plan.items.findIndex((item) => item.kind === 'service' && item.service === service);
      const earlier = plan.items.slice(0, place);
      expect(
        earlier.filter(isServiceIn(environment)).filter((item) => !there.has(`${item.service} ${environment}`)),
      ).toEqual([]);
      if (earlier.some(({ kind }) => kind === 'flags') && !before.some(isEverywhere)) {
        expect(flagsOn).toContain(`${phase} ${environment}`);
      }
    }
    if (isOf('flags-applied')(event)) {
      flagsOn.add(`${event.phase} ${event.environment}`);
      const earlier = plan.items.slice(
        0,
        plan.items.findIndex(({ kind }) => kind === 'flags'),
      );
      const isUnconditional = plan.phases[event.phase]?.unconditional.includes(event.environment) ?? false;
      const missing = earlier
        .filter(isServiceIn(event.environment))
        .filter((item) => !there.has(`${item.service} ${event.environment}`));
      expect(isUnconditional ? missing : []).toEqual([]);
    }
    if (isOf('phase-started')(event)) {
      // A retry applies what its deployments have not: flags are on again before what is listed behind them.
      event.environments.forEach((environment) => flagsOn.delete(`${event.phase} ${environment}`));
    }
  });
}

/** REL-19: what was touched comes back, the last one first, each after the one before it or its wait; nothing else does. */
function expectReverts(plan: ReleasePlan, events: readonly ReleaseEvent[]): void {
  const touched = [...new Set(events.filter(isOf('service-apply-started')).map(nameOf))];
  const settled = new Map<string, number>();
  const started = new Map<string, number>();
  events.forEach((event, index) => {
    if (isOf('service-reverted', 'service-drifted', 'drift-accepted')(event)) {
      expect(settled.has(nameOf(event))).toBe(false);
      settled.set(nameOf(event), event.at);
    }
    if (isOf('service-revert-started')(event)) {
      const name = nameOf(event);
      expect(events.slice(0, index).some(isOf('flags-reverted'))).toBe(true);
      expect(touched).toContain(name);
      expect(started.has(name) || settled.has(name)).toBe(false);
      for (const later of touched.slice(touched.indexOf(name) + 1)) {
        const isOver = event.at >= (started.get(later) ?? Infinity) + plan.revertWaitMs;
        expect(settled.has(later) || isOver).toBe(true);
      }
      started.set(name, event.at);
    }
  });
  if (events.some(isOf('release-aborted'))) {
    expect([...settled.keys()].sort()).toEqual([...touched].sort());
  }
}

/** REL-20, REL-24: nothing is completed before every service has arrived wherever the pipeline brings it, skips left out. */
function expectArrivals(plan: ReleasePlan, events: readonly ReleaseEvent[]): void {
  if (!events.some(isOf('release-completed'))) {
    return;
  }
  // A process may leave its roll-out out: a limit of it, a condition, a step before it that has failed (PRO-2).
  const rollOut = plan.process.findIndex(({ kind }) => kind === 'roll-out');
  const leftOut = new Set(
    events.flatMap((event) => (isOf('step-skipped')(event) && event.step === rollOut ? [event.environment] : [])),
  );
  const there = new Set(events.filter(isOf('service-applied')).map(nameOf));
  const skipped = new Set(events.filter(isOf('phase-skipped')).map(({ phase }) => phase));
  const isEverywhere = events.some(isOf('full-rollout-started'));
  const brought = plan.phases.flatMap(({ unconditional }, index) =>
    isEverywhere || !skipped.has(index) ? unconditional : [],
  );
  const missing = brought
    .filter((environment) => !leftOut.has(environment))
    .flatMap((environment) =>
      plan.items.filter(isServiceIn(environment)).filter(({ service }) => !there.has(`${service} ${environment}`)),
    );
  expect(missing).toEqual([]);
}

/**
 * FLG-3, REL-16, REL-20: clients see the rules of a phase from the moment its flags are switched; those that a failed
 * deployment has switched go with a skip, and a full roll-out shows no phase before it shows everything.
 */
function expectFlagsShown(plan: ReleasePlan, events: readonly ReleaseEvent[]): void {
  const on = new Map<string, 'switched' | 'succeeded'>();
  // Switched by the deployment that is under way there: with a process its success switches nothing by itself.
  const own = new Set<string>();
  let state = triggeredRelease(plan, NOON);
  let isEverywhere = false;
  for (const event of events) {
    state = evolveAll(state, [event]);
    if (isOf('release-aborting', 'release-completed')(event)) {
      return;
    }
    isEverywhere ||= event.type === 'full-rollout-started';
    if (isOf('phase-started')(event)) {
      event.environments.forEach((environment) => own.delete(`${event.phase} ${environment}`));
    }
    if (isOf('flags-applied')(event)) {
      own.add(`${event.phase} ${event.environment}`);
    }
    const hasSwitched =
      isOf('flags-applied')(event) ||
      (isOf('deployment-succeeded')(event) &&
        (plan.process.length === 0 || own.has(`${event.phase} ${event.environment}`)));
    if (hasSwitched && !isEverywhere) {
      const name = `${event.phase} ${event.environment}`;
      const isSuccess = event.type === 'deployment-succeeded' || on.get(name) === 'succeeded';
      on.set(name, isSuccess ? 'succeeded' : 'switched');
    }
    if (isOf('phase-skipped')(event)) {
      [...on]
        .filter(([name, how]) => name.startsWith(`${event.phase} `) && how === 'switched')
        .forEach(([name]) => on.delete(name));
    }
    for (const environment of new Set(plan.phases.flatMap(({ environments }) => environments))) {
      const expected = plan.phases.flatMap((_, phase) => (on.has(`${phase} ${environment}`) ? [phase] : []));
      expect(phasesShown(state, environment)).toEqual(expected);
    }
  }
}
