import { afterStep, nextStep } from '../../src/domain/next-step';
import { refuseStart, startRelease } from '../../src/domain/start-release';
import { evolveAll } from '../../src/domain/evolve';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/domain/instant';
import type { Pipeline, Review } from '../../src/domain/pipeline';
import type { ActionRights } from '../../src/domain/accepted-action';
import type { Hold } from '../../src/domain/release';
import { currentPhase, triggeredRelease } from '../../src/domain/release';
import type { PhasePlan, ReleasePlan } from '../../src/domain/release-plan';
import { shownPhaseState, shownState } from '../../src/domain/shown-state';
import { planOf } from '../../src/domain/plan-of';
import {
  action,
  after,
  allRights,
  approver,
  did,
  NOON,
  phase,
  plan,
  planOfPhases,
  review,
  upTo,
} from './release-fixture';
import { ReleaseRun } from './release-run';

const defect: Hold = { kind: 'defect', id: 'defect-1', detail: 'Checkout loses carts' };
const [FIRST, MIDDLE, LAST] = [0, 1, 2];

/** Three phases, the middle one with a review. */
const reviewedInTheMiddle = (more: Partial<Review> = {}): ReleasePlan =>
  planOfPhases(phase('staff'), phase('beta', { review: review(more) }), phase('everyone'));

/** Stands before the review of the middle phase; opened one hour after noon. */
const atReview = (more: Partial<Review> = {}): ReleaseRun =>
  new ReleaseRun(reviewedInTheMiddle(more)).run().advance(HOUR);

/** The phase of this index rolls out in two environments, which tests report on. */
const rollingOut = (of: ReleasePlan = plan(), options = { slow: true }): ReleaseRun =>
  new ReleaseRun(of, options).run();

const succeed = (run: ReleaseRun): ReleaseRun => {
  run.report('deployment-succeeded', 'staging');
  return run.report('deployment-succeeded', 'production');
};

const failOne = (run: ReleaseRun): ReleaseRun => {
  run.report('deployment-succeeded', 'staging');
  return run.report('deployment-failed', 'production');
};

describe('progress', () => {
  it('REL-6: goes through its phases by itself and is completed after the last bake', () => {
    const run = new ReleaseRun(plan()).run();

    run.advance(3 * HOUR);

    expect(run.shown).toBe('completed');
    expect(run.eventsOf('phase-started').map(({ at, phase: index }) => [index, at])).toEqual([
      [FIRST, NOON],
      [MIDDLE, NOON + HOUR],
      [LAST, NOON + 2 * HOUR],
    ]);
    expect(run.eventsOf('release-completed').map(({ at }) => at)).toEqual([NOON + 3 * HOUR]);
  });

  it('REL-6: a deployment that runs shows before one that waits for a person, and that before one that failed', () => {
    const happened = [...upTo(MIDDLE), did.rollOut(MIDDLE, 1, ['development', 'staging', 'production'], ['manual'])];
    const shown = (...more: ReturnType<typeof did.wait>[]) => shownState(after(plan(), ...happened, ...more));

    expect(shown(did.wait(MIDDLE, 'staging'), did.fail(MIDDLE, 'production'))).toBe('rolling-out');
    expect(shown(did.succeed(MIDDLE, 'development'), did.wait(MIDDLE, 'staging'), did.fail(MIDDLE, 'production'))).toBe(
      'waiting-for-intervention',
    );
    expect(
      shown(
        did.succeed(MIDDLE, 'development'),
        did.succeed(MIDDLE, 'staging'),
        did.fail(MIDDLE, 'production'),
        did.failPhase(MIDDLE),
      ),
    ).toBe('failed');
  });

  it('REL-6: a hold shows before an open review, and not while something runs, bakes, is paused or has failed', () => {
    const of = reviewedInTheMiddle();
    const shown = (...more: Parameters<typeof after>[1][]) =>
      shownState(after(of, ...upTo(MIDDLE), did.openReview(MIDDLE), ...more), [defect]);
    const started = [did.approve(MIDDLE), did.passReview(MIDDLE), did.rollOut(MIDDLE)];

    expect(shown()).toBe('blocked');
    expect(shown(...started)).toBe('rolling-out');
    expect(shown(...started, did.bake(MIDDLE))).toBe('baking');
    expect(shown(...started, did.pause(MIDDLE))).toBe('paused');
    expect(shown(...started, did.failPhase(MIDDLE))).toBe('failed');
  });

  it('REL-7: is queued until its start is recorded', () => {
    const run = new ReleaseRun(plan());

    expect(run.shown).toBe('queued');

    run.step();

    expect(run.shown).toBe('rolling-out');
    expect(run.events).toEqual([{ type: 'release-started', at: NOON }]);
  });

  it('REL-7: waiting for review, the current phase is the one about to start and the last one shows released', () => {
    const run = atReview();

    expect(run.shown).toBe('waiting-for-review');
    expect(run.state.current).toBe(MIDDLE);
    expect(run.state.phases.map(shownPhaseState)).toEqual(['released', 'waiting-for-review', 'pending']);
  });

  it('REL-7: blocked at completion, the current phase is the last one', () => {
    const run = new ReleaseRun(planOfPhases(phase('staff'))).run().hold(defect);

    run.advance(HOUR);

    expect(run.shown).toBe('blocked');
    expect(run.state.current).toBe(FIRST);
    expect(run.state.phases.map(shownPhaseState)).toEqual(['released']);
  });

  it('REL-8: waiting for review is not paused, and opens the review on reaching the phase, hold or not', () => {
    const run = new ReleaseRun(reviewedInTheMiddle()).run().hold(defect);

    run.advance(HOUR);

    expect(run.shown).toBe('blocked');
    expect(run.eventsOf('review-opened')).toEqual([
      { type: 'review-opened', at: NOON + HOUR, phase: MIDDLE, deadlineAt: null },
    ]);
    expect(run.act('unpause')).toBe('bake.not-paused');
  });

  it('REL-8: opens no review while queued', () => {
    const of = planOfPhases(phase('staff', { review: review({ deadline: { afterMs: HOUR, outcome: 'abort' } }) }));

    const next = nextStep({
      state: triggeredRelease(of, NOON),
      plan: of,
      holds: [],
      mailbox: [],
      finished: [],
      held: true,
      now: NOON + DAY,
    });

    expect(next).toEqual({ waitUntil: null });
  });

  it('REL-3: ends a release whose change set was overtaken, without having touched anything', () => {
    const queued = triggeredRelease(plan(), NOON);

    const ended = evolveAll(queued, refuseStart(queued, 'The flag has changed', NOON - SECOND));

    expect(ended.stage).toBe('aborted');
    expect(ended.lastAt).toBe(NOON);
    expect(ended.phases.map(shownPhaseState)).toEqual(['pending', 'pending', 'pending']);
  });
});

