import type { ProcessEvent, ReleaseEvent } from '../../src/domain/release-event';
import type { ReleasePlan, StepPlan } from '../../src/domain/release-plan';
import type { ReleaseRun } from './release-run';

/** What must be true of every process of a release, whatever led to it; read off its events alone. */
export function expectProcessesSound({ plan, events }: Pick<ReleaseRun, 'plan' | 'events'>): void {
  expectTurns(plan, events);
  expectInterruptions(plan, events);
  expectBakesAfter(events);
}

type Of<T extends ReleaseEvent['type']> = Extract<ReleaseEvent, { type: T }>;

const isOf =
  <T extends ReleaseEvent['type']>(...types: T[]) =>
  (event: ReleaseEvent): event is Of<T> =>
    types.some((type) => type === event.type);

const isOfProcess = (event: ReleaseEvent): event is Extract<ReleaseEvent, ProcessEvent> => 'step' in event;

const placeOf = ({ phase, environment, attempt }: { phase: number; environment: string; attempt: number }) =>
  `${phase}/${environment}/${attempt}`;

type End = 'succeeded' | 'failed' | 'left out';

/** How an event ends its step; null: it does not. */
function endOf(event: ProcessEvent): End | null {
  switch (event.type) {
    case 'step-skipped':
      return 'left out';
    case 'step-succeeded':
      return 'succeeded';
    case 'step-failed':
      return 'failed';
    case 'interruption-submitted':
      return event.result === 'retry' ? null : ['proceed', 'ignore'].includes(event.result) ? 'succeeded' : 'failed';
    case 'interruption-deadline-passed':
      return event.outcome === 'escalate' ? null : event.outcome === 'proceed' ? 'succeeded' : 'failed';
    default:
      return null;
  }
}

/** PRO-1, PRO-2, PRO-8: each step once and in its turn, under its condition; a deployment ends as its steps have. */
function expectTurns(plan: ReleasePlan, events: readonly ReleaseEvent[]): void {
  const ends = new Map<string, (End | undefined)[]>();
  const latest = new Map<string, string>();
  const begun = new Set<string>();
  const holding = new Set<string>();
  const retries = new Map<string, number>();
  // A full roll-out runs for all phases to come: none of those that have succeeded there.
  const phasesOf = new Map<string, number[]>();
  const done = new Set<string>();
  let isEverywhere = false;
  for (const event of events) {
    isEverywhere ||= event.type === 'full-rollout-started';
    if (event.type === 'deployment-succeeded') {
      done.add(`${event.phase}/${event.environment}`);
    }
    if (event.type === 'phase-started') {
      for (const environment of event.environments) {
        const place = placeOf({ ...event, environment });
        expect(ends.has(place)).toBe(false);
        ends.set(place, []);
        phasesOf.set(
          place,
          [...plan.phases.keys()].filter(
            (index) =>
              index === event.phase ||
              (isEverywhere &&
                plan.phases[index]?.environments.includes(environment) &&
                ![...plan.phases.keys()].slice(index).some((later) => done.has(`${later}/${environment}`))),
          ),
        );
        latest.set(`${event.phase}/${environment}`, place);
      }
    }
    if (isOf('deployment-succeeded', 'deployment-failed')(event) && plan.process.length > 0) {
      const all = ends.get(latest.get(`${event.phase}/${event.environment}`) ?? '') ?? [];
      expect(plan.process.filter((_, index) => all[index] === undefined)).toEqual([]);
      expect(event.type).toBe(all.includes('failed') ? 'deployment-failed' : 'deployment-succeeded');
    }
    if (!isOfProcess(event)) {
      continue;
    }
    const place = placeOf(event);
    const own = ends.get(place) ?? [];
    const step = plan.process[event.step];
    // What has ended stays so, and nobody is heard of any more.
    expect([event.type, own[event.step]]).toEqual([event.type, undefined]);
    if (event.type === 'condition-answered' && event.answer) {
      holding.add(`${place}/${event.step}`);
    }
    const tries = 1 + (retries.get(`${place}/${event.step}`) ?? 0);
    if (event.type === 'interruption-submitted' && event.result === 'retry') {
      retries.set(`${place}/${event.step}`, tries);
    }
    if (event.type === 'step-started') {
      expect(event.try).toBe(tries);
    }
    const begins = beginningOf(event, tries);
    if (begins !== null && step) {
      const name = `${place}/${event.step}/${begins}`;
      expect(begun.has(name)).toBe(false);
      begun.add(name);
      expectTurn(plan, event, own, phasesOf.get(place) ?? []);
      expect(
        step.runWhen !== 'expression' || event.type === 'step-checking' || holding.has(`${place}/${event.step}`),
      ).toBe(true);
    }
    const end = endOf(event);
    if (end !== null) {
      own[event.step] = end;
    }
  }
}

