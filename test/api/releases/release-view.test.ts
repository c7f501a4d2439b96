import type { ReleaseAction } from '../../../src/domain/pipeline';
import { phase, ReleaseApi, type Answer, type Page, type Person, type ReleaseBody } from '../../support/release-api';
import { ON } from '../../support/store-fixtures';

const HOUR = 3_600_000;

let api: ReleaseApi;
let ada: Person;
let rita: Person;
let vera: Person;
let tom: Person;
let mary: Person;

beforeAll(async () => {
  api = await ReleaseApi.start();
  ada = await api.person('ada', [{ role: 'developer', project: 'shop' }]);
  rita = await api.person('rita', [{ role: 'release-manager', project: 'shop' }]);
  vera = await api.person('vera', [{ role: 'viewer', project: 'shop' }]);
  tom = await api.person('tom');
  mary = await api.person('mary', [{ role: 'release-manager', project: 'shop' }]);
  await api.admin.put('/v1/teams/reviewers', { members: ['tom'] });
  await api.pipeline('reviewed', [phase('one', { requiredReview: {} }), phase('two', { requiredReview: {} })]);
  await api.pipeline('teamed', [phase('one', { requiredReview: { teams: ['reviewers'] } }), phase('two')]);
});

afterAll(() => api.close());

const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const untouched = { startedAt: null, endsAt: null, remainingMs: null, approvals: [], partial: false };
const codeOf = ({ status, body }: Answer) => `${status} ${body.code ?? body.state}`;
const hasEnded = (body: ReleaseBody) => body.state === 'completed' || body.state === 'aborted';