describe('review', () => {
  it('REL-10: an approval starts the phase', () => {
    const run = atReview();

    expect(run.act('approve')).toBeNull();

    expect(run.shown).toBe('baking');
    expect(run.eventsOf('phase-started').map(({ phase: index }) => index)).toEqual([FIRST, MIDDLE]);
  });

  it('REL-10: takes as many people as the phase asks for', () => {
    const run = atReview({ approvals: 3 });

    for (const by of ['rita', 'olga']) {
      expect(run.act('approve', { by })).toBeNull();
      expect(run.shown).toBe('waiting-for-review');
    }
    expect(run.act('approve', { by: 'tom' })).toBeNull();

    expect(run.shown).toBe('baking');
    expect(currentPhase(run.state).approvals.map(({ by }) => by)).toEqual(['rita', 'olga', 'tom']);
  });

  it('REL-10: counts a person once', () => {
    const run = atReview({ approvals: 2 });

    expect(run.act('approve', { by: 'rita' })).toBeNull();

    expect(run.act('approve', { by: 'rita' })).toBe('review.already-approved');
    expect(run.shown).toBe('waiting-for-review');
    expect(run.act('approve', { by: 'olga' })).toBeNull();
    expect(run.shown).toBe('baking');
  });

  it('REL-10: an author cannot approve, unless the phase allows it', () => {
    const strict = atReview();
    const lenient = atReview({ authorMayApprove: true });

    expect(strict.act('approve', { by: 'ada' })).toBe('review.author');
    expect(strict.shown).toBe('waiting-for-review');
    expect(lenient.act('approve', { by: 'ada' })).toBeNull();
    expect(lenient.shown).toBe('baking');
  });

  it('REL-10: only an approver approves, as judged at acceptance', () => {
    const run = atReview();
    const rights: ActionRights = { ...approver(run.plan), mayApprove: ['staff', 'everyone'] };

    expect(run.act('approve', { rights })).toBe('review.not-allowed');
  });

  it.each([
    ['abort', 'aborted'],
    ['proceed', 'baking'],
    ['keep-waiting', 'waiting-for-review'],
  ] as const)('REL-10: a deadline with the outcome %s leads to %s', (outcome, shown) => {
    const run = atReview({ deadline: { afterMs: 2 * DAY, outcome } });

    run.advance(2 * DAY - 1);
    expect(run.shown).toBe('waiting-for-review');
    run.advance(1);

    expect(run.shown).toBe(shown);
    expect(run.waitsUntil()).toBe(shown === 'baking' ? NOON + 2 * HOUR + 2 * DAY : null);
  });

  it('REL-10: a review that keeps waiting can still be given', () => {
    const run = atReview({ deadline: { afterMs: DAY, outcome: 'keep-waiting' } }).advance(2 * DAY);

    expect(run.act('approve')).toBeNull();

    expect(run.shown).toBe('baking');
    expect(run.eventsOf('review-deadline-passed')).toHaveLength(1);
  });

  it('REL-10: the deadline stops for nothing, a hold included', () => {
    const run = atReview({ deadline: { afterMs: DAY, outcome: 'abort' } }).hold(defect);

    run.advance(DAY);

    expect(run.shown).toBe('aborted');
    expect(run.eventsOf('release-aborting')).toMatchObject([
      { at: NOON + HOUR + DAY, cause: 'review-deadline', by: null },
    ]);
  });

  it('REL-11: an approval given under a hold is kept, and starts the phase when the hold ends', () => {
    const run = atReview().hold(defect);

    expect(run.act('approve')).toBeNull();
    expect(run.shown).toBe('blocked');
    expect(run.eventsOf('phase-started')).toHaveLength(1);
    expect(run.act('approve', { by: 'rita' })).toBe('review.not-open');

    run.advance(DAY).hold();

    expect(run.eventsOf('phase-started').at(-1)).toMatchObject({ phase: MIDDLE, at: NOON + HOUR + DAY });
  });

  it("REL-11: a deadline's proceed under a hold is kept", () => {
    const run = atReview({ deadline: { afterMs: DAY, outcome: 'proceed' } })
      .hold(defect)
      .advance(2 * DAY);

    expect(run.shown).toBe('blocked');
    run.hold();

    expect(run.shown).toBe('baking');
  });

  it('SEC-3: a token made by somebody else does not approve what its maker triggered with a token of their own', () => {
    const of = { ...reviewedInTheMiddle(), triggeredWithOwnToken: 'ada' };
    const run = new ReleaseRun(of).run().advance(HOUR);

    expect(run.act('approve', { by: 'bot', rights: { ...approver(of), tokenMaker: 'ada' } })).toBe(
      'review.token-maker',
    );
    expect(run.act('approve', { by: 'bot', rights: { ...approver(of), tokenMaker: 'zoe' } })).toBeNull();
  });

  it('SEC-3: a maker who triggered with a token that somebody else had made ties nothing', () => {
    const run = atReview();

    expect(run.act('approve', { by: 'bot', rights: { ...approver(run.plan), tokenMaker: 'ada' } })).toBeNull();
  });

  it('SEC-3: a token made by somebody else does not approve a review that its maker approved', () => {
    const run = atReview({ approvals: 3 });

    run.act('approve', { by: 'zoe' });

    expect(run.act('approve', { by: 'rita', rights: { ...approver(run.plan), tokenMaker: 'zoe' } })).toBe(
      'review.token-maker',
    );
    expect(run.act('approve', { by: 'rita' })).toBeNull();
  });

  it('SEC-3: making tokens for two people does not tie those two together', () => {
    const run = atReview({ approvals: 2 });
    const rights = { ...approver(run.plan), tokenMaker: 'zoe' };

    expect(run.act('approve', { by: 'rita', rights })).toBeNull();
    expect(run.act('approve', { by: 'tom', rights })).toBeNull();

    expect(run.shown).toBe('baking');
  });

  it('SEC-3: a maker who approved with a token that was made for them ties nothing', () => {
    const run = atReview({ approvals: 2 });

    run.act('approve', { by: 'zoe', rights: { ...approver(run.plan), tokenMaker: 'root' } });

    expect(run.act('approve', { by: 'rita', rights: { ...approver(run.plan), tokenMaker: 'zoe' } })).toBeNull();
  });

  it('SEC-4: an administrator who may not approve the phase neither approves nor skips nor rolls out past it', () => {
    const run = atReview();
    const rights: ActionRights = { ...allRights(run.plan), mayApprove: ['staff', 'everyone'] };

    expect(run.act('approve', { rights })).toBe('review.not-allowed');
    expect(run.act('skip', { rights })).toBe('review.not-allowed');
    expect(run.act('full-rollout', { rights })).toBe('review.not-allowed');
    expect(run.shown).toBe('waiting-for-review');
  });

  it('SEC-5: an author passes no review, by skip or by full roll-out', () => {
    const run = atReview();

    expect(run.act('skip', { by: 'ada' })).toBe('review.author');
    expect(run.act('full-rollout', { by: 'ada' })).toBe('review.author');
  });

  it.each(['skip', 'full-rollout'] as const)(
    'SEC-5: %s passes a review of three when two others have approved',
    (verb) => {
      const run = atReview({ approvals: 3 });
      const rights = approver(run.plan);

      run.act('approve', { by: 'rita', rights });
      expect(run.act(verb, { rights })).toBe('review.approvals-missing');
      expect(run.act(verb, { by: 'rita', rights })).toBe('review.approvals-missing');
      run.act('approve', { by: 'tom', rights });

      expect(run.act(verb, { by: 'tom', rights })).toBe('review.approvals-missing');
      expect(run.act(verb, { rights })).toBeNull();
    },
  );

  it.each(['skip', 'full-rollout'] as const)(
    'SEC-5: %s passes any review for an administrator with a reason',
    (verb) => {
      const reasonless = { ...allRights(reviewedInTheMiddle()), hasReason: false };

      expect(atReview({ approvals: 3 }).act(verb, { rights: reasonless })).toBe('review.approvals-missing');
      expect(atReview({ approvals: 3 }).act(verb)).toBeNull();
      expect(atReview({ approvals: 3 }).act(verb, { by: 'ada' })).toBe('review.author');
    },
  );
});

