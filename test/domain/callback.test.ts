import type { AcceptedAction, Callback } from '../../src/domain/accepted-action';
import { allowedActions, decide } from '../../src/domain/decide';
import { SECOND } from '../../src/domain/instant';
import { nextStep } from '../../src/domain/next-step';
import { refuseEnded } from '../../src/domain/refuse-ended';
import type { ReleaseEvent } from '../../src/domain/release-event';
import type { ManualPlan, StepPlan } from '../../src/domain/release-plan';
import { action, after, did, NOON, phase, plan, service } from './release-fixture';

const FLAGS = { kind: 'flags' } as const;
const of = plan({
  phases: [phase('staff', { environments: ['staging'], unconditional: ['staging'] }), phase('everyone')],
  items: [FLAGS, service('payments')],
});
const item = { service: 'payments', environment: 'staging' };
const started: ReleaseEvent[] = [did.start(), did.rollOut(0, 1, ['staging'])];
const applying: ReleaseEvent[] = [...started, did.touch('payments', 'staging')];

const asksOnePerson: ManualPlan = { approvals: 1, notesRequired: false, authorMaySubmit: true, deadline: null };

const stepPlan = (name: string, kind: StepPlan['kind']): StepPlan => ({
  ...{ name, kind, environments: [], notEnvironments: [], phases: [] },
  ...{ runWhen: 'success', start: 'after-previous', required: false, skipped: false },
});

const calledBack = (callback: Callback, more: Partial<AcceptedAction> = {}): AcceptedAction =>
  action('callback', of, {
    ...{ by: 'service:payments', phase: 'staff', attempt: 1, item, callback },
    rights: { mayApprove: [], administrator: false, hasReason: false, tokenMaker: null },
    ...more,
  });

const decided = (happened: ReleaseEvent[], callback: AcceptedAction) =>
  decide({ state: after(of, ...happened), plan: of, holds: [] }, callback, NOON + SECOND, NOON + SECOND);

const SETTLED = {
  refused: 'callback.settled',
  detail: 'Nothing waits for this callback: what it is about has come to its end',
};

