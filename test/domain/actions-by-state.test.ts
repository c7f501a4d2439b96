import { allowedActions, decide } from '../../src/domain/decide';
import { MINUTE } from '../../src/domain/instant';
import type { ReleaseAction } from '../../src/domain/pipeline';
import { RELEASE_ACTIONS } from '../../src/domain/pipeline';
import type { Refusal, RuleCode } from '../../src/domain/refusal';
import { isRefusal } from '../../src/domain/refusal';
import type { Hold } from '../../src/domain/release';
import type { ReleaseEvent } from '../../src/domain/release-event';
import { shownState, type ShownState } from '../../src/domain/shown-state';
import { action, after, did, NOON, phase, PHASES, planOfPhases, review, upTo } from './release-fixture';

// The table "actions × states" of the contract, cell by cell. What is expected is written out here and computed from
// nothing: ✓ accepted, else the code of the refusal. Phases are reviewed wherever the state is about a review.

type Cell = '✓' | RuleCode;

interface Row {
  state: ShownState;
  where: string;
  happened: ReleaseEvent[];
  holds?: Hold[];
  /** In the order of ACTIONS. */
  cells: [Cell, Cell, Cell, Cell, Cell, Cell, Cell];
}

const ACTIONS = ['approve', 'pause', 'unpause', 'skip', 'abort', 'full-rollout', 'retry'] as const;
const [FIRST, MIDDLE, LAST] = [0, 1, 2];

const reviewed = planOfPhases(...PHASES.map((name) => phase(name, { review: review() })));

const defect: Hold = { kind: 'defect', id: 'defect-1', detail: 'Checkout loses carts' };
const freeze: Hold = { kind: 'freeze', id: 'freeze-1', detail: 'Holidays' };

const atReview = (index: number) => [...upTo(index), did.openReview(index)];
const approved = (index: number) => [...atReview(index), did.approve(index), did.passReview(index)];
const rollingOut = (index: number) => [...approved(index), did.rollOut(index)];
const atIntervention = (index: number) => [
  ...approved(index),
  did.rollOut(index, 1, undefined, ['manual']),
  did.succeed(index, 'staging'),
  did.wait(index, 'production'),
];
const baking = (index: number) => [
  ...rollingOut(index),
  did.succeed(index, 'staging'),
  did.succeed(index, 'production'),
  did.bake(index),
];
const paused = (index: number) => [...baking(index), did.pause(index)];
const failed = (index: number) => [
  ...rollingOut(index),
  did.succeed(index, 'staging'),
  did.fail(index, 'production'),
  did.failPhase(index),
];

const QUEUED: Row['cells'] = [
  'release.queued',
  'release.queued',
  'release.queued',
  'release.queued',
  '✓',
  'release.queued',
  'release.queued',
];
const REVIEW: Row['cells'] = ['✓', 'bake.not-running', 'bake.not-paused', '✓', '✓', '✓', 'release.not-failed'];
const ROLLING_OUT: Row['cells'] = ['review.not-open', '✓', 'bake.not-paused', '✓', '✓', '✓', 'release.not-failed'];
const BAKING: Row['cells'] = ['review.not-open', '✓', 'bake.not-paused', '✓', '✓', '✓', 'release.not-failed'];
const PAUSED: Row['cells'] = ['review.not-open', 'bake.already-paused', '✓', '✓', '✓', '✓', 'release.not-failed'];
const BLOCKED: Row['cells'] = [
  'review.not-open',
  'bake.not-running',
  'bake.not-paused',
  'release.blocked',
  '✓',
  'release.blocked',
  'release.not-failed',
];
const FAILED: Row['cells'] = [
  'review.not-open',
  'bake.not-running',
  'bake.not-paused',
  '✓',
  '✓',
  'release.failed',
  '✓',
];
const ABORTING: Row['cells'] = [
  'release.aborting',
  'release.aborting',
  'release.aborting',
  'release.aborting',
  'release.aborting',
  'release.aborting',
  'release.aborting',
];
const ENDED: Row['cells'] = [
  'release.ended',
  'release.ended',
  'release.ended',
  'release.ended',
  'release.ended',
  'release.ended',
  'release.ended',
];