describe('pause', () => {
  const baking = (bakeMs: number = HOUR, more: Partial<PhasePlan> = {}) =>
    new ReleaseRun(planOfPhases(phase('staff', { bakeMs, ...more }), phase('everyone'))).run();

  it('REL-12: goes on after a pause with the time that was left', () => {
    const run = baking().advance(20 * MINUTE);

    run.act('pause');
    expect(run.shown).toBe('paused');
    expect(run.remainingMs).toBe(40 * MINUTE);
    run.advance(5 * HOUR);
    expect(run.shown).toBe('paused');
    run.act('unpause');

    expect(run.shown).toBe('baking');
    expect(run.endsAt).toBe(run.now + 40 * MINUTE);
  });

  it('REL-12: what remains never grows, however often it is paused', () => {
    const run = baking();
    const remaining: number[] = [];

    for (let round = 0; round < 50; round += 1) {
      run.advance(MINUTE).act('pause');
      remaining.push(run.remainingMs ?? NaN);
      run.advance(DAY).act('unpause');
    }

    expect(remaining).toEqual(Array.from({ length: 50 }, (_, round) => (59 - round) * MINUTE));
    run.advance(10 * MINUTE - 1);
    expect(run.state.current).toBe(FIRST);
    run.advance(1);
    expect(run.state.current).toBe(LAST - 1);
  });

  it('REL-12: pausing and unpausing in the same instant changes nothing', () => {
    const run = baking().advance(20 * MINUTE);
    const endsAt = run.endsAt;

    run.act('pause');
    run.act('unpause');

    expect(run.endsAt).toBe(endsAt);
  });

  it('REL-12: neither a second pause nor a second unpause is accepted', () => {
    const run = baking();

    expect(run.act('unpause')).toBe('bake.not-paused');
    run.act('pause');
    expect(run.act('pause')).toBe('bake.already-paused');
    run.act('unpause');
    expect(run.act('unpause')).toBe('bake.not-paused');
  });

  it('REL-12: a paused bake has no end and remembers who paused it and since when', () => {
    const run = baking().advance(MINUTE);

    run.act('pause');

    expect(run.waitsUntil()).toBeNull();
    expect(currentPhase(run.state).progress).toEqual({
      status: 'paused',
      remainingMs: 59 * MINUTE,
      by: 'olga',
      since: NOON + MINUTE,
    });
  });

  it('REL-13: a pause while rolling out lets the roll-out go on, and the bake is born paused', () => {
    const run = rollingOut();

    expect(run.act('pause')).toBeNull();
    expect(run.shown).toBe('rolling-out');
    expect(run.state.armed).toMatchObject({ intent: 'pause', by: 'olga' });
    succeed(run.advance(MINUTE));

    expect(run.shown).toBe('paused');
    expect(run.remainingMs).toBe(HOUR);
    expect(run.state.armed).toBeNull();
  });

  it('REL-13: a bake of no length is born paused, too', () => {
    const run = rollingOut(planOfPhases(phase('staff', { bakeMs: 0 }), phase('everyone')));

    run.act('pause');
    succeed(run);
    expect(run.shown).toBe('paused');
    expect(run.remainingMs).toBe(0);
    run.advance(DAY).act('unpause');

    expect(run.statusOf(FIRST)).toBe('released');
    expect(run.state.current).toBe(MIDDLE);
  });

  it('REL-13: an unpause takes an armed pause back', () => {
    const run = rollingOut();

    run.act('pause');
    expect(run.act('unpause')).toBeNull();
    succeed(run);

    expect(run.shown).toBe('baking');
  });

  it('REL-13: a pause never carries over to the next phase', () => {
    const run = rollingOut();

    run.act('pause');
    succeed(run);
    run.act('skip');
    expect(run.state.current).toBe(MIDDLE);
    succeed(run);

    expect(run.shown).toBe('baking');
  });

  it('REL-14: refuses what names another phase or another attempt, and changes nothing', () => {
    const run = baking();
    const { state } = run;

    for (const verb of ['approve', 'pause', 'unpause', 'skip', 'retry'] as const) {
      expect(run.act(verb, { phase: 'everyone', attempt: null })).toBe('release.stale-phase');
      expect(run.act(verb, { phase: null, attempt: 2 })).toBe('release.stale-phase');
      expect(run.act(verb, { phase: 'nowhere', attempt: null })).toBe('release.stale-phase');
    }

    expect({ ...run.state, decided: 0 }).toEqual({ ...state, decided: 0 });
  });

  it('REL-14: an action without phase and attempt is about the current ones', () => {
    expect(baking().act('pause', { phase: null, attempt: null })).toBeNull();
  });

  it('REL-14: abort and full roll-out are not bound to a phase', () => {
    expect(baking().act('abort', { phase: 'everyone' })).toBeNull();
    expect(baking().act('full-rollout', { phase: 'everyone', attempt: 7 })).toBeNull();
  });
});

