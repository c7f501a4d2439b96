import type { ReleaseAction } from '../../../src/domain/pipeline';
import { phase, ReleaseApi, type ActionBody, type Answer, type Page, type Person } from '../../support/release-api';
import { eventually } from '../../support/eventually';
import { OFF, ON } from '../../support/store-fixtures';

const HOUR = 3_600_000;

let api: ReleaseApi;
let operator: Person;

beforeAll(async () => {
  api = await ReleaseApi.start();
  operator = await api.person('olga', [{ role: 'release-manager', project: 'shop' }]);
  await api.pipeline('plain', [phase('one'), phase('two')]);
});

afterAll(() => api.close());

const codeOf = ({ status, body }: Answer) => `${status} ${body.code ?? body.state}`;
const pathsOf = ({ body }: Answer) => (body.errors ?? []).map(({ path }) => path);
const locationOf = ({ headers }: Answer) => headers.get('location') ?? '';
const at = (instant: string | null) => Date.parse(instant ?? '');

/** A release that bakes in phase `one` for an hour. */
async function baking(): Promise<string> {
  const id = await api.admin.starts('plain', await api.flag());
  await api.reaches(id, 'baking', 'one');
  return id;
}

/** What became of the actions of a release, in the order of the audit: `pause applied`, `skip bake.not-running`. */
async function outcomes(id: string): Promise<string[]> {
  return (await api.events(id))
    .filter(({ type }) => type === 'action-applied' || type === 'action-refused')
    .map(({ type, data }) => `${String(data['verb'])} ${type === 'action-applied' ? 'applied' : String(data['code'])}`);
}

/** The audit of a release, oldest first, page by page. */
async function audit(id: string): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for (let cursor = ''; entries.length < 1_000;) {
    const { body } = await api.admin.get<Page<AuditEntry>>(`/v1/audit?release=${id}&limit=200${cursor}`);
    entries.push(...body.items);
    if (body.next === null) break;
    cursor = `&cursor=${body.next}`;
  }
  return entries.reverse();
}

interface AuditEntry {
  type: string;
  data: { number: number };
}

describe('an action', () => {
  it('REL-25: is answered when it is decided, and can be asked for afterwards', async () => {
    const id = await baking();

    const answer = await operator.asks(id, 'pause', { reason: 'Lunch', phase: 'one', attempt: 1 });
    const { body } = await operator.get<ActionBody>(locationOf(answer));

    expect(codeOf(answer)).toBe('200 paused');
    expect(body).toEqual({
      id: locationOf(answer).split('/').at(-1),
      release: id,
      number: 1,
      verb: 'pause',
      state: 'applied',
      problem: null,
      by: 'olga',
      reason: 'Lunch',
      acceptedAt: expect.any(String),
      decidedAt: expect.any(String),
    });
  });

  it('REL-28: has the next number of its release, also when it is refused', async () => {
    const id = await baking();
    const numbers = [];
    for (const verb of ['pause', 'pause', 'retry', 'unpause', 'abort', 'abort'] as const) {
      const { body } = await operator.get<ActionBody>(locationOf(await operator.asks(id, verb)));
      numbers.push([body.number, body.state]);
    }

    expect(numbers).toEqual([
      [1, 'applied'],
      [2, 'refused'],
      [3, 'refused'],
      [4, 'applied'],
      [5, 'applied'],
      [6, 'refused'],
    ]);
  });

  it('REL-14: is refused when the caller saw another phase or attempt, and nothing changes', async () => {
    const id = await baking();
    await operator.acts(id, 'skip', { phase: 'one', attempt: 1 });
    const before = await operator.release(id);

    for (const seen of [{ phase: 'one' }, { phase: 'two', attempt: 2 }, { attempt: 7 }, { phase: 'none' }]) {
      for (const verb of ['approve', 'pause', 'unpause', 'skip', 'retry'] as const) {
        const answer = await operator.asks(id, verb, seen);
        expect(codeOf(answer)).toBe('409 release.stale-phase');
        expect(answer.body.facts).toMatchObject({ currentPhase: 'two', attempt: 1, state: 'baking' });
      }
    }

    expect((await operator.release(id)).phases[1]?.endsAt).toBe(before.phases[1]?.endsAt);
    expect(codeOf(await operator.asks(id, 'pause', { phase: 'two', attempt: 1 }))).toBe('200 paused');
  });

  it.each(['abort', 'full-rollout'] as const)(
    'REL-14: %s is about the release, whatever phase was seen',
    async (verb) => {
      const id = await baking();
      await operator.acts(id, 'skip');

      expect((await operator.asks(id, verb, { phase: 'one', attempt: 1 })).status).toBe(200);
    },
  );

  it.each<[string, unknown, string]>([
    ['a field that is not there yet', { track: 'acme' }, 'track'],
    ['a number as phase', { phase: 1 }, 'phase'],
    ['an attempt of 0', { attempt: 0 }, 'attempt'],
    ['half an attempt', { attempt: 1.5 }, 'attempt'],
    ['an empty reason', { reason: ' ' }, 'reason'],
    ['a very long reason', { reason: 'x'.repeat(2_001) }, 'reason'],
    ['a negative time to live', { expiresAfter: -1 }, 'expiresAfter'],
    ['a time to live of 367 days', { expiresAfter: '367d' }, 'expiresAfter'],
    ['a time to live of words', { expiresAfter: 'soon' }, 'expiresAfter'],
    ['a list', [], ''],
  ])('INV-8: is refused with %s, and is none', async (_, body, path) => {
    const id = await baking();

    const answer = await operator.post(`/v1/releases/${id}/pause`, body);

    expect([codeOf(answer), ...pathsOf(answer)]).toEqual(['400 request.invalid', path]);
    expect(await outcomes(id)).toEqual([]);
  });

  it('is not found on a release or under an id that is unknown', async () => {
    for (const id of ['none', '01HZZZZZZZZZZZZZZZZZZZZZZZ', "';--"]) {
      expect(codeOf(await operator.asks(id, 'pause'))).toBe('404 release.unknown');
      expect(codeOf(await operator.get<Answer['body']>(`/v1/actions/${id}`))).toBe('404 action.unknown');
    }
    const id = await baking();
    expect(codeOf(await operator.post(`/v1/releases/${id}/defects`, { reason: 'x' }))).toBe(
      '404 request.unknown-route',
    );
  });

  it('REL-25: needs a reason where the pipeline says so', async () => {
    const pipeline = await api.pipeline('explained', [phase('one')], { reasonRequired: ['abort', 'skip'] });
    const id = await api.admin.starts(pipeline, await api.flag());
    await api.reaches(id, 'baking');

    const without = await operator.asks(id, 'abort');
    const shown = await operator.release(id);
    const given = await operator.asks(id, 'abort', { reason: 'Broken' });

    expect([codeOf(without), codeOf(given)]).toEqual(['409 action.reason-required', '200 aborted']);
    expect(shown.allowed).toEqual(['pause', 'skip', 'abort', 'full-rollout']);
    expect(without.body.allowed).toEqual(shown.allowed);
    const aborting = (await api.events(id)).find(({ type }) => type === 'release-aborting');
    expect(aborting).toMatchObject({ actor: 'olga', data: { reason: 'Broken' } });
  });
});

