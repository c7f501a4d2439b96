import { evolveAll } from '../../src/domain/evolve';
import { SECOND } from '../../src/domain/instant';
import { nextStep } from '../../src/domain/next-step';
import type { AnyPlan, AnyState } from '../../src/domain/older-release';
import { completePlan, completeState } from '../../src/domain/older-release';
import { phasesShown } from '../../src/domain/roll-out';
import { triggeredRelease } from '../../src/domain/release';
import { action, after, did, NOON, phase, plan, service, upTo } from './release-fixture';

/** As it comes from a store or a history: as JSON. */
const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** A plan as it was pinned before there were services. */
function olderPlan(): AnyPlan {
  const { items: _items, revertWaitMs: _wait, phases, ...rest } = plan();
  return stored({ ...rest, phases: phases.map(({ unconditional: _unconditional, ...each }) => each) });
}

/** Its position while the first phase bakes. */
function olderState(): AnyState {
  const baking = after(
    plan(),
    ...upTo(0),
    did.rollOut(0),
    did.succeed(0, 'staging'),
    did.succeed(0, 'production'),
    did.bake(0),
  );
  const { touched: _touched, flagsReverted: _flagsReverted, ...rest } = baking;
  return stored({
    ...rest,
    phases: rest.phases.map((each) => ({
      ...each,
      deployments: each.deployments.map(({ flagsApplied: _flagsApplied, ...deployment }) => deployment),
    })),
  }) as AnyState;
}

describe('completePlan', () => {
  it('REL-27: a plan of before there were services holds flags alone, and brings nothing anywhere', () => {
    expect(completePlan(olderPlan())).toEqual({
      ...plan(),
      items: [{ kind: 'flags' }],
      revertWaitMs: 10 * SECOND,
      phases: plan().phases.map((each) => ({ ...each, unconditional: [] })),
    });
  });

  it('REL-27: leaves a plan of this version as it is', () => {
    const of = plan({
      phases: [phase('everyone', { unconditional: ['staging'] })],
      items: [service('payments', ['staging'])],
      revertWaitMs: 1,
    });

    expect(completePlan(stored(of))).toEqual(of);
  });

  it('REL-27: a set without any item stays one', () => {
    expect(completePlan(plan({ items: [] })).items).toEqual([]);
  });
});

describe('completeState', () => {
  it('REL-27: a position of before there were services has touched none', () => {
    expect(completeState(olderState())).toMatchObject({ touched: [], flagsReverted: false, stage: 'running' });
  });

  it('REL-27: leaves a position of this version as it is', () => {
    const state = after(
      plan(),
      did.start(),
      did.rollOut(0),
      {
        type: 'service-apply-started',
        at: NOON,
        phase: 0,
        attempt: 1,
        environment: 'staging',
        service: 'payments',
        version: '2',
      },
      did.abort(),
      { type: 'flags-reverted', at: NOON },
    );

    expect(completeState(stored(state))).toEqual(state);
  });

  it('REL-27: what an older release has shown stays shown', () => {
    const state = completeState(olderState());

    expect(['staging', 'production'].map((environment) => phasesShown(state, environment))).toEqual([[0], [0]]);
  });

  it('REL-27: an older release goes on and is aborted as it was, in one step', () => {
    const [of, state] = [completePlan(olderPlan()), completeState(olderState())];
    const asked = { plan: of, state, holds: [], finished: [], held: false, now: NOON };

    const waiting = nextStep({ ...asked, mailbox: [] });
    const aborted = nextStep({ ...asked, mailbox: [action('abort', of)] });

    expect(waiting).toEqual({ waitUntil: expect.any(Number) as number });
    expect(aborted).toMatchObject({
      step: {
        events: [{ type: 'release-aborting' }],
        reach: { kind: 'revert', events: [{ type: 'release-aborted' }] },
      },
    });
  });

  it('REL-27: an older queued release starts', () => {
    const { touched: _touched, flagsReverted: _flagsReverted, ...queued } = triggeredRelease(plan(), NOON);

    expect(evolveAll(completeState(stored(queued)), [did.start()])).toEqual(
      evolveAll(triggeredRelease(plan(), NOON), [did.start()]),
    );
  });
});
