import { DAY, HOUR, MINUTE, SECOND } from '../../src/domain/instant';
import type { Review } from '../../src/domain/pipeline';
import type { Hold, ReleaseState } from '../../src/domain/release';
import type { ReleasePlan } from '../../src/domain/release-plan';
import type { WhyInput } from '../../src/domain/why';
import type { EffectUnderWay } from '../../src/domain/why-target';
import { allowedActions, decide } from '../../src/domain/decide';
import { blockersOf } from '../../src/domain/why';
import type { OpenQuestion, ProcessWaits, StepTriedAgain } from '../../src/domain/why-process';
import {
  action,
  after,
  did,
  manual,
  NOON,
  phase,
  plan,
  planOfPhases,
  review,
  rollOut,
  service,
  step,
  upTo,
} from './release-fixture';

const defect: Hold = { kind: 'defect', id: 'defect-1', detail: 'Checkout loses carts' };
const freeze: Hold = { kind: 'freeze', id: 'freeze-1', detail: 'Holidays until 2 January' };

const why = (of: ReleasePlan, state: ReleaseState, more: Partial<WhyInput> = {}) =>
  blockersOf({
    state,
    plan: of,
    holds: [],
    queue: null,
    undecided: [],
    effects: [],
    failures: [],
    engine: null,
    now: NOON + MINUTE,
    ...more,
  });

const reviewed = (more: Partial<Review> = {}) =>
  planOfPhases(phase('staff', { review: review(more) }), phase('everyone'));

const question: OpenQuestion = {
  ...{ id: 'interruption-1', kind: 'manual', title: 'Check', teams: [], phase: 'staff', environment: 'production' },
  ...{
    responsibleUser: null,
    responsibleUserId: null,
    isHolderGone: false,
    excluded: [],
    proceeded: [],
    needed: 1,
  },
  ...{ raisedAt: NOON, deadlineAt: null, release: 'release-1' },
};

const control = { permission: 'ReleaseControl' };