const rows: Row[] = [
  { state: 'queued', where: '', happened: [], cells: QUEUED },
  { state: 'queued', where: ' under a defect', happened: [], holds: [defect], cells: QUEUED },

  { state: 'waiting-for-review', where: ' of the first phase', happened: atReview(FIRST), cells: REVIEW },
  { state: 'waiting-for-review', where: ' of a middle phase', happened: atReview(MIDDLE), cells: REVIEW },
  {
    state: 'waiting-for-review',
    where: ' of the last phase',
    happened: atReview(LAST),
    cells: ['✓', 'bake.not-running', 'bake.not-paused', 'release.last-phase', '✓', '✓', 'release.not-failed'],
  },

  { state: 'rolling-out', where: ' the first phase', happened: rollingOut(FIRST), cells: ROLLING_OUT },
  { state: 'rolling-out', where: ' the last phase', happened: rollingOut(LAST), cells: ROLLING_OUT },
  { state: 'rolling-out', where: ', approved and about to start', happened: approved(MIDDLE), cells: ROLLING_OUT },
  {
    state: 'rolling-out',
    where: ' with a pause armed',
    happened: [...rollingOut(MIDDLE), did.arm(MIDDLE, 'pause')],
    cells: ['review.not-open', 'release.intent-armed', '✓', '✓', '✓', '✓', 'release.not-failed'],
  },
  {
    state: 'rolling-out',
    where: ' with a skip armed',
    happened: [...rollingOut(MIDDLE), did.arm(MIDDLE, 'skip')],
    cells: [
      'review.not-open',
      'release.intent-armed',
      'bake.not-paused',
      'release.intent-armed',
      '✓',
      '✓',
      'release.not-failed',
    ],
  },
  {
    state: 'rolling-out',
    where: ' with a full roll-out armed',
    happened: [...rollingOut(MIDDLE), did.arm(MIDDLE, 'full-rollout')],
    cells: [
      'review.not-open',
      'release.intent-armed',
      'bake.not-paused',
      'release.intent-armed',
      '✓',
      'release.intent-armed',
      'release.not-failed',
    ],
  },
  {
    state: 'rolling-out',
    where: ' under a defect',
    happened: rollingOut(MIDDLE),
    holds: [defect],
    cells: ['review.not-open', '✓', 'bake.not-paused', '✓', '✓', 'release.blocked', 'release.not-failed'],
  },
  {
    state: 'rolling-out',
    where: ' everything, from a pause',
    happened: [...paused(MIDDLE), did.fullRollout()],
    cells: [
      'review.not-open',
      'release.rolling-out',
      'bake.not-paused',
      'release.rolling-out',
      '✓',
      'release.rolling-out',
      'release.not-failed',
    ],
  },
  {
    state: 'rolling-out',
    where: ' everything, past an open review',
    happened: [...atReview(MIDDLE), did.fullRollout()],
    cells: [
      'review.not-open',
      'release.rolling-out',
      'bake.not-paused',
      'release.rolling-out',
      '✓',
      'release.rolling-out',
      'release.not-failed',
    ],
  },

  {
    state: 'waiting-for-intervention',
    where: ' in the first phase',
    happened: atIntervention(FIRST),
    cells: ROLLING_OUT,
  },
  {
    state: 'waiting-for-intervention',
    where: ' in the last phase',
    happened: atIntervention(LAST),
    cells: ROLLING_OUT,
  },
  {
    state: 'waiting-for-intervention',
    where: ' with a pause armed',
    happened: [...atIntervention(MIDDLE), did.arm(MIDDLE, 'pause')],
    cells: ['review.not-open', 'release.intent-armed', '✓', '✓', '✓', '✓', 'release.not-failed'],
  },

  { state: 'baking', where: ', first phase', happened: baking(FIRST), cells: BAKING },
  { state: 'baking', where: ', middle phase', happened: baking(MIDDLE), cells: BAKING },
  { state: 'baking', where: ', last phase', happened: baking(LAST), cells: BAKING },
  {
    state: 'baking',
    where: ' under a freeze',
    happened: baking(MIDDLE),
    holds: [freeze],
    cells: ['review.not-open', '✓', 'bake.not-paused', '✓', '✓', 'release.blocked', 'release.not-failed'],
  },

  { state: 'paused', where: ', first phase', happened: paused(FIRST), cells: PAUSED },
  { state: 'paused', where: ', last phase', happened: paused(LAST), cells: PAUSED },
  {
    state: 'paused',
    where: ' under a defect',
    happened: paused(MIDDLE),
    holds: [defect],
    cells: ['review.not-open', 'bake.already-paused', '✓', '✓', '✓', 'release.blocked', 'release.not-failed'],
  },

  {
    state: 'blocked',
    where: ' by a defect, its review open',
    happened: atReview(MIDDLE),
    holds: [defect],
    cells: [
      '✓',
      'bake.not-running',
      'bake.not-paused',
      'release.blocked',
      '✓',
      'release.blocked',
      'release.not-failed',
    ],
  },
  { state: 'blocked', where: ' by a freeze, approved', happened: approved(MIDDLE), holds: [freeze], cells: BLOCKED },
  {
    state: 'blocked',
    where: ' by a freeze, approved, a pause armed',
    happened: [...approved(MIDDLE), did.arm(MIDDLE, 'pause')],
    holds: [freeze],
    cells: BLOCKED,
  },
  { state: 'blocked', where: ' by a defect, last phase', happened: approved(LAST), holds: [defect], cells: BLOCKED },
  {
    state: 'blocked',
    where: ' by a defect at completion',
    happened: [...baking(LAST), did.endBake(LAST)],
    holds: [defect],
    cells: BLOCKED,
  },
  {
    state: 'blocked',
    where: ' by a defect before it rolls out everything',
    happened: [...baking(MIDDLE), did.fullRollout()],
    holds: [defect],
    cells: BLOCKED,
  },

  { state: 'failed', where: ', first phase', happened: failed(FIRST), cells: FAILED },
  { state: 'failed', where: ', middle phase', happened: failed(MIDDLE), cells: FAILED },
  {
    state: 'failed',
    where: ', last phase',
    happened: failed(LAST),
    cells: ['review.not-open', 'bake.not-running', 'bake.not-paused', 'release.last-phase', '✓', 'release.failed', '✓'],
  },
  {
    state: 'failed',
    where: ' under a defect',
    happened: failed(MIDDLE),
    holds: [defect],
    cells: ['review.not-open', 'bake.not-running', 'bake.not-paused', '✓', '✓', 'release.blocked', 'release.blocked'],
  },

  { state: 'aborting', where: ' from a bake', happened: [...baking(MIDDLE), did.abort()], cells: ABORTING },
  { state: 'aborting', where: ' from a review', happened: [...atReview(FIRST), did.abort()], cells: ABORTING },

  { state: 'aborted', where: '', happened: [...baking(MIDDLE), did.abort(), did.end('release-aborted')], cells: ENDED },
  {
    state: 'completed',
    where: '',
    happened: [...baking(LAST), did.endBake(LAST), did.end('release-completed')],
    cells: ENDED,
  },
];

