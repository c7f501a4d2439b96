import fc from 'fast-check';

import type { AcceptedAction } from '../../src/domain/accepted-action';
import { evolveAll } from '../../src/domain/evolve';
import { MINUTE } from '../../src/domain/instant';
import type { HeldInterruption } from '../../src/domain/interruption';
import { handOver, mayAnswer, take } from '../../src/domain/interruption';
import { triggeredRelease } from '../../src/domain/release';
import type { ReleaseEvent } from '../../src/domain/release-event';
import { manual, NOON, phase, plan, rollOut } from './release-fixture';
import { ReleaseRun } from './release-run';

// Answers, aborts, a deadline and people who take over, in every order that comes to mind. FAST_CHECK_SEED repeats one.

const RUNS = 2_000;
const SEED = Number(process.env['FAST_CHECK_SEED'] ?? 20_261_126);
const DEADLINE = 2 * MINUTE;

const PEOPLE = ['ada', 'grace', 'olga'] as const;
const OUTCOMES = ['abort', 'proceed', 'escalate'] as const;

const asks = fc.record({ approvals: fc.constantFrom(1, 2), outcome: fc.constantFrom(...OUTCOMES) });

const acceptances = fc.record({
  by: fc.constantFrom(...PEOPLE),
  does: fc.constantFrom('proceed', 'proceed', 'abort', 'abort the release'),
  /** After the one before it: in the same millisecond, around the deadline, long after it. */
  afterMs: fc.constantFrom(0, 0, 1, MINUTE, DEADLINE - 1, DEADLINE),
});

/** What a worker does between two acceptances. */
const works = fc.record({
  kind: fc.constantFrom('works', 'works', 'one step', 'sleeps', 'dies'),
  /** In which order it hears of what was accepted. */
  turned: fc.boolean(),
});

type Asks = typeof asks extends fc.Arbitrary<infer T> ? T : never;
type Work = typeof works extends fc.Arbitrary<infer T> ? T : never;

const asking = ({ approvals, outcome }: Asks): ReleaseRun =>
  new ReleaseRun(
    plan({
      phases: [phase('everyone', { environments: ['production'] })],
      process: [rollOut(), manual('Sign off', { approvals, deadline: { afterMs: DEADLINE, outcome } })],
    }),
  ).run();

function goOn(run: ReleaseRun, { kind, turned }: Work): void {
  if (kind === 'dies') {
    run.restart();
  } else if (kind !== 'sleeps') {
    run.deliver(turned ? [...run.accepted].reverse() : run.accepted);
    if (kind === 'works') {
      run.run();
    } else {
      run.step();
    }
  }
}

/** Ends of the interruption: no more than one, whoever is asked. */
const ends = (events: readonly ReleaseEvent[]): ReleaseEvent[] =>
  events.filter(
    (event) =>
      event.type === 'interruption-submitted' ||
      (event.type === 'interruption-deadline-passed' && event.outcome !== 'escalate') ||
      event.type === 'release-aborting',
  );

/** What everybody is told, but for the instant at which the flags are back. */
const toldBy = ({ events, outcomes, accepted }: ReleaseRun) => ({
  events: events.filter(({ type }) => type !== 'release-aborted'),
  // A second abort is told that the release is being aborted, or that it is.
  outcomes: outcomes.map(({ number, refusal }) =>
    accepted[number - 1]?.verb === 'abort' ? refusal === null : (refusal?.refused ?? null),
  ),
});