describe('skip', () => {
  it.each(['baking', 'paused'])('REL-15: while %s the bake ends now and the next phase is reached', (shown) => {
    const run = new ReleaseRun(reviewedInTheMiddle()).run().advance(MINUTE);
    if (shown === 'paused') {
      run.act('pause');
    }
    expect(run.shown).toBe(shown);

    expect(run.act('skip')).toBeNull();

    expect(run.shown).toBe('waiting-for-review');
    expect(run.statusOf(FIRST)).toBe('released');
    expect(run.eventsOf('bake-ended')).toMatchObject([{ how: 'skipped', by: 'olga', at: NOON + MINUTE }]);
  });

  it('REL-15: needs no right to approve', () => {
    const run = new ReleaseRun(plan()).run();

    expect(run.act('skip', { rights: { ...approver(run.plan), mayApprove: [] } })).toBeNull();
  });

  it('REL-16: a phase that waits for review is marked skipped and not released', () => {
    const run = atReview();

    expect(run.act('skip')).toBeNull();

    expect(run.statusOf(MIDDLE)).toBe('skipped');
    expect(run.state.current).toBe(LAST);
    expect(run.eventsOf('phase-started').map(({ phase: index }) => index)).toEqual([FIRST, LAST]);
    expect(run.eventsOf('phase-skipped')).toMatchObject([{ phase: MIDDLE, partial: false, reviewPassed: true }]);
  });

  it('REL-16: skip never approves the next phase', () => {
    const of = planOfPhases(
      phase('staff', { review: review() }),
      phase('beta', { review: review() }),
      phase('everyone'),
    );
    const run = new ReleaseRun(of).run();

    run.act('skip');

    expect(run.shown).toBe('waiting-for-review');
    expect(run.state.current).toBe(MIDDLE);
    expect(run.eventsOf('phase-started')).toEqual([]);
  });

  it('REL-16: of a failed phase what succeeded stays, and the phase is partial', () => {
    const run = failOne(rollingOut());
    expect(run.shown).toBe('failed');

    expect(run.act('skip')).toBeNull();

    expect(run.state.phases[FIRST]).toMatchObject({ progress: { status: 'skipped' }, partial: true });
    expect(run.state.current).toBe(MIDDLE);
  });

  it('REL-16: a failed phase of which nothing succeeded is not partial', () => {
    const run = rollingOut();
    run.report('deployment-failed', 'staging');
    run.report('deployment-failed', 'production');

    run.act('skip');

    expect(run.state.phases[FIRST]).toMatchObject({ progress: { status: 'skipped' }, partial: false });
  });

  it('REL-16: of a failed phase, too, it needs the right to approve it', () => {
    const run = failOne(rollingOut());

    expect(run.act('skip', { rights: { ...allRights(run.plan), mayApprove: ['beta'] } })).toBe('review.not-allowed');
    expect(run.shown).toBe('failed');
  });

  it('REL-17: while rolling out the deployments finish, then the bake is dropped', () => {
    const run = rollingOut();

    expect(run.act('skip')).toBeNull();
    expect(run.shown).toBe('rolling-out');
    run.report('deployment-succeeded', 'staging');
    expect(run.shown).toBe('rolling-out');
    run.report('deployment-succeeded', 'production');

    expect(run.statusOf(FIRST)).toBe('released');
    expect(run.state.current).toBe(MIDDLE);
    expect(run.eventsOf('bake-started')).toEqual([]);
    expect(run.eventsOf('bake-ended')).toMatchObject([{ how: 'skipped', by: 'olga' }]);
  });

  it('REL-17: what is under way finishes first', () => {
    const run = rollingOut();
    run.report('deployment-succeeded', 'staging');

    expect(run.act('skip')).toBeNull();
    expect(run.shown).toBe('rolling-out');
    run.report('deployment-succeeded', 'production');

    expect(run.state.current).toBe(MIDDLE);
  });

  it('REL-17: an armed skip leads to the review of the next phase', () => {
    const run = rollingOut(reviewedInTheMiddle());

    run.act('skip');
    succeed(run);

    expect(run.shown).toBe('waiting-for-review');
  });

  it.each(['baking', 'paused'])('REL-18: on the last phase, %s, it completes', (shown) => {
    const run = new ReleaseRun(planOfPhases(phase('everyone'))).run();
    if (shown === 'paused') {
      run.act('pause');
    }

    expect(run.act('skip')).toBeNull();

    expect(run.shown).toBe('completed');
  });

  it('REL-18: on the last phase, rolling out, it is armed', () => {
    const run = rollingOut(planOfPhases(phase('everyone')));

    expect(run.act('skip')).toBeNull();
    expect(run.shown).toBe('rolling-out');
    succeed(run);

    expect(run.shown).toBe('completed');
  });

  it('REL-18: on the last phase, waiting for review or failed, it is refused and points elsewhere', () => {
    const waiting = new ReleaseRun(planOfPhases(phase('everyone', { review: review() }))).run();
    const failed = failOne(rollingOut(planOfPhases(phase('everyone'))));

    expect(waiting.act('skip')).toBe('release.last-phase');
    expect(waiting.outcomes.at(-1)?.refusal?.allowed).toEqual(['approve', 'abort', 'full-rollout']);
    expect(failed.act('skip')).toBe('release.last-phase');
    expect(failed.outcomes.at(-1)?.refusal?.allowed).toEqual(['abort', 'retry']);
  });
});