describe('a callback', () => {
  it('PRO-6: that tells of success ends the apply, and says which target it was', () => {
    expect(decided(applying, calledBack({ state: 'succeeded' }))).toEqual({
      events: [
        {
          ...{ type: 'service-applied', at: NOON + SECOND, phase: 0, ...item },
          ...{ by: 'service:payments', action: 'action-1' },
        },
      ],
    });
  });

  it('PRO-6: that tells of failure fails it, in words that are no target’s', () => {
    expect(decided(applying, calledBack({ state: 'failed', currentVersion: '1' }))).toEqual({
      events: [
        {
          ...{ type: 'service-apply-failed', at: NOON + SECOND, phase: 0, ...item },
          ...{ detail: 'The target called back that it failed', by: 'service:payments', action: 'action-1' },
        },
      ],
    });
  });

  it('PRO-6: is decided the same by one who has not heard yet that anything was sent', () => {
    const callback = calledBack({ state: 'succeeded' });

    expect(decided(started, callback)).toEqual(decided(applying, callback));
  });

  it('PRO-6: takes the service with it to applied or failed', () => {
    const stateAfter = (callback: Callback) => {
      const state = after(of, ...applying);
      const next = nextStep({
        ...{ state, plan: of, holds: [], finished: [], held: false, now: NOON + SECOND },
        mailbox: [calledBack(callback)],
      });
      return 'step' in next ? after(of, ...applying, ...next.step.events).touched[0]?.state : next;
    };

    expect(stateAfter({ state: 'succeeded' })).toBe('applied');
    expect(stateAfter({ state: 'failed' })).toBe('failed');
  });

  it.each<[string, ReleaseEvent[], Partial<AcceptedAction>]>([
    ['the deployment has succeeded', [...applying, did.succeed(0, 'staging')], {}],
    ['the deployment has failed', [...applying, did.fail(0, 'staging'), did.failPhase(0)], {}],
    ['the release is being aborted', [...applying, did.abort()], {}],
    ['the release has ended', [...applying, did.abort(), { type: 'release-aborted', at: NOON }], {}],
    ['it is of another attempt', applying, { attempt: 2 }],
    ['it is of another phase', applying, { phase: 'everyone' }],
    ['its phase is none of the release', applying, { phase: 'ghost' }],
    ['it is of another environment', applying, { item: { service: 'payments', environment: 'production' } }],
  ])('REL-32: is refused where %s, and is told nothing more', (_, happened, more) => {
    expect(decided(happened, calledBack({ state: 'succeeded' }, more))).toEqual(SETTLED);
  });

  it('REL-32: that an abort was accepted before is refused when both are decided', () => {
    const mailbox = [action('abort', of), calledBack({ state: 'succeeded' }, { number: 2, id: 'action-2' })];

    const state = after(of, ...applying);
    const next = nextStep({
      ...{ state, plan: of, holds: [], finished: [], held: false, now: NOON + SECOND },
      mailbox,
    });

    expect(next).toMatchObject({
      step: {
        events: [{ type: 'release-aborting' }],
        outcomes: [
          { number: 1, refusal: null },
          { number: 2, refusal: SETTLED },
        ],
      },
    });
  });

  it('REL-25: that is left over when the release ends is refused as any late one', () => {
    const state = after(of, ...applying, did.abort(), { type: 'release-aborted', at: NOON });

    expect(refuseEnded(state, [calledBack({ state: 'failed' })])[0]?.refusal).toEqual(SETTLED);
  });

  describe('where the roll-out is a step of a process', () => {
    const check = { ...stepPlan('Check', 'manual'), manual: asksOnePerson };
    const rollOut = { ...stepPlan('Roll out', 'roll-out'), start: 'with-previous' as const };
    const ofProcess = plan({ ...of, process: [check, rollOut] });
    const place = { at: NOON, phase: 0, environment: 'staging', attempt: 1 };
    const rollsOut = (tried = 1): ReleaseEvent => ({ ...place, type: 'step-started', step: 1, try: tried });
    const waiting: ReleaseEvent[] = [
      ...[did.start(), did.rollOut(0, 1, ['staging'], ['manual', 'roll-out'])],
      ...[did.wait(0, 'staging'), rollsOut()],
    ];
    const again: ReleaseEvent[] = [
      ...waiting,
      {
        ...{ ...place, type: 'interruption-raised', step: 1, interruption: 2, kind: 'failure', deadlineAt: null },
        failure: { detail: 'The target called back that it failed', errored: false },
      },
      {
        ...{ ...place, type: 'interruption-submitted', step: 1, interruption: 2, result: 'retry' },
        ...{ by: 'olga', action: 'action-0' },
      },
      rollsOut(2),
    ];
    const outcome = (happened: ReleaseEvent[], more: Partial<AcceptedAction> = {}) => {
      const state = after(ofProcess, ...happened);
      const callback = calledBack({ state: 'succeeded' }, more);
      const decision = decide({ state, plan: ofProcess, holds: [] }, callback, NOON + SECOND, NOON + SECOND);
      return 'events' in decision ? decision.events.map(({ type }) => type) : decision;
    };
    const ofTry = (tried: number) => ({ item: { ...item, try: tried } });

    it('PRO-6: counts while the step runs, also when the deployment waits for a person meanwhile', () => {
      expect(after(ofProcess, ...waiting).phases[0]?.deployments[0]?.state).toBe('waiting');
      expect(outcome(waiting)).toEqual(['service-applied']);
    });

    it.each<[string, ReleaseEvent[]]>([
      ['has not begun', waiting.slice(0, -1)],
      ['has ended', [...waiting, { ...place, type: 'step-succeeded', step: 1 }]],
      ['has failed and asks a person', again.slice(0, -2)],
    ])('PRO-6: is too late or too early where the step %s', (_, happened) => {
      expect(outcome(happened)).toEqual(SETTLED);
    });

    it('INT-10: counts for the try that it is about, and for no other', () => {
      expect([outcome(again, ofTry(2)), outcome(waiting, ofTry(1))]).toEqual([
        ['service-applied'],
        ['service-applied'],
      ]);
      expect([outcome(again), outcome(again, ofTry(1)), outcome(waiting, ofTry(2))]).toEqual([
        SETTLED,
        SETTLED,
        SETTLED,
      ]);
    });
  });

  it('is no action that a person may do', () => {
    const asked = calledBack({ state: 'succeeded' });

    const allowed = allowedActions({ state: after(of, ...applying), plan: of, holds: [] }, asked, NOON);

    expect(allowed).not.toContain('callback');
  });
});