describe('a release', () => {
  it('shows all that the contract names, in each of its states', async () => {
    const flag = await api.flag();
    const source = { repository: 'acme/shop', actor: 'ci-bot' };
    const body = {
      changes: [{ flag, definition: ON, environments: ['production', 'staging'] }],
      source,
      labels: ['x'],
    };
    const id = await ada.starts('reviewed', { ...body, reason: 'Because' });
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/);
    const same = {
      id,
      project: 'shop',
      pipeline: 'reviewed',
      pipelineVersion: 1,
      digest,
      changes: [{ flag, environments: ['staging', 'production'], definition: ON }],
      triggeredBy: 'ada',
      reason: 'Because',
      source,
      labels: ['x'],
      skipSteps: [],
      createdAt: instant,
      armed: null,
      defect: null,
    };
    const running = { ...same, currentPhaseEndTime: null, endedAt: null };

    expect(await api.reaches(id, 'waiting-for-review', 'one')).toEqual({
      ...running,
      state: 'waiting-for-review',
      phases: [
        { ...untouched, name: 'one', state: 'waiting-for-review' },
        { ...untouched, name: 'two', state: 'pending' },
      ],
      currentPhase: 'one',
      allowed: ['approve', 'skip', 'abort', 'full-rollout'],
    });

    const baking = await rita.acts(id, 'approve');
    const approvals = [{ by: 'rita', at: instant }];
    const [one] = baking.phases;
    expect(baking).toEqual({
      ...running,
      state: 'baking',
      phases: [
        {
          name: 'one',
          state: 'baking',
          startedAt: instant,
          endsAt: new Date(Date.parse(one?.startedAt ?? '') + HOUR).toISOString(),
          remainingMs: expect.any(Number),
          approvals,
          partial: false,
        },
        { ...untouched, name: 'two', state: 'pending' },
      ],
      currentPhase: 'one',
      currentPhaseEndTime: one?.endsAt,
      allowed: ['pause', 'skip', 'abort', 'full-rollout'],
    });
    expect(one?.remainingMs).toBeGreaterThan(HOUR - 60_000);
    expect(one?.remainingMs).toBeLessThanOrEqual(HOUR);

    const paused = await rita.acts(id, 'pause');
    expect(paused).toEqual({
      ...running,
      state: 'paused',
      phases: [
        { ...one, state: 'baking', endsAt: null, remainingMs: expect.any(Number) },
        { ...untouched, name: 'two', state: 'pending' },
      ],
      currentPhase: 'one',
      allowed: ['unpause', 'skip', 'abort', 'full-rollout'],
    });

    const waiting = await rita.acts(id, 'skip');
    const released = { ...one, state: 'released', endsAt: null, remainingMs: null };
    expect(waiting).toEqual({
      ...running,
      state: 'waiting-for-review',
      phases: [released, { ...untouched, name: 'two', state: 'waiting-for-review' }],
      currentPhase: 'two',
      allowed: ['approve', 'abort', 'full-rollout'],
    });

    const aborted = await rita.acts(id, 'abort');
    expect(aborted).toEqual({
      ...same,
      state: 'aborted',
      phases: [
        { ...released, state: 'reverted' },
        { ...untouched, name: 'two', state: 'pending' },
      ],
      currentPhase: null,
      currentPhaseEndTime: null,
      allowed: [],
      endedAt: instant,
    });
  });

  it('REL-7: is queued, with no phase of its own yet, while another one is ahead', async () => {
    const flag = await api.flag();
    await ada.starts('reviewed', flag);

    const { body } = await ada.triggers('reviewed', { changes: [{ flag, definition: ON }], whenBusy: 'queue' });

    expect(await rita.release(body.id)).toMatchObject({
      state: 'queued',
      currentPhase: null,
      currentPhaseEndTime: null,
      allowed: ['abort'],
      phases: [
        { ...untouched, name: 'one', state: 'pending' },
        { ...untouched, name: 'two', state: 'pending' },
      ],
      endedAt: null,
    });
  });

  it('REL-16, REL-20: shows phases left out as skipped, and those passed by a full roll-out too', async () => {
    const [left, all] = [
      await ada.starts('reviewed', await api.flag()),
      await ada.starts('reviewed', await api.flag()),
    ];
    await api.reaches(left, 'waiting-for-review');
    await api.reaches(all, 'waiting-for-review');

    await rita.acts(left, 'skip');
    await rita.acts(left, 'approve');
    const done = await rita.acts(left, 'skip');
    const rolledOut = await rita.acts(all, 'full-rollout');

    expect(done).toMatchObject({
      state: 'completed',
      endedAt: instant,
      phases: [{ state: 'skipped' }, { state: 'released' }],
    });
    expect(rolledOut).toMatchObject({
      state: 'completed',
      phases: [
        { ...untouched, state: 'skipped' },
        { ...untouched, state: 'skipped' },
      ],
    });
  });

  it('REL-10: counts approvals by person, in order', async () => {
    await api.pipeline('quorum', [phase('one', { requiredReview: { approvals: 2 } })]);
    const id = await ada.starts('quorum', await api.flag());
    await api.reaches(id, 'waiting-for-review');

    const first = await rita.acts(id, 'approve');
    const twice = await rita.asks(id, 'approve');
    const second = await mary.acts(id, 'approve');

    expect(first).toMatchObject({ state: 'waiting-for-review', phases: [{ approvals: [{ by: 'rita' }] }] });
    expect(codeOf(twice)).toBe('409 review.already-approved');
    expect(second).toMatchObject({ state: 'baking', phases: [{ approvals: [{ by: 'rita' }, { by: 'mary' }] }] });
  });
});