describe('Idempotency-Key of an action', () => {
  const key = (name: string) => ({ 'idempotency-key': name });

  it('HTTP-6: brings back the first outcome and does nothing again', async () => {
    const id = await baking();
    const first = await operator.asks(id, 'pause', {}, key('p'));
    await operator.acts(id, 'unpause');

    const again = await operator.asks(id, 'pause', {}, key('p'));

    expect([first.status, again.status]).toEqual([200, 200]);
    expect(locationOf(again)).toBe(locationOf(first));
    expect((await operator.release(id)).state).toBe('baking');
    expect(await outcomes(id)).toEqual(['pause applied', 'unpause applied']);
  });

  it('HTTP-6: brings back a decided refusal, also when it would be accepted by now', async () => {
    const id = await baking();
    const first = await operator.asks(id, 'unpause', {}, key('u'));
    await operator.acts(id, 'pause');

    const again = await operator.asks(id, 'unpause', {}, key('u'));

    expect([codeOf(first), codeOf(again)]).toEqual(['409 bake.not-paused', '409 bake.not-paused']);
    expect(again.body).toEqual(first.body);
    expect(locationOf(again)).toBe(locationOf(first));
    expect(await outcomes(id)).toEqual(['unpause bake.not-paused', 'pause applied']);
  });

  it('HTTP-6: belongs to its body, route, release and user', async () => {
    const [id, other] = [await baking(), await baking()];
    await operator.acts(id, 'pause');
    await operator.asks(id, 'unpause', { reason: 'Because' }, key('same'));

    expect(codeOf(await operator.asks(id, 'unpause', { reason: 'Other' }, key('same')))).toBe(
      '422 idempotency.mismatch',
    );
    expect(codeOf(await operator.asks(id, 'unpause', {}, key('same')))).toBe('422 idempotency.mismatch');
    expect(codeOf(await operator.asks(id, 'pause', { reason: 'Because' }, key('same')))).toBe('200 paused');
    expect(codeOf(await operator.asks(other, 'unpause', { reason: 'Because' }, key('same')))).toBe(
      '409 bake.not-paused',
    );
    expect(codeOf(await api.admin.asks(id, 'unpause', { reason: 'Because' }, key('same')))).toBe('200 baking');
    expect(await outcomes(id)).toEqual(['pause applied', 'unpause applied', 'pause applied', 'unpause applied']);
  });

  it('HTTP-6: is not used up by bad input', async () => {
    const id = await baking();

    expect((await operator.asks(id, 'pause', { attempt: 'x' }, key('bad'))).status).toBe(400);
    expect((await operator.asks(id, 'pause', {}, key('bad'))).status).toBe(200);
  });

  it('HTTP-6: works for a release that has ended', async () => {
    const id = await baking();
    await operator.acts(id, 'abort');
    const first = await operator.asks(id, 'pause', {}, key('late'));
    const again = await operator.asks(id, 'pause', {}, key('late'));

    expect([codeOf(first), codeOf(again)]).toEqual(['409 release.ended', '409 release.ended']);
    expect(locationOf(again)).toBe(locationOf(first));
    expect(await outcomes(id)).toEqual(['abort applied', 'pause release.ended']);
  });

  it('INV-1: makes one action of 50 at once', async () => {
    const id = await baking();

    const answers = await Promise.all(
      Array.from({ length: 50 }, () => operator.asks(id, 'pause', { reason: 'Once' }, key('fifty'))),
    );

    expect(new Set(answers.map(locationOf)).size).toBe(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await outcomes(id)).toEqual(['pause applied']);
  });
});