describe('REL-26: why', () => {
  it('names the engine, start pending, until the start is recorded', () => {
    expect(why(plan(), after(plan()))).toEqual({
      blockers: [
        { kind: 'start', since: NOON, detail: expect.stringContaining('Start pending') as string, remedies: [] },
      ],
      nextTransitionAt: NOON + MINUTE,
    });
  });

  it.each(['temporal-down', 'no-worker', 'workflow-failing'] as const)(
    'names the engine first, and knows of no next transition while it is in trouble: %s',
    (trouble) => {
      const baking = after(plan(), did.start(), did.rollOut(0), did.bake(0));

      const { blockers, nextTransitionAt } = why(plan(), baking, {
        engine: { trouble, since: NOON, detail: 'no route' },
      });

      expect(blockers).toMatchObject([
        { kind: 'engine', trouble, since: NOON, detail: expect.stringContaining('no route') as string },
        { kind: 'bake-timer' },
      ]);
      expect(blockers[0]?.remedies).toEqual(
        trouble === 'workflow-failing' ? [{ action: 'repair', needs: { permission: 'Repair' }, except: [] }] : [],
      );
      expect(nextTransitionAt).toBeNull();
    },
  );

  it('names the place in the queue and the releases ahead', () => {
    const ahead = [
      { release: 'release-1', target: 'flag:new-checkout' },
      { release: 'release-1', target: 'flag:new-cart' },
    ];

    const { blockers, nextTransitionAt } = why(plan(), after(plan()), { queue: { position: 2, ahead } });

    expect(blockers).toMatchObject([
      { kind: 'queue', position: 2, ahead, detail: expect.stringMatching(/behind release-1$/) as string },
    ]);
    expect(nextTransitionAt).toBeNull();
  });

  it('names the engine once a release is first in all of its queues', () => {
    expect(why(plan(), after(plan()), { queue: { position: 1, ahead: [] } }).blockers).toMatchObject([
      { kind: 'start' },
    ]);
  });

  it('names a bake timer and its end', () => {
    const baking = after(plan(), did.start(), did.rollOut(0), did.bake(0));

    expect(why(plan(), baking)).toMatchObject({
      blockers: [
        {
          kind: 'bake-timer',
          phase: 'staff',
          endsAt: NOON + HOUR,
          remedies: [{ action: 'skip', needs: control, except: [] }],
        },
      ],
      nextTransitionAt: NOON + HOUR,
    });
  });

  it('says of a bake that should have ended: now, at the earliest', () => {
    const baking = after(plan(), did.start(), did.rollOut(0), did.bake(0));

    expect(why(plan(), baking, { now: NOON + DAY }).nextTransitionAt).toBe(NOON + DAY);
  });

  it('names a review: what is given, what it takes, who may give it and who may not', () => {
    const of = reviewed({ teams: ['release-managers', 'operations'], approvals: 2 });
    const waiting = after(of, did.start(), did.openReview(0), did.approve(0, 'rita'));

    expect(why(of, waiting)).toEqual({
      blockers: [
        {
          kind: 'review',
          detail: 'Phase staff waits for its review: 1 of 2 approvals are given',
          phase: 'staff',
          openedAt: NOON,
          approvals: ['rita'],
          needed: 2,
          deadlineAt: null,
          outcome: null,
          remedies: [
            { action: 'approve', needs: { teams: ['release-managers', 'operations'] }, except: ['ada', 'rita'] },
          ],
        },
      ],
      nextTransitionAt: null,
    });
  });

  it('asks for ReleaseApprove where the review names no team, and leaves authors in where they may approve', () => {
    const of = reviewed({ authorMayApprove: true });

    expect(why(of, after(of, did.start(), did.openReview(0))).blockers).toMatchObject([
      { remedies: [{ action: 'approve', needs: { permission: 'ReleaseApprove' }, except: [] }] },
    ]);
  });

  it.each([
    ['abort', [], NOON + DAY],
    ['abort', [defect], NOON + DAY],
    ['proceed', [], NOON + DAY],
    ['proceed', [defect], null],
    ['keep-waiting', [], null],
  ] as const)("names a review's deadline (%s, holds: %j)", (outcome, holds, nextTransitionAt) => {
    const of = reviewed({ deadline: { afterMs: DAY, outcome } });

    const answer = why(of, after(of, did.start(), did.openReview(0, NOON + DAY)), { holds });

    expect(answer).toMatchObject({
      blockers: [{ kind: 'review', deadlineAt: NOON + DAY, outcome }, ...holds.map(({ kind }) => ({ kind }))],
    });
    expect(answer.nextTransitionAt).toBe(nextTransitionAt);
  });

  it('names who paused, since when, and what remains', () => {
    const paused = after(plan(), did.start(), did.rollOut(0), did.bake(0), did.pause(0, 40 * MINUTE));

    expect(why(plan(), paused)).toEqual({
      blockers: [
        {
          kind: 'paused',
          detail: 'olga paused the bake timer of phase staff',
          phase: 'staff',
          by: 'olga',
          since: NOON,
          remainingMs: 40 * MINUTE,
          remedies: [{ action: 'unpause', needs: control, except: [] }],
        },
      ],
      nextTransitionAt: null,
    });
  });

  it('names a defect and a freeze, and what lifts them', () => {
    const blocked = after(plan(), ...upTo(1));

    expect(why(plan(), blocked, { holds: [defect, freeze] })).toEqual({
      blockers: [
        {
          kind: 'defect',
          id: 'defect-1',
          detail: 'Checkout loses carts',
          remedies: [{ action: 'resolve-defect', needs: { permission: 'DefectResolve' }, except: [] }],
        },
        {
          kind: 'freeze',
          id: 'freeze-1',
          detail: 'Holidays until 2 January',
          remedies: [{ action: 'end-freeze', needs: { permission: 'FreezeEdit' }, except: [] }],
        },
      ],
      nextTransitionAt: null,
    });
  });

  it('names a defect at completion, and beside a bake that may run out under it', () => {
    const of = planOfPhases(phase('everyone'));
    const finishing = after(of, ...upTo(1));
    const baking = after(of, did.start(), did.rollOut(0), did.bake(0));

    expect(why(of, finishing, { holds: [defect] })).toMatchObject({
      blockers: [{ kind: 'defect' }],
      nextTransitionAt: null,
    });
    expect(why(of, baking, { holds: [defect] })).toMatchObject({
      blockers: [{ kind: 'bake-timer' }, { kind: 'defect' }],
      nextTransitionAt: NOON + HOUR,
    });
  });

  it('tells what a target said to the attempt that failed', () => {
    const failed = after(
      plan(),
      did.start(),
      did.rollOut(0),
      did.succeed(0, 'staging'),
      did.fail(0, 'production'),
      did.failPhase(0),
    );
    const failure = { service: 'payments', environment: 'production', attempt: 1, detail: 'The target answered 500' };
    const others = [
      { ...failure, attempt: 2 },
      { ...failure, environment: 'staging' },
    ];

    const { blockers } = why(plan(), failed, { failures: [...others, failure] });

    expect(blockers).toMatchObject([
      { detail: 'Phase staff failed in production (payments: The target answered 500)', environments: ['production'] },
    ]);
  });

  it.each([
    [null, 'Smoke test: The endpoint answered 422'],
    [{ user: 'olga', notes: 'too slow', step: 'Smoke test' }, 'olga aborted Smoke test: too slow'],
    [{ user: 'olga', notes: ' ', step: 'Smoke test' }, 'olga aborted Smoke test'],
    [{ user: 'olga', notes: null, step: 'Sign off' }, 'Smoke test: The endpoint answered 422; olga aborted Sign off'],
  ])('INT-5: tells which step ended the attempt that failed, and of a person as of a person: %j', (endedBy, told) => {
    const failed = after(
      plan(),
      did.start(),
      did.rollOut(0),
      did.succeed(0, 'staging'),
      did.fail(0, 'production'),
      did.failPhase(0),
    );
    const step = { step: 'Smoke test', detail: 'The endpoint answered 422', endedBy };
    const failedDeployments = [
      { ...step, step: 'Earlier', environment: 'production', attempt: 0 },
      { ...step, step: 'Elsewhere', environment: 'staging', attempt: 1 },
      { ...step, environment: 'production', attempt: 1 },
    ];

    const { blockers } = why(plan(), failed, { failedDeployments });

    expect(blockers).toMatchObject([{ kind: 'failed', detail: `Phase staff failed in production (${told})` }]);
  });

  it('names what failed and what can be done about it, and retry only where no hold would refuse it', () => {
    const failed = after(
      plan(),
      did.start(),
      did.rollOut(0),
      did.succeed(0, 'staging'),
      did.fail(0, 'production'),
      did.failPhase(0),
    );

    expect(why(plan(), failed)).toEqual({
      blockers: [
        {
          kind: 'failed',
          detail: 'Phase staff failed in production',
          phase: 'staff',
          attempt: 1,
          environments: ['production'],
          remedies: [
            { action: 'retry', needs: control, except: [] },
            { action: 'skip', needs: control, besides: 'ReleaseApprove', except: [] },
            { action: 'abort', needs: control, except: [], also: ['ada'] },
          ],
        },
      ],
      nextTransitionAt: null,
    });
    expect(why(plan(), failed, { holds: [defect] }).blockers).toMatchObject([
      { kind: 'failed', remedies: [{ action: 'skip' }, { action: 'abort' }] },
      { kind: 'defect' },
    ]);
  });

  it('REL-16, SEC-4: a failed phase is skipped by those who may approve it, and its authors only where they may', () => {
    const failed = [did.start(), did.rollOut(0), did.fail(0, 'staging'), did.fail(0, 'production'), did.failPhase(0)];
    const skipOf = (of: ReleasePlan) =>
      why(of, after(of, ...failed)).blockers[0]?.remedies.find(({ action: name }) => name === 'skip');

    expect(skipOf(reviewed({ teams: ['operations'] }))).toEqual({
      action: 'skip',
      needs: { ...control, teams: ['operations'] },
      except: ['ada'],
    });
    expect(skipOf(reviewed({ authorMayApprove: true }))).toEqual({
      action: 'skip',
      needs: control,
      besides: 'ReleaseApprove',
      except: [],
    });
  });

  it('REL-18: skip is no remedy of a failed last phase, where it is refused', () => {
    const failed = after(plan(), ...upTo(2), did.rollOut(2), did.fail(2, 'staging'), did.failPhase(2));

    const { blockers } = why(plan(), failed);

    expect(blockers[0]?.remedies.map(({ action: name }) => name)).toEqual(['retry', 'abort']);
    expect(allowedActions({ state: failed, plan: plan(), holds: [] }, action('retry', plan()), NOON)).toEqual(
      expect.not.arrayContaining(['skip']),
    );
    expect(
      decide({ state: failed, plan: plan(), holds: [] }, action('full-rollout', plan()), NOON, NOON),
    ).toMatchObject({
      refused: 'release.failed',
      detail: 'The phase has failed: retry it, or abort the release',
      allowed: ['abort', 'retry'],
    });
  });

  describe('says that a phase is being rolled out only while something is', () => {
    const of = plan({ process: [manual('Check'), rollOut(), step('Warm')] });
    const started = [did.start(), did.rollOut(0, 1, ['staging', 'production'], ['manual', 'roll-out', 'http'])];
    const at = (environment: string, index: number) => ({ at: NOON, phase: 0, environment, attempt: 1, step: index });
    const tried: StepTriedAgain = {
      ...{ step: 'Warm', phase: 'staff', environment: 'staging', tries: 1, since: NOON, nextAttemptAt: null },
      detail: 'The endpoint answered 503',
    };
    const kinds = (state: ReleaseState, waits: Partial<ProcessWaits>) =>
      why(of, state, { waits: { questions: [], steps: [], blockedBy: [], ...waits } }).blockers.map(({ kind }) => kind);

    it('REL-26: not where people and steps that are tried again are all it waits for', () => {
      const state = after(of, ...started, did.wait(0, 'staging'), did.wait(0, 'production'));

      expect(kinds(state, { questions: [question], steps: [tried] })).toEqual(['interruption', 'step']);
      // Nothing is known of staging.
      expect(kinds(state, { questions: [question] })).toEqual(['interruption', 'roll-out']);
    });

    it('REL-26: beside a question, where it is under way', () => {
      const state = after(of, ...started, did.wait(0, 'production'), {
        type: 'step-started',
        try: 1,
        ...at('production', 1),
      });

      expect(kinds(state, { questions: [question], steps: [tried] })).toEqual(['interruption', 'step', 'roll-out']);
    });

    it('INT-9: not of a phase that another release’s interruption keeps from its start', () => {
      expect(kinds(after(of, did.start()), { blockedBy: [question] })).toEqual(['interruption']);
      expect(kinds(after(of, did.start()), {})).toEqual(['roll-out']);
    });
  });

  it('names the deployments that run and those that wait for a person', () => {
    const rollingOut = after(plan(), did.start(), did.rollOut(0, 1, undefined, ['manual']), did.wait(0, 'production'));

    expect(why(plan(), rollingOut)).toMatchObject({
      blockers: [{ kind: 'roll-out', phase: 'staff', running: ['staging'], waiting: ['production'] }],
      nextTransitionAt: null,
    });
  });

  it('names an action that is on its way, and expects it now', () => {
    const paused = after(plan(), did.start(), did.rollOut(0), did.bake(0), did.pause(0));
    const unpause = action('unpause', plan());

    expect(why(plan(), paused, { undecided: [unpause] })).toMatchObject({
      blockers: [
        { kind: 'paused' },
        { kind: 'undecided-action', action: 'action-1', verb: 'unpause', by: 'olga', since: NOON },
      ],
      nextTransitionAt: NOON + MINUTE,
    });
  });

  describe('of services', () => {
    const of = plan({ items: [{ kind: 'flags' }, service('payments'), service('stock')] });
    const rollingOut = [
      did.start(),
      did.rollOut(0),
      did.touch('payments', 'staging'),
      did.touch('stock', 'production'),
    ];
    const returning = [...rollingOut, did.arrive('payments', 'staging'), did.abort(), did.revertFlags()];

    const effect = (more: Partial<EffectUnderWay> = {}): EffectUnderWay => ({
      service: 'payments',
      environment: 'staging',
      direction: 'apply',
      phase: 'staff',
      tries: 2,
      since: NOON,
      nextAttemptAt: NOON + 2 * MINUTE,
      awaitedUntil: null,
      detail: 'The target answered 503',
      ...more,
    });
    const stock: Partial<EffectUnderWay> = { service: 'stock', environment: 'production' };

    it('names a target that has not done what it was asked for, and when it is asked again', () => {
      expect(why(of, after(of, ...rollingOut), { effects: [effect()] })).toEqual({
        blockers: [
          expect.objectContaining({ kind: 'roll-out', running: ['staging', 'production'] }) as object,
          {
            kind: 'target',
            detail: 'payments in staging has not taken its version after 2 tries: The target answered 503',
            phase: 'staff',
            service: 'payments',
            environment: 'staging',
            since: NOON,
            nextAttemptAt: NOON + 2 * MINUTE,
            remedies: [],
          },
        ],
        nextTransitionAt: NOON + 2 * MINUTE,
      });
    });

    it('PRO-6: names a target that is to call back, until when, and expects it then', () => {
      const awaited = effect({ tries: 1, nextAttemptAt: null, awaitedUntil: NOON + HOUR, detail: null });

      expect(why(of, after(of, ...rollingOut), { effects: [awaited] })).toEqual({
        blockers: [
          expect.objectContaining({ kind: 'roll-out' }) as object,
          {
            kind: 'callback',
            detail: 'payments in staging has taken the request and is to call back',
            phase: 'staff',
            service: 'payments',
            environment: 'staging',
            since: NOON,
            until: NOON + HOUR,
            remedies: [],
          },
        ],
        nextTransitionAt: NOON + HOUR,
      });
    });

    it('counts one try as one', () => {
      const { blockers } = why(of, after(of, ...rollingOut), { effects: [effect({ tries: 1 })] });

      expect(blockers[1]?.detail).toContain('after 1 try: ');
    });

    it('names no target whose first answer is awaited, and expects it now', () => {
      const awaited = effect({ tries: 1, nextAttemptAt: null, detail: null });

      expect(why(of, after(of, ...rollingOut), { effects: [awaited] })).toMatchObject({
        blockers: [{ kind: 'roll-out' }],
        nextTransitionAt: NOON + MINUTE,
      });
    });

    it('names every target, and goes on with the one that is asked again first', () => {
      const effects = [effect(), effect({ ...stock, nextAttemptAt: NOON + 90 * SECOND })];

      expect(why(of, after(of, ...rollingOut), { effects })).toMatchObject({
        blockers: [{ kind: 'roll-out' }, { kind: 'target', service: 'payments' }, { kind: 'target', service: 'stock' }],
        nextTransitionAt: NOON + 90 * SECOND,
      });
    });

    it('REL-19: says of an abort whose flags are not back that it goes back as a whole', () => {
      const aborting = after(of, ...rollingOut, did.abort());

      expect(why(of, aborting, { holds: [defect] }).blockers).toEqual([
        expect.objectContaining({ kind: 'revert', service: null, environment: null, remedies: [] }) as object,
      ]);
    });

    it('REL-19: names each service that is not back, the next one first, and that it may be given up', () => {
      const state = after(of, ...returning, did.revert('stock', 'production'));
      const effects = [effect({ ...stock, direction: 'revert', nextAttemptAt: NOON + 5 * MINUTE })];
      const remedies = [{ action: 'accept-drift', needs: control, except: [] }];

      expect(why(of, state, { effects })).toEqual({
        blockers: [
          {
            kind: 'revert',
            detail: 'stock in production is not back after 2 tries: The target answered 503',
            service: 'stock',
            environment: 'production',
            since: NOON,
            nextAttemptAt: NOON + 5 * MINUTE,
            remedies,
          },
          {
            kind: 'revert',
            detail: 'payments in staging goes back to its pre-release version after those touched later',
            service: 'payments',
            environment: 'staging',
            since: NOON,
            nextAttemptAt: null,
            remedies,
          },
        ],
        nextTransitionAt: NOON + 5 * MINUTE,
      });
    });

    it('REL-19: says of one that is asked for the first time that it is going back', () => {
      const state = after(of, ...returning, did.revert('stock', 'production'));
      const effects = [effect({ ...stock, direction: 'revert', tries: 1, nextAttemptAt: null, detail: null })];

      expect(why(of, state, { effects })).toMatchObject({
        blockers: [
          { detail: 'stock in production is going back to its pre-release version', nextAttemptAt: null },
          { service: 'payments' },
        ],
        nextTransitionAt: NOON + MINUTE,
      });
    });

    it('REL-19: leaves out what is back and what has drifted', () => {
      const back = after(of, ...returning, did.revert('stock', 'production'), did.bringBack('stock', 'production'));
      const all = after(
        of,
        ...returning,
        did.revert('stock', 'production'),
        did.drift('stock', 'production'),
        did.revert('payments', 'staging'),
        did.bringBack('payments', 'staging'),
      );

      expect(why(of, back).blockers).toMatchObject([{ service: 'payments' }]);
      expect(why(of, all)).toMatchObject({ blockers: [{ service: null }], nextTransitionAt: NOON + MINUTE });
    });

    it('REL-19: names a drift that somebody accepts and that is not decided', () => {
      const undecided = [action('accept-drift', of, { item: { service: 'stock', environment: null } })];

      expect(why(of, after(of, ...returning), { undecided }).blockers.at(-1)).toMatchObject({
        kind: 'undecided-action',
        verb: 'accept-drift',
        by: 'olga',
      });
    });

    it('REL-20: names what a full roll-out has under way, wherever that is', () => {
      const state = after(
        of,
        ...upTo(1),
        did.fullRollout(),
        did.rollOut(1, 1, ['staging']),
        did.rollOut(2, 1, ['production']),
      );

      expect(why(of, state)).toMatchObject({
        blockers: [{ kind: 'roll-out', phase: null, running: ['staging', 'production'], waiting: [] }],
      });
    });

    it('REL-20: names where a full roll-out has failed, in any phase, and retry unless a hold would refuse it', () => {
      const state = after(
        of,
        ...upTo(1),
        did.fullRollout(),
        did.rollOut(1, 1, ['staging']),
        did.rollOut(2, 1, ['production']),
        did.fail(1, 'staging'),
        did.succeed(2, 'production'),
        did.failPhase(1),
      );

      expect(why(of, state)).toMatchObject({
        blockers: [
          {
            kind: 'failed',
            phase: 'everyone',
            environments: ['staging'],
            remedies: [{ action: 'retry', needs: control, except: [] }, { action: 'abort' }],
          },
        ],
        nextTransitionAt: null,
      });
      expect(why(of, state, { holds: [defect] }).blockers).toMatchObject([
        { kind: 'failed', remedies: [{ action: 'abort' }] },
        { kind: 'defect' },
      ]);
    });

    it('REL-20: does not name what had failed in a phase that was skipped', () => {
      const state = after(
        of,
        did.start(),
        did.rollOut(0),
        did.fail(0, 'staging'),
        did.fail(0, 'production'),
        did.failPhase(0),
        {
          type: 'phase-skipped',
          at: NOON,
          phase: 0,
          partial: false,
          reviewPassed: false,
          by: 'olga',
          action: 'action-0',
        },
        did.fullRollout(),
        did.rollOut(1, 1, ['staging']),
        did.fail(1, 'staging'),
        did.failPhase(1),
      );

      expect(why(of, state).blockers).toMatchObject([{ kind: 'failed', phase: 'beta', environments: ['staging'] }]);
    });
  });

  it.each([
    ['about to start a phase', after(plan(), ...upTo(1)), 'roll-out'],
    ['about to be completed', after(plan(), ...upTo(3)), 'roll-out'],
    ['rolling out everything', after(plan(), ...upTo(1), did.fullRollout()), 'roll-out'],
    ['being aborted', after(plan(), ...upTo(1), did.abort()), 'revert'],
  ])('a release %s goes on now', (_, state, kind) => {
    expect(why(plan(), state)).toMatchObject({ blockers: [{ kind }], nextTransitionAt: NOON + MINUTE });
  });

  it.each([
    ['at the earliest of their deadlines', [2 * HOUR, null, HOUR], NOON + HOUR],
    ['now, where that has passed', [SECOND], NOON + MINUTE],
    ['when people say so, where there is none', [null], null],
  ])('INT-9: a phase that waits for what other releases ask goes on %s', (_, deadlines, nextTransitionAt) => {
    const blockedBy = deadlines.map((after) => ({ ...question, deadlineAt: after && NOON + after }));

    const answer = why(plan(), after(plan(), ...upTo(1)), { waits: { questions: [], steps: [], blockedBy } });

    expect(answer.nextTransitionAt).toBe(nextTransitionAt);
  });

  it.each(['release-aborted', 'release-completed'] as const)('nothing blocks after %s', (how) => {
    expect(why(plan(), after(plan(), ...upTo(1), did.end(how)), { holds: [defect] })).toEqual({
      blockers: [],
      nextTransitionAt: null,
    });
  });
});
