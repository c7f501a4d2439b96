import type { ProblemCode } from '../../../src/api/problem-codes';
import { RELEASE_ACTIONS, type ReleaseAction } from '../../../src/domain/pipeline';
import type { ShownState } from '../../../src/domain/shown-state';
import { phase, ReleaseApi, type Person } from '../../support/release-api';

// The table "actions × states" of the contract over HTTP, cell by cell, for every state that a release reaches without
// services, processes and holds; the others are in test/domain/actions-by-state.test.ts. What is expected is written
// out here and computed from nothing: the state that an accepted action brings, with the phase that is current then,
// or the code of the refusal.

type Cell = `200 ${ShownState}` | `200 ${ShownState}, ${'one' | 'two' | 'three'}` | `409 ${ProblemCode}`;

interface Row {
  state: ShownState;
  phase: 'one' | 'two' | 'three' | null;
  /** What brings a new release there. */
  path: ReleaseAction[];
  /** In the order of ACTIONS. */
  cells: [Cell, Cell, Cell, Cell, Cell, Cell, Cell];
}

const ACTIONS = ['approve', 'pause', 'unpause', 'skip', 'abort', 'full-rollout', 'retry'] as const;

const NOT_OPEN = '409 review.not-open';
const NO_BAKE = '409 bake.not-running';
const NOT_PAUSED = '409 bake.not-paused';
const NOT_FAILED = '409 release.not-failed';
const QUEUED = '409 release.queued';
const ENDED = '409 release.ended';

const rows: Row[] = [
  { state: 'queued', phase: null, path: [], cells: [QUEUED, QUEUED, QUEUED, QUEUED, '200 aborted', QUEUED, QUEUED] },
  {
    state: 'waiting-for-review',
    phase: 'one',
    path: [],
    cells: [
      '200 baking, one',
      NO_BAKE,
      NOT_PAUSED,
      '200 waiting-for-review, two',
      '200 aborted',
      '200 completed',
      NOT_FAILED,
    ],
  },
  {
    state: 'waiting-for-review',
    phase: 'two',
    path: ['approve', 'skip'],
    cells: [
      '200 baking, two',
      NO_BAKE,
      NOT_PAUSED,
      '200 waiting-for-review, three',
      '200 aborted',
      '200 completed',
      NOT_FAILED,
    ],
  },
  {
    state: 'waiting-for-review',
    phase: 'three',
    path: ['approve', 'skip', 'approve', 'skip'],
    cells: [
      '200 baking, three',
      NO_BAKE,
      NOT_PAUSED,
      '409 release.last-phase',
      '200 aborted',
      '200 completed',
      NOT_FAILED,
    ],
  },
  {
    state: 'baking',
    phase: 'one',
    path: ['approve'],
    cells: [
      NOT_OPEN,
      '200 paused, one',
      NOT_PAUSED,
      '200 waiting-for-review, two',
      '200 aborted',
      '200 completed',
      NOT_FAILED,
    ],
  },
  {
    state: 'baking',
    phase: 'two',
    path: ['approve', 'skip', 'approve'],
    cells: [
      NOT_OPEN,
      '200 paused, two',
      NOT_PAUSED,
      '200 waiting-for-review, three',
      '200 aborted',
      '200 completed',
      NOT_FAILED,
    ],
  },
  {
    state: 'baking',
    phase: 'three',
    path: ['approve', 'skip', 'approve', 'skip', 'approve'],
    cells: [NOT_OPEN, '200 paused, three', NOT_PAUSED, '200 completed', '200 aborted', '200 completed', NOT_FAILED],
  },
  {
    state: 'paused',
    phase: 'one',
    path: ['approve', 'pause'],
    cells: [
      NOT_OPEN,
      '409 bake.already-paused',
      '200 baking, one',
      '200 waiting-for-review, two',
      '200 aborted',
      '200 completed',
      NOT_FAILED,
    ],
  },
  {
    state: 'paused',
    phase: 'two',
    path: ['approve', 'skip', 'approve', 'pause'],
    cells: [
      NOT_OPEN,
      '409 bake.already-paused',
      '200 baking, two',
      '200 waiting-for-review, three',
      '200 aborted',
      '200 completed',
      NOT_FAILED,
    ],
  },
  {
    state: 'paused',
    phase: 'three',
    path: ['approve', 'skip', 'approve', 'skip', 'approve', 'pause'],
    cells: [
      NOT_OPEN,
      '409 bake.already-paused',
      '200 baking, three',
      '200 completed',
      '200 aborted',
      '200 completed',
      NOT_FAILED,
    ],
  },
  {
    state: 'completed',
    phase: null,
    path: ['full-rollout'],
    cells: [ENDED, ENDED, ENDED, ENDED, ENDED, ENDED, ENDED],
  },
  { state: 'aborted', phase: null, path: ['abort'], cells: [ENDED, ENDED, ENDED, ENDED, ENDED, ENDED, ENDED] },
];