const LATER = NOON + MINUTE;

describe.each(rows)('$state$where', ({ state: expected, happened, holds = [], cells }) => {
  const situation = { plan: reviewed, state: after(reviewed, ...happened), holds };
  const ask = (verb: ReleaseAction) => decide(situation, action(verb, reviewed), LATER, LATER);
  const accepted = ACTIONS.filter((_, index) => cells[index] === '✓');

  it(`REL-6: shows ${expected}`, () => {
    expect(shownState(situation.state, holds)).toBe(expected);
  });

  it.each(ACTIONS.map((verb, index) => [verb, cells[index]] as const))('%s: %s', (verb, cell) => {
    const decision = ask(verb);

    expect(isRefusal(decision) ? decision.refused : '✓').toBe(cell);
  });

  it('accept-drift: refused, as no service was touched', () => {
    const item = { service: 'payments', environment: null };
    const decision = decide(situation, action('accept-drift', reviewed, { item }), LATER, LATER);

    expect(decision).toMatchObject({
      refused: expected === 'completed' || expected === 'aborted' ? 'release.ended' : 'drift.not-reverting',
      allowed: accepted,
      facts: { state: expected },
    });
  });

  it(`allows ${accepted.join(', ') || 'nothing'}`, () => {
    const asked = action('abort', reviewed);

    expect(allowedActions(situation, asked, LATER)).toEqual(accepted);
  });

  it('names in every refusal the state and what it allows instead', () => {
    const refusals = ACTIONS.map(ask).filter((decision): decision is Refusal => isRefusal(decision));

    expect(refusals.map(({ allowed }) => allowed)).toEqual(refusals.map(() => accepted));
    expect(refusals.map(({ facts }) => facts?.['state'])).toEqual(refusals.map(() => expected));
  });
});

