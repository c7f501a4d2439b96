import { eventually } from '../../support/eventually';
import {
  phase,
  ReleaseApi,
  type ActionBody,
  type Answer,
  type EventBody,
  type Page,
  type Person,
  type ReleaseBody,
  type WhyBody,
} from '../../support/release-api';
import { ON } from '../../support/store-fixtures';

let api: ReleaseApi;
let ada: Person;
let rita: Person;

beforeAll(async () => {
  api = await ReleaseApi.start();
  ada = await api.person('ada', [{ role: 'developer', project: 'shop' }]);
  rita = await api.person('rita', [{ role: 'release-manager', project: 'shop' }]);
  await api.pipeline('plain', [phase('one'), phase('two')]);
  await api.pipeline('short', [phase('one', { bake: '3s' }), phase('two')]);
  await api.pipeline('shortest', [phase('one', { bake: 500 }), phase('two')]);
  const requiredReview = { deadline: { after: '3s', outcome: 'abort' } };
  await api.pipeline('reviewed', [phase('one', { requiredReview })]);
});

afterEach(async () => {
  api.failing = null;
  await startEngine();
});

afterAll(() => api.close());

const codeOf = ({ status, body }: Answer) => `${status} ${body.code ?? body.state}`;
const locationOf = ({ headers }: Answer) => headers.get('location') ?? '';
const at = (instant: string | null | undefined) => Date.parse(instant ?? '');
const isPast = (instant: string | null | undefined) =>
  eventually(`${String(instant)} is over`, () => Date.now() > at(instant));

async function baking(pipeline = 'plain'): Promise<ReleaseBody> {
  const id = await ada.starts(pipeline, await api.flag());
  return api.reaches(id, 'baking', 'one');
}

async function releasesOf(flag: string): Promise<ReleaseBody[]> {
  return (await ada.get<Page<ReleaseBody>>(`/v1/releases?flag=${flag}`)).body.items;
}

/** The outcomes and transitions of a release that come after the first bake began. */
async function sinceBake(id: string): Promise<EventBody[]> {
  const events = await api.events(id);
  return events.slice(events.findIndex(({ type }) => type === 'bake-started') + 1);
}

async function stopEngine(): Promise<void> {
  await api.stopDispatcher();
  await api.stopWorker();
}

async function startEngine(): Promise<void> {
  await api.startWorker();
  api.startDispatcher();
}