describe('abort', () => {
  it('REL-19: ends every live release, and what was put out shows reverted', () => {
    const run = new ReleaseRun(plan()).run().advance(HOUR);

    expect(run.act('abort')).toBeNull();

    expect(run.shown).toBe('aborted');
    expect(run.state.phases.map(shownPhaseState)).toEqual(['reverted', 'reverted', 'pending']);
    expect(run.eventsOf('release-aborting')).toMatchObject([{ by: 'olga', cause: 'person', at: NOON + HOUR }]);
  });

  it('REL-19: leaves the queue without having touched anything', () => {
    const run = new ReleaseRun(plan());

    run.act('abort');

    expect(run.shown).toBe('aborted');
    expect(run.events.map(({ type }) => type)).toEqual(['release-aborting', 'release-aborted']);
    expect(run.state.phases.map(shownPhaseState)).toEqual(['pending', 'pending', 'pending']);
  });

  it('REL-19: a partial phase is reverted, a skipped one that was never started stays skipped', () => {
    const partial = failOne(rollingOut());
    partial.act('skip');
    const skipped = atReview();
    skipped.act('skip');

    partial.act('abort');
    skipped.act('abort');

    expect(partial.state.phases.map(shownPhaseState)).toEqual(['reverted', 'reverted', 'pending']);
    expect(skipped.state.phases.map(shownPhaseState)).toEqual(['reverted', 'skipped', 'reverted']);
  });

  it('REL-19: beats every later command', () => {
    const run = new ReleaseRun(plan()).run();
    const actions = (['abort', 'pause', 'full-rollout', 'skip', 'abort'] as const).map((verb) => run.accept(verb));

    run.deliver(actions);
    run.run();

    expect(run.shown).toBe('aborted');
    expect(run.outcomes.map(({ refusal }) => refusal?.refused ?? null)).toEqual([
      null,
      'release.aborting',
      'release.aborting',
      'release.aborting',
      'release.aborting',
    ]);
  });

  it('REL-32: drops what was armed', () => {
    const run = rollingOut();
    run.act('full-rollout');

    run.act('abort');

    expect(run.state.armed).toBeNull();
    expect(run.shown).toBe('aborted');
  });
});

describe('full roll-out', () => {
  it('REL-20: completes at once, without bakes and reviews, and lists the reviews it passed', () => {
    const of = planOfPhases(
      phase('staff'),
      phase('beta', { review: review() }),
      phase('partners'),
      phase('everyone', { review: review() }),
    );
    const run = new ReleaseRun(of).run();

    expect(run.act('full-rollout')).toBeNull();

    expect(run.shown).toBe('completed');
    expect(run.eventsOf('full-rollout-started')).toMatchObject([{ passedReviews: ['beta', 'everyone'], by: 'olga' }]);
    expect(run.eventsOf('phase-started').map(({ phase: index }) => index)).toEqual([FIRST]);
    expect(run.state.phases.map(shownPhaseState)).toEqual(['released', 'skipped', 'skipped', 'skipped']);
  });

  it('REL-20: does not list a review that was given', () => {
    const run = atReview();
    run.act('approve');

    run.act('full-rollout');

    expect(run.eventsOf('full-rollout-started')).toMatchObject([{ passedReviews: [] }]);
  });

  it('REL-20: clears a pause', () => {
    const run = new ReleaseRun(plan()).run();
    run.act('pause');

    expect(run.act('full-rollout')).toBeNull();

    expect(run.shown).toBe('completed');
  });

  it('REL-20: passes an open review, and needs the right to give every later one', () => {
    const of = planOfPhases(phase('staff', { review: review() }), phase('everyone', { review: review() }));
    const run = new ReleaseRun(of).run();

    expect(run.act('full-rollout', { rights: { ...approver(of), mayApprove: ['staff'] } })).toBe('review.not-allowed');
    expect(run.act('full-rollout', { rights: approver(of) })).toBeNull();
    expect(run.shown).toBe('completed');
  });

  it('REL-20: while rolling out it is armed', () => {
    const run = rollingOut();

    expect(run.act('full-rollout')).toBeNull();
    expect(run.shown).toBe('rolling-out');
    succeed(run);

    expect(run.shown).toBe('completed');
  });

  it('REL-20: under way, it takes neither an unpause nor an approval that came later', () => {
    const paused = new ReleaseRun(plan()).run();
    paused.act('pause');
    const waiting = atReview();

    for (const [run, verb] of [
      [paused, 'unpause'],
      [waiting, 'approve'],
    ] as const) {
      run.accept('full-rollout');
      run.accept(verb);
      run.deliver();
      run.run();
    }

    expect(paused.lastRefusal).toBe('bake.not-paused');
    expect(waiting.lastRefusal).toBe('review.not-open');
    expect([paused.shown, waiting.shown]).toEqual(['completed', 'completed']);
  });

  it('REL-21: is refused while a hold stands, and names it', () => {
    const run = new ReleaseRun(plan()).run().hold(defect);

    expect(run.act('full-rollout')).toBe('release.blocked');

    expect(run.outcomes.at(-1)?.refusal).toMatchObject({
      detail: expect.stringContaining('Checkout loses carts') as string,
      facts: { holds: ['Checkout loses carts'] },
    });
    expect(run.shown).toBe('baking');
  });

  it('REL-21: one that meets a hold only when it takes effect waits as blocked, and can be aborted', () => {
    const run = new ReleaseRun(plan()).run();
    run.holds = [defect];

    expect(run.act('full-rollout')).toBeNull();
    expect(run.shown).toBe('blocked');
    run.hold();

    expect(run.shown).toBe('completed');
  });
});