describe('many at once', () => {
  it.each<[ReleaseAction, string[]]>([
    ['pause', ['bake.already-paused']],
    // Decided together with the first, or after it.
    ['abort', ['release.aborting', 'release.ended']],
  ])('REL-28: of 200 identical %s one is applied, and every one is decided and audited once', async (verb, codes) => {
    const id = await baking();

    const answers = await Promise.all(Array.from({ length: 200 }, () => operator.asks(id, verb)));

    // Some may take longer than their callers wait: 202, and decided all the same.
    expect(answers.map(({ status }) => status).filter((status) => ![200, 202, 409].includes(status))).toEqual([]);
    const actions = await Promise.all(answers.map((answer) => api.outcome(locationOf(answer))));
    const applied = actions.filter(({ state }) => state === 'applied');
    expect(applied.map(({ number }) => number)).toEqual([1]);
    expect(actions.filter(({ problem }) => codes.includes(problem?.code ?? ''))).toHaveLength(199);
    expect(actions.map(({ number }) => number).sort((a, b) => a - b)).toEqual(actions.map((_, index) => index + 1));
    const audited = (await audit(id)).filter(({ type }) => type.startsWith('action-')).map(({ data }) => data.number);
    expect(audited).toEqual(actions.map((_, index) => index + 1));
  });

  it('REL-28: different actions at once are decided one after the other, in the order of their numbers', async () => {
    const id = await baking();
    const verbs: ReleaseAction[] = ['pause', 'unpause', 'skip', 'pause', 'unpause', 'retry', 'approve', 'pause'];

    const answers = await Promise.all(verbs.map((verb) => operator.asks(id, verb)));

    const decided = await Promise.all(answers.map((answer) => api.outcome(locationOf(answer))));
    const inOrder = decided.sort((a, b) => a.number - b.number);
    expect(await outcomes(id)).toEqual(
      inOrder.map(({ verb, problem }) => `${verb} ${problem === null ? 'applied' : problem.code}`),
    );
  });

  it('REL-19: an abort beats whatever is asked beside it', async () => {
    const id = await baking();

    await Promise.all(
      (['pause', 'skip', 'abort', 'full-rollout', 'skip'] as const).map((verb) => operator.asks(id, verb)),
    );

    const ended = await eventually('the end', async () => {
      const release = await api.admin.release(id);
      return (release.state === 'aborted' || release.state === 'completed') && release;
    });
    const log = await outcomes(id);
    const aborted = log.indexOf('abort applied');
    expect(ended.state).toBe(aborted === -1 ? 'completed' : 'aborted');
    expect(log.slice(aborted + 1).filter((entry) => aborted !== -1 && entry.endsWith(' applied'))).toEqual([]);
    expect(log).toHaveLength(5);
  });
});