describe('allowed[]', () => {
  interface Row {
    who: string;
    person: () => Person;
    waiting: ReleaseAction[];
    teamed: ReleaseAction[];
    baking: ReleaseAction[];
  }
  const baking: ReleaseAction[] = ['pause', 'skip', 'abort', 'full-rollout'];

  const rows: Row[] = [
    { who: 'a viewer', person: () => vera, waiting: [], teamed: [], baking: [] },
    { who: 'the author, a developer', person: () => ada, waiting: ['abort'], teamed: ['abort'], baking: ['abort'] },
    {
      who: 'a release manager',
      person: () => rita,
      waiting: ['approve', 'skip', 'abort', 'full-rollout'],
      teamed: ['abort'],
      baking,
    },
    {
      who: 'an administrator outside of the team',
      person: () => api.admin,
      waiting: ['approve', 'skip', 'abort', 'full-rollout'],
      teamed: ['abort'],
      baking,
    },
  ];

  it.each(rows)('names what state and permissions let $who do', async ({ person, ...expected }) => {
    const ids = {
      waiting: await ada.starts('reviewed', await api.flag()),
      teamed: await ada.starts('teamed', await api.flag()),
      baking: await ada.starts('teamed', await api.flag()),
    };
    await api.reaches(ids.waiting, 'waiting-for-review');
    await api.reaches(ids.teamed, 'waiting-for-review');
    await api.reaches(ids.baking, 'waiting-for-review');
    await tom.acts(ids.baking, 'approve');

    for (const name of ['waiting', 'teamed', 'baking'] as const) {
      const { allowed } = await person().release(ids[name]);
      expect({ name, allowed }).toEqual({ name, allowed: expected[name] });
      const listed = await person().get<Page<ReleaseBody>>('/v1/releases?limit=200');
      expect(listed.body.items.find(({ id }) => id === ids[name])?.allowed).toEqual(allowed);
      const verbs = ['approve', 'pause', 'unpause', 'skip', 'full-rollout', 'retry'] as const;
      for (const verb of verbs.filter((each) => !allowed.includes(each))) {
        expect({ verb, accepted: (await person().asks(ids[name], verb)).status === 200 }).toEqual({
          verb,
          accepted: false,
        });
      }
    }
  });

  it('names for a team’s member without any role the approval alone, of that release alone', async () => {
    const id = await ada.starts('teamed', await api.flag());
    await api.reaches(id, 'waiting-for-review');

    expect((await tom.release(id)).allowed).toEqual(['approve']);
    expect((await tom.acts(id, 'approve')).allowed).toEqual([]);
  });

  it('SEC-5: names skip and full roll-out for an author who may approve, as everything they may do', async () => {
    await api.pipeline('own', [phase('one', { requiredReview: { authorMayApprove: true } }), phase('two')]);
    const id = await rita.starts('own', await api.flag());
    const other = await rita.starts('reviewed', await api.flag());
    await api.reaches(id, 'waiting-for-review');
    await api.reaches(other, 'waiting-for-review');

    expect((await rita.release(id)).allowed).toEqual(['approve', 'skip', 'abort', 'full-rollout']);
    expect((await rita.release(other)).allowed).toEqual(['abort']);
    expect(codeOf(await rita.asks(other, 'skip'))).toBe('409 review.author');
    expect(codeOf(await rita.asks(other, 'full-rollout'))).toBe('409 review.author');
  });
});