/** What no two beginnings of a step have in common; null: it is none. */
function beginningOf(event: ProcessEvent, tries: number): string | null {
  switch (event.type) {
    case 'step-started':
      return `try ${tries}`;
    case 'interruption-raised':
      return event.kind === 'manual' ? 'sign-off' : null;
    case 'step-checking':
      // Once, and again where a person wanted another try of that.
      return `check ${tries}`;
    default:
      return null;
  }
}

function expectTurn(
  plan: ReleasePlan,
  event: ProcessEvent,
  ends: readonly (End | undefined)[],
  phases: readonly number[],
): void {
  const step = plan.process[event.step];
  let first = event.step;
  while (first > 0 && plan.process[first]?.start === 'with-previous') {
    first -= 1;
  }
  const before = plan.process.slice(0, first).map((_, index) => ends[index]);
  expect(before).not.toContain(undefined);
  const hasFailed = before.includes('failed');
  expect([step?.runWhen, hasFailed]).not.toEqual(['success', true]);
  expect([step?.runWhen, hasFailed]).not.toEqual(['failure', false]);
  expect(step && isLeftOut(step, plan, event, phases)).toBe(false);
}

function isLeftOut(
  step: StepPlan,
  plan: ReleasePlan,
  { environment }: ProcessEvent,
  phases: readonly number[],
): boolean {
  return (
    step.skipped ||
    step.notEnvironments.includes(environment) ||
    (step.environments.length > 0 && !step.environments.includes(environment)) ||
    (step.phases.length > 0 && !phases.some((index) => step.phases.includes(plan.phases[index]?.name ?? '')))
  );
}

/** INT-2, INT-6, INT-10: numbered as they are raised, answered at most once, by enough people, and no deadline is early. */
function expectInterruptions(plan: ReleasePlan, events: readonly ReleaseEvent[]): void {
  const raised = events.filter(isOf('interruption-raised'));
  expect(raised.map(({ interruption }) => interruption)).toEqual(raised.map((_, index) => index + 1));
  for (const { interruption, kind, deadlineAt, at, step: index } of raised) {
    const step = plan.process[index];
    const own = events
      .filter(isOf('interruption-proceeded', 'interruption-submitted', 'interruption-deadline-passed'))
      .filter((event) => event.interruption === interruption);
    const ends = own.filter((event) => endOf(event) !== null || isOf('interruption-submitted')(event));
    expect(ends.length).toBeLessThanOrEqual(1);
    expect(own.slice(0, -1)).not.toContain(ends[0]);

    const afterMs = step?.manual?.deadline?.afterMs;
    expect(deadlineAt).toBe(kind === 'manual' && afterMs !== undefined ? at + afterMs : null);
    const passed = own.filter(isOf('interruption-deadline-passed'));
    passed.forEach((event) => expect(event.at).toBe(deadlineAt));
    expect(passed.length).toBeLessThanOrEqual(1);

    const submitted = own.find(isOf('interruption-submitted'));
    const people = own.filter(isOf('interruption-proceeded')).map(({ by }) => by);
    if (kind === 'failure') {
      expect(['fail', 'retry', ...(step?.required ? [] : ['ignore']), undefined]).toContain(submitted?.result);
      expect(people).toEqual([]);
    } else {
      expect(['proceed', 'abort', undefined]).toContain(submitted?.result);
      const all = submitted?.result === 'proceed' ? [...people, submitted.by] : people;
      expect(new Set(all).size).toBe(all.length);
      expect(submitted?.result === 'proceed' ? all.length : step?.manual?.approvals).toBe(step?.manual?.approvals);
    }
  }
}

/** PIPE-3: a phase bakes when every deployment of it has ended, and in each environment the last one has succeeded. */
function expectBakesAfter(events: readonly ReleaseEvent[]): void {
  const standing = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'phase-started') {
      event.environments.forEach((environment) => standing.set(`${event.phase}/${environment}`, 'running'));
    }
    if (isOf('deployment-succeeded', 'deployment-failed')(event)) {
      expect(standing.get(`${event.phase}/${event.environment}`)).toBe('running');
      standing.set(`${event.phase}/${event.environment}`, event.type);
    }
    if (isOf('bake-started', 'bake-ended', 'release-completed')(event)) {
      const own = [...standing].filter(([name]) => !('phase' in event) || name.startsWith(`${event.phase}/`));
      const wanted = event.type === 'release-completed' ? 'running' : 'deployment-succeeded';
      const others = own.filter(([, state]) => (wanted === 'running' ? state === wanted : state !== wanted));
      expect(others).toEqual([]);
    }
  }
}