let api: ReleaseApi;
let operator: Person;

beforeAll(async () => {
  api = await ReleaseApi.start();
  operator = await api.person('olga', [{ role: 'release-manager', project: 'shop' }]);
  const requiredReview = {};
  await api.pipeline('reviewed', [
    phase('one', { requiredReview }),
    phase('two', { requiredReview }),
    phase('three', { requiredReview }),
  ]);
});

afterAll(() => api.close());

/** A new release in that state; the one before it in its queue, if it is queued. */
async function releaseIn({ state, phase: current, path }: Row): Promise<string> {
  const flag = await api.flag();
  const id = await api.admin.starts('reviewed', flag);
  if (state === 'queued') {
    return api.admin.starts('reviewed', { changes: changesOf(flag), whenBusy: 'queue' });
  }
  await api.reaches(id, 'waiting-for-review', 'one');
  for (const verb of path) {
    await operator.acts(id, verb);
  }
  expect(await operator.release(id)).toMatchObject({ state, currentPhase: current });
  return id;
}

const changesOf = (flag: string) => [{ flag, definition: { state: 'ENABLED', variants: { on: true, off: false } } }];

describe.each(rows)('$state $phase', (row) => {
  const cells = ACTIONS.map((verb, index) => ({ verb, cell: row.cells[index] ?? ENDED }));
  const accepted = cells.filter(({ cell }) => cell.startsWith('200')).map(({ verb }) => verb);
  let refusing: string;

  beforeAll(async () => {
    refusing = await releaseIn(row);
  });

  it.each(cells)('$verb: $cell', async ({ verb, cell }) => {
    const isAccepted = cell.startsWith('200');
    const id = isAccepted ? await releaseIn(row) : refusing;
    const before = await operator.release(id);

    const { status, body, headers } = await operator.asks(id, verb);

    const after = await operator.release(id);
    const outcome = (await operator.get(headers.get('location') ?? '')).body;
    if (isAccepted) {
      const shown = body.currentPhase === null ? body.state : `${body.state}, ${body.currentPhase}`;
      expect(`${status} ${shown}`).toBe(cell);
      expect(withoutTime(after)).toEqual(withoutTime(body));
      expect(outcome).toMatchObject({ state: 'applied', verb, release: id, by: 'olga', problem: null });
    } else {
      expect(`${status} ${body.code}`).toBe(cell);
      expect(body).toMatchObject({ status, type: `urn:sluice:problem:${body.code}`, allowed: accepted });
      expect(body.facts).toMatchObject({ state: row.state });
      expect(withoutTime(after)).toEqual(withoutTime(before));
      expect(outcome).toMatchObject({ state: 'refused', verb, release: id, by: 'olga', problem: body });
    }
  });

  it(`allows ${accepted.join(', ') || 'nothing'}`, async () => {
    expect((await operator.release(refusing)).allowed).toEqual(accepted);
  });
});

it('is complete: every action has its column', () => {
  expect([...ACTIONS]).toEqual([...RELEASE_ACTIONS]);
});

/** Without what counts down while one looks. */
function withoutTime({ phases, ...rest }: Awaited<ReturnType<Person['release']>>) {
  return { ...rest, phases: phases.map(({ remainingMs, ...more }) => ({ ...more, counts: remainingMs !== null })) };
}