describe('INV-9: without Temporal and worker', () => {
  it('reads go on, a trigger is 201 and an action 202; all of it is applied when they are back', async () => {
    const flag = await api.flag();
    const running = await baking();
    await stopEngine();

    const [triggered, paused, repeated, expiring, lasting] = await Promise.all([
      ada.triggers('plain', { changes: [{ flag, definition: ON }] }),
      rita.asks(running.id, 'pause', { reason: 'Later' }, { 'idempotency-key': 'later' }),
      rita.asks(running.id, 'pause', { reason: 'Later' }, { 'idempotency-key': 'later' }),
      rita.asks(running.id, 'skip', { expiresAfter: 50 }),
      rita.asks(running.id, 'unpause', { expiresAfter: '1h' }),
    ]);

    expect(triggered.status).toBe(201);
    expect([paused, repeated, expiring, lasting].map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    expect(locationOf(repeated)).toBe(locationOf(paused));
    expect(paused.body).toMatchObject({ state: 'pending', verb: 'pause', by: 'rita', decidedAt: null, problem: null });
    expect((await rita.get<ActionBody>(locationOf(paused))).body).toEqual(paused.body);
    expect((await ada.release(triggered.body.id)).state).toBe('queued');
    expect((await ada.release(running.id)).state).toBe('baking');
    expect((await releasesOf(flag)).map(({ id }) => id)).toEqual([triggered.body.id]);
    const start = (await ada.get<WhyBody>(`/v1/releases/${triggered.body.id}/why`)).body;
    expect(start.blockers).toMatchObject([{ kind: 'start' }]);
    const { blockers } = (await ada.get<WhyBody>(`/v1/releases/${running.id}/why`)).body;
    expect(blockers.map(({ kind, by }) => [kind, by])).toEqual([
      ['bake-timer', null],
      ['undecided-action', 'rita'],
      ['undecided-action', 'rita'],
      ['undecided-action', 'rita'],
    ]);

    await startEngine();

    await api.reaches(triggered.body.id, 'baking', 'one');
    const numbers = new Map<string, ActionBody>();
    for (const answer of [paused, expiring, lasting]) {
      numbers.set(locationOf(answer), await api.outcome(locationOf(answer)));
    }
    expect(numbers.get(locationOf(expiring))).toMatchObject({
      state: 'refused',
      problem: { code: 'action.expired', status: 409 },
    });
    const again = await rita.asks(running.id, 'pause', { reason: 'Later' }, { 'idempotency-key': 'later' });
    expect([again.status, locationOf(again)]).toEqual([200, locationOf(paused)]);
    const decided = (await sinceBake(running.id)).filter(({ type }) => type.startsWith('action-'));
    expect(decided.map(({ data }) => data['number'])).toEqual([1, 2, 3]);
  });

  it('REL-29: what was due before an action is decided before it, in the audit, too', async () => {
    const { id, currentPhaseEndTime } = await baking('shortest');
    await stopEngine();
    await isPast(currentPhaseEndTime);

    const late = await rita.asks(id, 'pause');
    await startEngine();

    expect(late.status).toBe(202);
    expect(await api.outcome(locationOf(late))).toMatchObject({
      state: 'refused',
      problem: { code: 'release.stale-phase', facts: { currentPhase: 'two' } },
    });
    const events = await sinceBake(id);
    expect(events[0]).toMatchObject({ type: 'bake-ended', at: currentPhaseEndTime, data: { how: 'elapsed' } });
    const times = events.map((event) => at(event.at));
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('REL-28: several actions are decided in order, each beside what it brings about', async () => {
    const { id } = await baking();
    await stopEngine();
    const asked = [];
    for (const verb of ['pause', 'retry', 'unpause', 'skip'] as const) {
      asked.push(rita.asks(id, verb));
      await eventually(`${verb} is accepted`, async () => {
        const { blockers } = (await ada.get<WhyBody>(`/v1/releases/${id}/why`)).body;
        return blockers.filter(({ kind }) => kind === 'undecided-action').length === asked.length;
      });
    }
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([202, 202, 202, 202]);

    await startEngine();
    await eventually('all are decided', async () => (await sinceBake(id)).length >= 10);

    // The skip was stamped with the phase that it was asked in, which is still current.
    expect((await sinceBake(id)).map(({ type, data }) => `${type} ${String(data['verb'] ?? data['phase'])}`)).toEqual([
      'action-applied pause',
      'bake-paused one',
      'action-refused retry',
      'action-applied unpause',
      'bake-unpaused one',
      'action-applied skip',
      'bake-ended one',
      'phase-started two',
      'deployment-succeeded two',
      'deployment-succeeded two',
      'bake-started two',
    ]);
  });
});

describe('REL-30: an accepted action that Temporal was not told of', () => {
  it.each([
    ['pause', 'paused'],
    ['abort', 'aborted'],
  ] as const)('%s does not lose to the end of a bake', async (verb, state) => {
    const { id, currentPhaseEndTime } = await baking('short');
    await api.stopDispatcher();

    const answer = await rita.asks(id, verb);
    const action = await api.outcome(locationOf(answer));

    const release = await api.reaches(id, state);
    expect(action.state).toBe('applied');
    expect(release.phases[1]?.startedAt).toBeNull();
    expect(release.phases[0]?.remainingMs).toBe(
      verb === 'pause' ? at(currentPhaseEndTime) - at(action.decidedAt) : null,
    );
    expect(at(action.decidedAt)).toBe(at(action.acceptedAt));
  });

  it('an approval does not lose to the deadline of its review', async () => {
    const id = await ada.starts('reviewed', await api.flag());
    await api.reaches(id, 'waiting-for-review');
    await api.stopDispatcher();

    const action = await api.outcome(locationOf(await rita.asks(id, 'approve')));

    expect(action.state).toBe('applied');
    await api.reaches(id, 'baking');
  });
});

describe('INV-9: without the store', () => {
  const everything = () => true;

  it('every route is 503 with Retry-After and the part’s name, and flags are served', async () => {
    const flag = await api.flag();
    const { id } = await baking();
    const done = await ada.starts('plain', flag);
    await api.reaches(done, 'baking');
    const before = await api.seesOf(flag);
    api.failing = everything;

    const answers = await Promise.all([
      rita.asks(id, 'pause'),
      ada.triggers('plain', 'gate-1'),
      ...['', '/why', '/events', '/deployments', '/drift'].map((path) =>
        ada.get<Answer['body']>(`/v1/releases/${id}${path}`),
      ),
      ada.get<Answer['body']>('/v1/releases'),
      ada.get<Answer['body']>('/v1/actions/none'),
      ada.get<Answer['body']>(`/v1/events?release=${id}`),
    ]);
    const meanwhile = await api.seesOf(flag);
    api.failing = null;

    for (const answer of answers) {
      expect([codeOf(answer), answer.headers.get('retry-after'), answer.body.facts]).toEqual([
        '503 store.unavailable',
        '5',
        { part: 'store' },
      ]);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
    expect(before).toEqual({ development: false, staging: true, production: true, preview: false });
    expect(meanwhile).toEqual(before);
    expect((await rita.release(id)).state).toBe('baking');
    expect(await sinceBake(id)).toEqual([]);
  });

  it('nothing moves, and all goes on by itself when it is back', async () => {
    const { id, currentPhaseEndTime } = await baking('shortest');
    api.failing = everything;
    await isPast(currentPhaseEndTime);
    api.failing = null;

    const after = await api.reaches(id, 'baking', 'two');

    expect(at(after.phases[1]?.startedAt)).toBeGreaterThanOrEqual(at(currentPhaseEndTime));
    expect((await api.eventTypes(id)).filter((type) => type === 'phase-started')).toHaveLength(2);
  });

  it('an action whose decision cannot be recorded is 202, and applied once when it can', async () => {
    const { id } = await baking();
    api.failing = (sql) => sql.includes('"releaseSteps"');

    const answer = await rita.asks(id, 'pause');
    expect([answer.status, (await rita.release(id)).state]).toEqual([202, 'baking']);
    api.failing = null;

    expect((await api.outcome(locationOf(answer))).state).toBe('applied');
    expect((await sinceBake(id)).map(({ type }) => type)).toEqual(['action-applied', 'bake-paused']);
  });

  it('REL-2: a trigger that fails at any statement leaves nothing half-written, and its key works after', async () => {
    await api.stopDispatcher();
    let failed = 0;
    for (let nth = 1, isThrough = false; !isThrough && nth < 100; nth += 1) {
      const flag = await api.flag();
      const key = { 'idempotency-key': `statement-${nth}` };
      const body = { changes: [{ flag, definition: ON }] };
      const first = await failingAt(nth, () => ada.triggers('plain', body, key));
      isThrough = first.status === 201;
      failed += isThrough ? 0 : 1;
      expect([nth, codeOf(first)]).toEqual([nth, isThrough ? '201 queued' : '503 store.unavailable']);

      const second = await ada.triggers('plain', body, key);

      const releases = await releasesOf(flag);
      expect([nth, releases.length, [200, 201].includes(second.status)]).toEqual([nth, 1, true]);
      expect(await api.eventTypes(second.body.id)).toEqual(['release-triggered']);
    }
    api.startDispatcher();
    expect(failed).toBeGreaterThan(15);
  });

  it('INV-1: an action during which any one statement fails is decided once, with its key', async () => {
    const { id } = await baking();
    let failed = 0;
    const expected: string[] = [];
    // All of the request's and the dispatcher's; of the activity, which is tried again after a second, a few.
    for (const [index, nth] of [
      ...Array.from({ length: 14 }, (_, each) => each + 1),
      15,
      18,
      22,
      27,
      28,
      29,
    ].entries()) {
      const verb = index % 2 === 0 ? 'pause' : 'unpause';
      const key = { 'idempotency-key': `action-${nth}` };
      const first = await failingAt(nth, () => rita.asks(id, verb, {}, key));
      failed += first.status === 503 ? 1 : 0;

      const second = await rita.asks(id, verb, {}, key);

      expect([nth, codeOf(second)]).toEqual([nth, index % 2 === 0 ? '200 paused' : '200 baking']);
      expected.push(`${verb} ${index + 1}`);
    }
    const decided = (await sinceBake(id)).filter(({ type }) => type.startsWith('action-'));
    expect(decided.map(({ data }) => `${String(data['verb'])} ${String(data['number'])}`)).toEqual(expected);
    expect(failed).toBeGreaterThan(5);
  });

  /** Does something while its nth statement fails, and no other. */
  async function failingAt(nth: number, work: () => Promise<Answer>): Promise<Answer> {
    let count = 0;
    api.failing = () => {
      count += 1;
      return count === nth;
    };
    try {
      return await work();
    } finally {
      api.failing = null;
    }
  }
});