describe('an interruption that many want to end', () => {
  it('INT-2, INT-6, INT-7, REL-29: ends once, and the same way whoever works on it and when', () => {
    const seen = new Set<string>();
    const races = fc.record({
      asks,
      all: fc.array(fc.record({ accepted: acceptances, awake: works, asleep: works }), { minLength: 1, maxLength: 6 }),
    });

    fc.assert(
      fc.property(races, ({ asks: asked, all }) => {
        const runs = (['awake', 'asleep'] as const).map((which) => {
          const run = asking(asked);
          for (const each of all) {
            const { by, does, afterMs } = each.accepted;
            if (which === 'awake') {
              run.advance(afterMs);
            } else {
              run.sleep(afterMs);
            }
            if (does === 'abort the release') {
              run.accept('abort', { by });
            } else {
              const answer = { interruption: 1, result: does, hasNotes: true } as const;
              run.accept('submit', { by, answer } as Partial<AcceptedAction>);
            }
            goOn(run, each[which]);
          }
          run.deliver();
          return run.advance(DEADLINE);
        });
        const [awake, asleep] = runs;
        if (!awake || !asleep) {
          throw new Error('There are two runs');
        }

        expect(toldBy(asleep)).toEqual(toldBy(awake));
        const own = ends(awake.events);
        const abort = own.findIndex(({ type }) => type === 'release-aborting');
        // The abort of a release may come after the answer; nothing comes after the abort.
        expect(own.length).toBeLessThanOrEqual(abort === -1 ? 1 : abort + 1);
        expect(abort).toBeLessThanOrEqual(1);
        for (const { state, events } of runs) {
          const folded = evolveAll(
            triggeredRelease(awake.plan, NOON),
            JSON.parse(JSON.stringify(events)) as ReleaseEvent[],
          );
          expect({ ...folded, decided: state.decided }).toEqual(state);
        }
        seen.add(own.map((event) => ('result' in event ? event.result : event.type)).join(', then '));
      }),
      { numRuns: RUNS, seed: SEED },
    );

    expect([...seen].sort()).toEqual([
      '',
      'abort',
      'abort, then release-aborting',
      'interruption-deadline-passed',
      'interruption-deadline-passed, then release-aborting',
      'proceed',
      'proceed, then release-aborting',
      'release-aborting',
    ]);
  });

  it('INT-2, INT-4: is answered by the one who held it when the answer was accepted, and by nobody twice', () => {
    const refused = new Set<string>();
    const moves = fc.array(
      fc.record({
        by: fc.constantFrom(...PEOPLE),
        does: fc.constantFrom('take', 'take', 'hand over', 'proceed', 'proceed', 'abort'),
        to: fc.constantFrom(...PEOPLE),
        afterMs: fc.constantFrom(0, 0, 0, 1, MINUTE),
        then: works,
      }),
      { minLength: 2, maxLength: 12 },
    );

    fc.assert(
      fc.property(asks, moves, (asked, all) => {
        const run = asking(asked);
        const name = (user: string) => user;
        const entitled = (userId: string) => ({ userId, teams: ['qa'], maySubmit: true, mayDeploy: true });
        let holder: string | null = null;
        let proceeded = 0;
        const heldBy: (string | null)[] = [];
        /** As the store tells it, under the release's lock. */
        const held = (): HeldInterruption => {
          const isOpen = run.deploymentIn()?.steps?.[1]?.state === 'waiting';
          const isAnswered = run.accepted.some(({ number }) => number > run.state.decided);
          return {
            state: isOpen ? (holder === null ? 'pending' : 'taken') : 'submitted',
            ...{ teams: ['qa'], excluded: [], responsibleUser: holder },
            end: !isOpen
              ? { kind: 'submitted', by: 'somebody', result: 'proceed', at: NOON }
              : isAnswered
                ? { kind: 'undecided', by: holder ?? '', action: '' }
                : null,
            proceeded: run.eventsOf('interruption-proceeded').map((event) => event.by),
          };
        };

        for (const { by, does, to, afterMs, then } of all) {
          run.sleep(afterMs);
          const interruption = held();
          const verdict =
            does === 'take'
              ? take(interruption, entitled(by), name)
              : does === 'hand over'
                ? handOver(interruption, entitled(to), name)
                : mayAnswer(interruption, entitled(by), name);
          if (verdict !== null && 'refused' in verdict) {
            refused.add(verdict.refused);
          } else if (verdict !== null) {
            holder = verdict.kind === 'held' ? verdict.by : holder;
          } else if (does === 'proceed' || does === 'abort') {
            run.accept('submit', { by, answer: { interruption: 1, result: does, hasNotes: true } });
            heldBy.push(holder);
          }
          goOn(run, then);
          // One who has proceeded holds it no longer: it is open to others (INT-6).
          const seen = run.eventsOf('interruption-proceeded').length;
          holder = seen > proceeded ? null : holder;
          proceeded = seen;
        }
        run.deliver();
        run.run();

        const told = run.events.flatMap((event) =>
          event.type === 'interruption-submitted' || event.type === 'interruption-proceeded' ? [event] : [],
        );
        for (const { by, action } of told) {
          const number = run.accepted.findIndex(({ id }) => id === action);
          expect(heldBy[number]).toBe(by);
        }
        const proceeds = told.filter((event) => event.type === 'interruption-proceeded' || event.result === 'proceed');
        expect(new Set(proceeds.map(({ by }) => by)).size).toBe(proceeds.length);
        expect(run.eventsOf('interruption-submitted').length).toBeLessThanOrEqual(1);
        expect(run.outcomes.map(({ number }) => number)).toEqual(run.accepted.map(({ number }) => number));
        run.outcomes.forEach(({ refusal }) => refusal && refused.add(refusal.refused));
      }),
      { numRuns: RUNS, seed: SEED },
    );

    expect([...refused].sort()).toEqual([
      'interruption.already-proceeded',
      'interruption.not-taken',
      'interruption.submitted',
      'interruption.taken-by-other',
    ]);
  });
});