describe('failure', () => {
  it('REL-22: a failed phase never advances by itself', () => {
    const run = failOne(rollingOut()).advance(366 * DAY);

    expect(run.shown).toBe('failed');
    expect(run.waitsUntil()).toBeNull();
  });

  it('REL-22: the other deployments of the phase go on', () => {
    const run = rollingOut();

    run.report('deployment-failed', 'staging');
    expect(run.shown).toBe('rolling-out');
    run.report('deployment-succeeded', 'production');

    expect(run.shown).toBe('failed');
    expect(run.eventsOf('phase-failed')).toHaveLength(1);
  });

  it('REL-22: with onFailure abort the first failure aborts', () => {
    const run = rollingOut(plan({ onFailure: 'abort' }));

    run.report('deployment-failed', 'staging');

    expect(run.shown).toBe('aborted');
    expect(run.eventsOf('release-aborting')).toMatchObject([{ cause: 'phase-failed', by: null }]);
  });

  it('REL-22: retry deploys again only where nothing succeeded, without a new review', () => {
    const run = rollingOut(planOfPhases(phase('staff', { review: review() }), phase('everyone')));
    run.act('approve');
    failOne(run);

    expect(run.act('retry')).toBeNull();
    expect(run.shown).toBe('rolling-out');

    expect(run.eventsOf('phase-started')).toMatchObject([
      { attempt: 1, environments: ['staging', 'production'] },
      { attempt: 2, environments: ['production'] },
    ]);
    expect(run.eventsOf('review-opened')).toHaveLength(1);
    run.report('deployment-succeeded', 'production');
    expect(run.shown).toBe('baking');
  });

  it('REL-22: a retry can fail and be retried', () => {
    const run = failOne(rollingOut());

    run.act('retry');
    run.report('deployment-failed', 'production');
    expect(run.shown).toBe('failed');
    run.act('retry');
    run.report('deployment-succeeded', 'production');

    expect(run.shown).toBe('baking');
    expect(run.eventsOf('phase-started').map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });

  it('REL-22: what holds a start holds a retry', () => {
    const run = failOne(rollingOut()).hold(defect);

    expect(run.act('retry')).toBe('release.blocked');
    expect(run.shown).toBe('failed');
  });

  it('REL-22: a hold that is met only when the retry takes effect keeps it as blocked', () => {
    const run = failOne(rollingOut());
    run.holds = [defect];

    expect(run.act('retry')).toBeNull();
    expect(run.shown).toBe('blocked');
    run.hold();

    expect(run.shown).toBe('rolling-out');
  });

  it('REL-14: after a retry an action on the first attempt is stale', () => {
    const run = failOne(rollingOut());
    const seen = { phase: 'staff', attempt: 1 };
    run.act('retry', seen);
    run.report('deployment-failed', 'production');

    expect(run.act('retry', seen)).toBe('release.stale-phase');
    expect(run.act('skip', seen)).toBe('release.stale-phase');
    expect(run.act('retry', { ...seen, attempt: 2 })).toBeNull();
  });
});

describe('bake', () => {
  it('REL-23: without a bake it goes on at once, in one step', () => {
    const run = new ReleaseRun(planOfPhases(phase('staff', { bakeMs: 0 }), phase('everyone', { bakeMs: 0 }))).run();

    expect(run.shown).toBe('completed');
    expect(run.state.lastAt).toBe(NOON);
  });

  it('REL-23: without a bake it still waits for the next review', () => {
    const run = new ReleaseRun(
      planOfPhases(phase('staff', { bakeMs: 0 }), phase('everyone', { review: review() })),
    ).run();

    expect(run.shown).toBe('waiting-for-review');
    expect(run.statusOf(FIRST)).toBe('released');
  });

  it("REL-23: the last phase's bake counts", () => {
    const run = new ReleaseRun(planOfPhases(phase('everyone'))).run().advance(HOUR - 1);

    expect(run.shown).toBe('baking');
    expect(run.act('abort')).toBeNull();
    expect(run.shown).toBe('aborted');
  });

  it('REL-23: a bake never ends early', () => {
    const run = new ReleaseRun(plan()).run();

    expect(run.waitsUntil()).toBe(NOON + HOUR);
    run.sleep(HOUR - 1);
    expect(run.nextStep()).toBeNull();
    run.sleep(1);

    expect(run.nextStep()?.reach?.events[0]).toMatchObject({ type: 'bake-ended', at: NOON + HOUR });
  });

  it('PIPE-3: the bake starts when the last deployment has succeeded', () => {
    const run = rollingOut();

    run.advance(MINUTE).report('deployment-succeeded', 'staging');
    run.advance(MINUTE).report('deployment-succeeded', 'production');

    expect(run.eventsOf('bake-started')).toMatchObject([{ at: NOON + 2 * MINUTE, endsAt: NOON + 2 * MINUTE + HOUR }]);
  });

  it('REL-24: a hold keeps up completion, and a pause has nothing left to stop', () => {
    const run = new ReleaseRun(planOfPhases(phase('everyone'))).run().hold(defect).advance(DAY);

    expect(run.shown).toBe('blocked');
    expect(run.act('pause')).toBe('bake.not-running');
    run.hold();

    expect(run.shown).toBe('completed');
    expect(run.state.lastAt).toBe(NOON + DAY);
  });
});

describe('actions in general', () => {
  it('REL-25: needs a reason where the pipeline asks for one', () => {
    const of = plan({ reasonRequired: ['abort', 'pause'] });
    const run = new ReleaseRun(of).run();
    const rights = { ...allRights(of), hasReason: false };

    expect(run.act('abort', { rights })).toBe('action.reason-required');
    expect(run.act('pause', { rights })).toBe('action.reason-required');
    expect(run.outcomes.at(-1)?.refusal?.allowed).toEqual(['pause', 'skip', 'abort', 'full-rollout']);
    expect(run.act('skip', { rights })).toBeNull();
    expect(run.act('abort')).toBeNull();
  });

  it.each([
    ['before', -1, null],
    ['at', 0, 'action.expired'],
    ['after', 1, 'action.expired'],
  ] as const)('REL-25: an action decided %s its expiry', (_, byMs, refusal) => {
    const run = new ReleaseRun(plan()).run();
    run.accept('pause', { expiresAt: NOON + MINUTE });

    run.sleep(MINUTE + byMs).deliver();
    run.run();

    expect(run.lastRefusal).toBe(refusal);
  });

  it('REL-25: after its end everything is refused', () => {
    const run = new ReleaseRun(plan()).run();
    run.act('abort');

    const next = nextStep({
      state: run.state,
      plan: run.plan,
      holds: [],
      mailbox: [action('pause', run.plan, { number: 2 })],
      finished: [],
      held: false,
      now: NOON,
    });

    expect(next).toMatchObject({
      step: { events: [], reach: null, outcomes: [{ refusal: { refused: 'release.ended' } }] },
    });
  });

  it('REL-28: decides in the order of numbers, whatever the order in which it hears of them, each once', () => {
    const run = new ReleaseRun(plan()).run();
    const [pause, unpause, skip] = [run.accept('pause'), run.accept('unpause'), run.accept('skip')];

    run.deliver([skip, pause, skip, unpause, pause]);
    run.run();

    expect(run.outcomes.map(({ number, refusal }) => [number, refusal])).toEqual([
      [1, null],
      [2, null],
      [3, null],
    ]);
  });

  it('REL-28: an action whose predecessor it has not heard of waits for it', () => {
    const run = new ReleaseRun(plan()).run();
    const [, unpause] = [run.accept('pause'), run.accept('unpause')];

    run.deliver([unpause]);

    expect(run.nextStep()).toBeNull();
  });
});

describe('order and time', () => {
  it.each([
    ['before', -1, 'paused', null],
    ['at', 0, 'baking', 'release.stale-phase'],
    ['after', 1, 'baking', 'release.stale-phase'],
  ] as const)('REL-29: a pause accepted %s the end of the bake, decided much later', (_, byMs, shown, refusal) => {
    const run = new ReleaseRun(plan()).run().sleep(HOUR + byMs);
    run.accept('pause', { phase: 'staff', attempt: 1 });

    run.sleep(DAY).deliver();
    run.run();

    expect([run.lastRefusal, run.shown]).toEqual([refusal, shown]);
    expect(run.remainingMs).toBe(refusal ? null : 1);
  });

  it.each([
    ['abort', 'before', -1, null],
    ['abort', 'at', 0, 'release.aborting'],
    ['abort', 'after', 1, 'release.aborting'],
    ['proceed', 'before', -1, null],
    ['proceed', 'at', 0, 'review.not-open'],
    ['keep-waiting', 'before', -1, null],
    ['keep-waiting', 'at', 0, null],
    ['keep-waiting', 'after', 1, null],
  ] as const)('REL-29: a deadline (%s), and an approval accepted %s it', (outcome, _, byMs, refusal) => {
    const run = atReview({ deadline: { afterMs: DAY, outcome } }).sleep(DAY + byMs);
    run.accept('approve');

    run.sleep(DAY).deliver();
    run.run();

    expect(run.lastRefusal).toBe(refusal);
    expect(run.shown === 'aborted').toBe(refusal === 'release.aborting');
  });

  it.each(['pause', 'approve', 'abort'] as const)(
    'REL-30: a timer does not win over a %s that was accepted in time and not yet told of',
    (verb) => {
      const run =
        verb === 'approve' ? atReview({ deadline: { afterMs: HOUR, outcome: 'abort' } }) : new ReleaseRun(plan()).run();
      run.sleep(HOUR - 1);
      run.accept(verb);

      run.sleep(DAY).run();

      expect(run.lastRefusal).toBeNull();
      expect(run.shown).toBe({ pause: 'paused', approve: 'baking', abort: 'aborted' }[verb]);
    },
  );

  it('REL-30: an abort accepted during an outage wins over everything that became due meanwhile', () => {
    const run = new ReleaseRun(plan()).run().sleep(2 * DAY);
    run.accept('abort');

    run.sleep(DAY).run();

    expect(run.shown).toBe('aborted');
    expect(run.eventsOf('phase-started')).toHaveLength(1);
  });

  it('REL-30: a release with an undecided abort does not start', () => {
    const run = new ReleaseRun(plan());
    run.accept('abort');

    run.run();

    expect(run.events.map(({ type }) => type)).toEqual(['release-aborting', 'release-aborted']);
  });

  it('REL-29: a late worker gives a bake the end it had', () => {
    const run = new ReleaseRun(plan()).run().sleep(DAY).run();

    expect(run.eventsOf('bake-ended')[0]?.at).toBe(NOON + HOUR);
    expect(run.eventsOf('phase-started')[1]?.at).toBe(NOON + DAY);
    expect(run.endsAt).toBe(NOON + DAY + HOUR);
  });

  it.each([
    ['in the future', DAY, 20 * MINUTE],
    ['before the last event', -DAY, 0],
  ])('REL-29: the time of an action accepted %s is clamped', (_, byMs, atMs) => {
    const run = new ReleaseRun(plan()).run().sleep(20 * MINUTE);

    run.act('pause', { acceptedAt: run.now + byMs });

    expect(run.outcomes.at(-1)?.at).toBe(NOON + atMs);
    expect(run.remainingMs).toBe(HOUR - atMs);
  });

  it('REL-29: a clock that goes back moves nothing', () => {
    const run = new ReleaseRun(plan()).run().advance(20 * MINUTE);
    run.act('pause');
    run.now = NOON - DAY;

    run.act('unpause');

    expect(run.state.lastAt).toBe(NOON + 20 * MINUTE);
    expect(run.endsAt).toBe(NOON + HOUR);
  });
});

describe('armed intents', () => {
  it('REL-31: a higher one replaces a lower one; an equal or lower one is refused', () => {
    const run = rollingOut();
    const order = ['pause', 'skip', 'full-rollout'] as const;

    order.forEach((intent, rank) => {
      expect(run.act(intent)).toBeNull();
      expect(run.state.armed?.intent).toBe(intent);
      for (const lower of order.slice(0, rank + 1)) {
        expect(run.act(lower)).toBe('release.intent-armed');
      }
    });
  });

  it('REL-31: failure drops an armed skip', () => {
    const run = rollingOut();
    run.act('skip');

    failOne(run);

    expect(run.state.armed).toBeNull();
    expect(run.eventsOf('intent-dropped')).toMatchObject([{ intent: 'skip', why: 'failed' }]);
    expect(run.shown).toBe('failed');
  });

  it('REL-31: failure drops an armed full roll-out', () => {
    const run = rollingOut();
    run.act('full-rollout');

    failOne(run);

    expect(run.eventsOf('intent-dropped')).toMatchObject([{ intent: 'full-rollout', why: 'failed' }]);
    run.act('retry');
    run.report('deployment-succeeded', 'production');
    expect(run.shown).toBe('baking');
  });

  it('REL-31: failure keeps an armed pause, through the retry to the bake', () => {
    const run = rollingOut();
    run.act('pause');

    failOne(run);
    expect(run.state.armed?.intent).toBe('pause');
    run.act('retry');
    run.report('deployment-succeeded', 'production');

    expect(run.shown).toBe('paused');
  });

  it('REL-31: a kept pause does not outlive its phase', () => {
    const run = rollingOut();
    run.act('pause');
    failOne(run);

    run.act('skip');

    expect(run.state.armed).toBeNull();
  });

  it('REL-31: an armed skip under a hold ends as blocked before the next phase', () => {
    const run = rollingOut();
    run.act('skip');
    run.hold(defect);

    succeed(run);

    expect(run.shown).toBe('blocked');
    expect(run.state.current).toBe(MIDDLE);
    expect(run.statusOf(FIRST)).toBe('released');
  });

  it('REL-31: an armed full roll-out is dropped under a hold, and the phase bakes', () => {
    const run = rollingOut();
    run.act('full-rollout');
    run.hold(defect);

    succeed(run);

    expect(run.shown).toBe('baking');
    expect(run.eventsOf('intent-dropped')).toMatchObject([{ intent: 'full-rollout', why: 'held' }]);
    expect(run.endsAt).toBe(NOON + HOUR);
  });
});

describe('the position as data', () => {
  it('REL-33: is the fold of its events', () => {
    const run = atReview({ approvals: 2 });
    run.act('approve', { by: 'rita' });
    run.act('skip');

    expect({ ...evolveAll(triggeredRelease(run.plan, NOON), run.events), decided: run.state.decided }).toEqual(
      run.state,
    );
  });

  it('REL-33: a position left behind a roll-out goes on by itself, and never past a review', () => {
    const of = reviewedInTheMiddle();
    const next = (state: ReturnType<typeof after>) =>
      nextStep({ state, plan: of, holds: [], mailbox: [], finished: [], held: false, now: NOON });
    const rolledOut = after(
      of,
      did.start(),
      did.rollOut(FIRST),
      did.succeed(FIRST, 'staging'),
      did.succeed(FIRST, 'production'),
    );

    expect(next(rolledOut)).toMatchObject({ step: { reach: { kind: 'timer', events: [{ type: 'bake-started' }] } } });
    expect(next(after(of, ...upTo(MIDDLE)))).toMatchObject({
      step: { reach: { kind: 'timer', events: [{ type: 'review-opened', phase: MIDDLE }] } },
    });
  });

  it('REL-30: a step that did not take effect leaves what was decided and nothing else', () => {
    const run = new ReleaseRun(reviewedInTheMiddle()).run().sleep(HOUR);
    const step = run.nextStep();

    expect(step?.events).toEqual([]);
    expect(step && afterStep(run.state, step, false)).toEqual(run.state);
    expect(step && shownState(afterStep(run.state, step, true))).toBe('waiting-for-review');
  });

  it('REL-7: the start opens the review of the first phase at its own time', () => {
    const of = planOfPhases(phase('staff', { review: review({ deadline: { afterMs: DAY, outcome: 'abort' } }) }));
    const queued = triggeredRelease(of, NOON);

    expect(startRelease({ state: queued, plan: of, holds: [] }, NOON + HOUR)).toEqual([
      { type: 'release-started', at: NOON + HOUR },
      { type: 'review-opened', at: NOON + HOUR, phase: FIRST, deadlineAt: NOON + HOUR + DAY },
    ]);
  });

  it('REL-33: a fact that no longer applies moves nothing back', () => {
    const later = after(plan(), ...upTo(LAST));

    expect(evolveAll(later, [did.endBake(FIRST)]).current).toBe(LAST);
    expect(() => evolveAll(later, [did.bake(9), did.succeed(FIRST, 'nowhere'), did.wait(9, 'staging')])).not.toThrow();
  });

  it('REL-1: the plan of a pinned pipeline holds what the rules need', () => {
    const pipeline: Pipeline = {
      phases: [
        {
          name: 'staff',
          bakeMs: HOUR,
          requiredReview: review({ teams: ['release-managers'] }),
          rules: [
            { environments: ['staging', 'production'], conditions: [] },
            {
              environments: ['production'],
              conditions: [{ attribute: 'email', operator: 'in', values: ['ada@example.com'] }],
            },
          ],
        },
      ],
      process: [],
      guidedFailure: false,
      onFailure: 'abort',
      reasonRequired: ['abort'],
    };

    expect(planOf(pipeline, [], ['ada', 'ci'], 'ada')).toEqual({
      phases: [
        {
          name: 'staff',
          bakeMs: HOUR,
          review: review({ teams: ['release-managers'] }),
          environments: ['staging', 'production'],
          unconditional: ['staging', 'production'],
        },
      ],
      items: [],
      process: [],
      guidedFailure: false,
      revertWaitMs: 10 * SECOND,
      onFailure: 'abort',
      reasonRequired: ['abort'],
      authors: ['ada', 'ci'],
      triggeredWithOwnToken: 'ada',
    });
  });
});