describe('GET /v1/releases', () => {
  let ids: string[];
  let flags: string[];

  beforeAll(async () => {
    await api.pipeline('listed', [phase('one')]);
    ids = [];
    flags = [];
    for (let count = 0; count < 5; count += 1) {
      flags.push(await api.flag());
      ids.push(await ada.starts('listed', flags.at(-1) ?? ''));
    }
    for (const id of ids) {
      await api.reaches(id, 'baking');
    }
    await rita.acts(ids[0] ?? '', 'pause');
    await rita.acts(ids[1] ?? '', 'abort');
    await rita.acts(ids[2] ?? '', 'full-rollout');
  });

  const list = async (query: string, person = vera) => {
    const { status, body } = await person.get<Page<ReleaseBody>>(`/v1/releases?${query}`);
    expect(status).toBe(200);
    return body;
  };
  const numbersOf = (page: Page<ReleaseBody>) => page.items.map(({ id }) => ids.indexOf(id));

  it('HTTP-5: is newest first, page by page', async () => {
    const all = await list('pipeline=listed');
    const first = await list('pipeline=listed&limit=2');
    const second = await list(`pipeline=listed&limit=2&cursor=${first.next ?? ''}`);
    const third = await list(`pipeline=listed&limit=2&cursor=${second.next ?? ''}`);

    expect([numbersOf(all), all.next]).toEqual([[4, 3, 2, 1, 0], null]);
    expect([first, second, third].map(numbersOf)).toEqual([[4, 3], [2, 1], [0]]);
    expect(third.next).toBeNull();
  });

  it('HTTP-5: a page stays where it was while releases come', async () => {
    const first = await list('project=shop&limit=2');
    await ada.starts('listed', await api.flag());

    const second = await list(`project=shop&limit=2&cursor=${first.next ?? ''}`);

    const seen = [...first.items, ...second.items].map(({ id }) => id);
    expect(new Set(seen).size).toBe(4);
  });

  it.each([
    ['state=paused', [0]],
    ['state=aborted', [1]],
    ['state=completed', [2]],
    ['state=baking', [4, 3]],
    ['live=true', [4, 3, 0]],
    ['live=false', [2, 1]],
    ['live=true&state=aborted', []],
    ['state=aborted,paused', [1, 0]],
    ['triggeredBy=ada', [4, 3, 2, 1, 0]],
    ['triggeredBy=rita', []],
    ['project=none', []],
  ])('HTTP-5: is narrowed by %s', async (query, numbers) => {
    const page = await list(`pipeline=listed&limit=200&${query}`);

    expect(numbersOf(page).filter((number) => number >= 0)).toEqual(numbers);
  });

  it('HTTP-5: is narrowed by the flag that a release changes', async () => {
    expect(numbersOf(await list(`flag=${flags[3] ?? ''}`))).toEqual([3]);
    expect(numbersOf(await list(`flag=${flags[3] ?? ''}&pipeline=reviewed`))).toEqual([]);
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=x',
    'cursor=x',
    'cursor=W10',
    'state=done',
    'state=baking,',
    'live=yes',
    'flag=A%20B',
    'page=2',
    'project=a&project=b',
  ])('INV-8: is refused with ?%s', async (query) => {
    const answer = await vera.get<Answer['body']>(`/v1/releases?${query}`);

    expect(codeOf(answer)).toBe('400 request.invalid');
    expect(answer.body.errors?.[0]?.path).toBe(`query.${query.split('=')[0] ?? ''}`);
  });

  it('shows what GET of one shows, but for the definitions', async () => {
    for (const listed of (await list('pipeline=listed')).items) {
      const { changes, phases, ...rest } = await vera.release(listed.id);
      const { phases: shown, ...more } = listed;
      expect(more).toEqual({ ...rest, changes: changes.map(withoutDefinition) });
      expect(shown.map(({ name, state, endsAt }) => [name, state, endsAt])).toEqual(
        phases.map(({ name, state, endsAt }) => [name, state, endsAt]),
      );
      expect(hasEnded(listed)).toBe(listed.endedAt !== null);
    }
  });

  it('INV-7, SEC-4: holds what the caller may see and nothing else, also behind short pages', async () => {
    const nobody = await api.person('nobody');
    const id = await ada.starts('teamed', await api.flag());
    const newer = await ada.starts('listed', await api.flag());

    expect(await list('', nobody)).toEqual({ items: [], next: null });
    const seen: string[] = [];
    let page = await list('limit=1', tom);
    for (let pages = 0; pages < 50; pages += 1) {
      seen.push(...page.items.map((item) => item.id));
      if (page.next === null) break;
      page = await list(`limit=1&cursor=${page.next}`, tom);
    }
    expect(page.next).toBeNull();
    expect(seen).toContain(id);
    expect(seen).not.toContain(newer);
    expect(new Set(seen).size).toBe(seen.length);
    for (const each of seen) {
      expect((await api.admin.release(each)).pipeline).toBe('teamed');
    }
  });
});

function withoutDefinition({ definition, ...rest }: ReleaseBody['changes'][number] & { definition?: unknown }) {
  expect(definition).toBeDefined();
  return rest;
}