describe('time', () => {
  it('REL-12: a pause keeps what remains, and unpause goes on with just that, however often', async () => {
    const id = await baking();
    let left = HOUR;
    for (let round = 0; round < 3; round += 1) {
      const before = (await operator.release(id)).phases[0];
      const paused = await operator.asks(id, 'pause');
      const pausedAt = (await operator.get<ActionBody>(locationOf(paused))).body.decidedAt;
      const kept = paused.body.phases[0]?.remainingMs ?? NaN;
      expect(kept).toBe(at(before?.endsAt ?? null) - at(pausedAt));
      expect(kept).toBeLessThanOrEqual(left);
      expect(paused.body).toMatchObject({ currentPhase: 'one', currentPhaseEndTime: null });
      expect(paused.body.phases[0]).toMatchObject({ state: 'baking', endsAt: null });
      expect((await operator.release(id)).phases[0]?.remainingMs).toBe(kept);

      const unpaused = await operator.asks(id, 'unpause');
      const unpausedAt = (await operator.get<ActionBody>(locationOf(unpaused))).body.decidedAt;
      expect(at(unpaused.body.currentPhaseEndTime) - at(unpausedAt)).toBe(kept);
      left = kept;
    }
  });

  it('REL-23, INV-2: a bake ends by itself at its end and never earlier, also one of no length', async () => {
    await api.pipeline('short', [
      phase('one', { bake: '1s' }),
      phase('two', { bake: 0 }),
      phase('three', { bake: '1h' }),
    ]);
    const id = await api.admin.starts('short', await api.flag());
    const started = await api.reaches(id, 'baking', 'one');
    const after = await api.reaches(id, 'baking', 'three');

    const [one, two, three] = after.phases;
    expect([one, two, three].map((each) => each?.state)).toEqual(['released', 'released', 'baking']);
    expect(at(started.currentPhaseEndTime) - at(one?.startedAt ?? null)).toBe(1_000);
    expect(at(two?.startedAt ?? null)).toBeGreaterThanOrEqual(at(started.currentPhaseEndTime));
    const ends = (await api.events(id)).filter(({ type }) => type === 'bake-ended');
    expect(ends.map((event) => [event.data['phase'], event.data['how'], event.actor])).toEqual([
      ['one', 'elapsed', null],
      ['two', 'elapsed', null],
    ]);
    expect(ends[0]?.at).toBe(started.currentPhaseEndTime);
  });

  it('REL-12: a short bake that is paused does not end, and ends after what was left', async () => {
    await api.pipeline('brief', [phase('one', { bake: '2s' }), phase('two')]);
    const id = await api.admin.starts('brief', await api.flag());
    const started = await api.reaches(id, 'baking', 'one');
    await operator.acts(id, 'pause');
    await eventually(
      'the end of the bake had it not been paused',
      () => Date.now() > at(started.currentPhaseEndTime) + 200,
    );
    expect(await operator.release(id)).toMatchObject({ state: 'paused', currentPhase: 'one' });

    const unpaused = await operator.acts(id, 'unpause');
    const after = await api.reaches(id, 'baking', 'two');

    expect(at(after.phases[1]?.startedAt ?? null)).toBeGreaterThanOrEqual(at(unpaused.currentPhaseEndTime));
  });

  it.each([
    ['abort', 'aborted', null],
    ['proceed', 'baking', 'one'],
    ['keep-waiting', 'waiting-for-review', 'one'],
  ] as const)('REL-10: when the deadline of a review passes, the outcome is to %s', async (outcome, state, current) => {
    const requiredReview = { deadline: { after: '1s', outcome } };
    await api.pipeline(`until-${outcome}`, [phase('one', { requiredReview }), phase('two')]);
    const id = await api.admin.starts(`until-${outcome}`, await api.flag());
    await api.reaches(id, 'waiting-for-review');
    const passed = { abort: 'release-aborting', proceed: 'review-passed', 'keep-waiting': 'review-deadline-passed' }[
      outcome
    ];

    await eventually(passed, async () => (await api.eventTypes(id)).includes(passed));

    expect(await api.reaches(id, state)).toMatchObject({ currentPhase: current });
    const events = await api.events(id);
    const opened = events.find(({ type }) => type === 'review-opened');
    const due = events.find(({ type }) => type === passed);
    expect(at(due?.at ?? null) - at(opened?.at ?? null)).toBe(1_000);
    expect(due?.actor).toBeNull();
    if (outcome === 'keep-waiting') {
      expect(codeOf(await operator.asks(id, 'approve'))).toBe('200 baking');
    }
  });

  it('REL-24: the last phase’s bake counts: until it is over, an abort brings everything back', async () => {
    const flag = await api.flag(OFF);
    await api.pipeline('last', [phase('only', { bake: '1s' })]);
    const id = await api.admin.starts('last', { changes: [{ flag, definition: ON }] });
    const baked = await api.reaches(id, 'baking');
    expect((await api.seesOf(flag)).production).toBe(true);

    const done = await api.reaches(id, 'completed');

    expect(at(done.endedAt)).toBeGreaterThanOrEqual(at(baked.currentPhaseEndTime));
    expect(done).toMatchObject({ currentPhase: null, currentPhaseEndTime: null, allowed: [] });
  });
});
