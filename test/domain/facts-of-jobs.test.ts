import { evolveAll } from '../../src/domain/evolve';
import { HOUR, MINUTE } from '../../src/domain/instant';
import { nextStep } from '../../src/domain/next-step';
import type { ReleaseState } from '../../src/domain/release';
import type { ReleaseEvent } from '../../src/domain/release-event';
import { dueAt } from '../../src/domain/what-follows';
import { action, after, did, NOON, phase, plan, service } from './release-fixture';

const production = { phase: 0, environment: 'production', service: 'payments' };
const touch = (at: number): ReleaseEvent => ({
  type: 'service-apply-started',
  at,
  attempt: 1,
  version: '2',
  ...production,
});
const of = plan({
  phases: [phase('all', { environments: ['production'], unconditional: ['production'], bakeMs: HOUR })],
  items: [service('payments', ['production'])],
});
const rollingOut = after(of, did.start(), did.rollOut(0, 1, ['production']));
const ended = {
  job: { kind: 'roll-out' as const, phase: 0, environment: 'production', attempt: 1 },
  at: NOON + 1,
  outcome: 'succeeded' as const,
};
const asked = (state: ReleaseState, more: Partial<Parameters<typeof nextStep>[0]>) =>
  nextStep({ state, plan: of, holds: [], mailbox: [], finished: [], held: false, now: NOON + MINUTE, ...more });

describe('facts that jobs record between two steps', () => {
  it('REL-29: move no time of the release, however far ahead the clock of a job is', () => {
    const facts = [touch(NOON + HOUR), { type: 'service-applied' as const, at: NOON + HOUR, ...production }];

    expect(evolveAll(rollingOut, facts).lastAt).toBe(rollingOut.lastAt);
  });

  it('REL-19: a revert waits for no clock: with the flags back the last service touched is next at once', () => {
    const state = evolveAll(rollingOut, [touch(NOON + HOUR), did.abort(), { type: 'flags-reverted', at: NOON }]);

    const next = asked(state, { now: NOON });

    expect(dueAt(state, of)).toBeNull();
    expect(next).toMatchObject({
      step: { reach: { kind: 'timer', events: [{ type: 'service-revert-started', at: NOON }] } },
    });
  });

  it('INV-3: an abort heard together with the end of a deployment ends nothing before the store has said what is touched', () => {
    const abort = action('abort', of, { number: 1, acceptedAt: NOON + 2 });

    const next = asked(rollingOut, { finished: [ended], mailbox: [abort] });

    expect(next).toMatchObject({ step: { reach: null } });
    expect('step' in next && next.step.events.map(({ type }) => type)).toEqual([
      'deployment-succeeded',
      'bake-started',
      'release-aborting',
    ]);
  });

  it('WHK-5: a target that somebody else has changed is not taken back by an abort', () => {
    const state = evolveAll(rollingOut, [
      touch(NOON),
      { type: 'service-apply-failed', at: NOON, ...production, detail: 'The target has version "9"', drifted: true },
      did.fail(0, 'production'),
      did.abort(),
      { type: 'flags-reverted', at: NOON },
    ]);

    expect(asked(state, {})).toMatchObject({
      step: { reach: { kind: 'revert', events: [{ type: 'release-aborted' }] } },
    });
  });
});
