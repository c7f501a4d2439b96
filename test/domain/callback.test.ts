import { allowedActions, decide } from '../../src/domain/decide';
import { SECOND } from '../../src/domain/instant';
import { nextStep } from '../../src/domain/next-step';
import { refuseEnded } from '../../src/domain/refuse-ended';
import type { AcceptedAction, Callback, ReleaseEvent } from '../../src/domain/release';
import { action, after, did, NOON, phase, plan, service } from './release-fixture';

const FLAGS = { kind: 'flags' } as const;
const of = plan({
  phases: [phase('staff', { environments: ['staging'], unconditional: ['staging'] }), phase('everyone')],
  items: [FLAGS, service('payments')],
});
const item = { service: 'payments', environment: 'staging' };
const started: ReleaseEvent[] = [did.start(), did.rollOut(0, 1, ['staging'])];
const applying: ReleaseEvent[] = [...started, did.touch('payments', 'staging')];

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

  it('is no action that a person may do', () => {
    const asked = calledBack({ state: 'succeeded' });

    const allowed = allowedActions({ state: after(of, ...applying), plan: of, holds: [] }, asked, NOON);

    expect(allowed).not.toContain('callback');
  });
});