/** Payments is touched in staging, and stock beside it, which has arrived. */
const touched = [
  ...rollingOut(FIRST),
  did.touch('stock', 'staging'),
  did.arrive('stock', 'staging'),
  did.touch('payments', 'staging'),
];
const returning = [...touched, did.abort(), did.revertFlags()];

describe.each<{ where: string; happened: ReleaseEvent[]; cell: Cell; environment?: string }>([
  { where: 'is being applied and no abort is decided', happened: touched, cell: 'drift.not-reverting' },
  {
    where: 'has arrived and no abort is decided',
    happened: [...touched, did.arrive('payments', 'staging')],
    cell: 'drift.not-reverting',
  },
  {
    where: 'failed and its phase with it',
    happened: [...touched, did.miss('payments', 'staging'), did.fail(FIRST, 'staging'), did.failPhase(FIRST)],
    cell: 'drift.not-reverting',
  },
  { where: 'was touched and the flags are not back', happened: [...touched, did.abort()], cell: 'drift.not-reverting' },
  { where: 'was touched and waits for its turn', happened: returning, cell: '✓' },
  { where: 'was touched and waits, its environment named', happened: returning, environment: 'staging', cell: '✓' },
  {
    where: 'was touched elsewhere',
    happened: returning,
    environment: 'production',
    cell: 'drift.not-reverting',
  },
  {
    where: 'had failed and waits for its turn',
    happened: [...touched, did.miss('payments', 'staging'), did.abort(), did.revertFlags()],
    cell: '✓',
  },
  { where: 'is on its way back', happened: [...returning, did.revert('payments', 'staging')], cell: '✓' },
  {
    where: 'is back',
    happened: [...returning, did.revert('payments', 'staging'), did.bringBack('payments', 'staging')],
    cell: 'drift.not-reverting',
  },
  {
    where: 'has drifted',
    happened: [...returning, did.revert('payments', 'staging'), did.drift('payments', 'staging')],
    cell: 'drift.not-reverting',
  },
  {
    where: 'was taken back and the release has ended',
    happened: [...returning, did.end('release-aborted')],
    cell: 'release.ended',
  },
])('accept-drift of a service that $where', ({ happened, cell, environment = null }) => {
  it(`REL-19: ${cell}`, () => {
    const situation = { plan: reviewed, state: after(reviewed, ...happened), holds: [defect] };
    const asked = action('accept-drift', reviewed, { item: { service: 'payments', environment } });

    const decision = decide(situation, asked, LATER, LATER);

    expect(isRefusal(decision) ? decision.refused : '✓').toBe(cell);
    expect(isRefusal(decision) ? [] : decision.events).toEqual(
      cell === '✓'
        ? [
            {
              type: 'drift-accepted',
              at: LATER,
              environment: 'staging',
              service: 'payments',
              by: 'olga',
              action: 'action-1',
            },
          ]
        : [],
    );
  });
});

it('is complete: every action and every state has its cells', () => {
  const states: Record<ShownState, true> = {
    queued: true,
    blocked: true,
    'waiting-for-review': true,
    'rolling-out': true,
    'waiting-for-intervention': true,
    baking: true,
    paused: true,
    failed: true,
    aborting: true,
    aborted: true,
    completed: true,
  };

  expect([...ACTIONS]).toEqual(RELEASE_ACTIONS);
  expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(Object.keys(states)));
});
