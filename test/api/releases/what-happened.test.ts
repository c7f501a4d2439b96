import { eventually } from '../../support/eventually';
import {
  Person,
  phase,
  ReleaseApi,
  type ActionBody,
  type Answer,
  type DeploymentBody,
  type EventBody,
  type Page,
  type WhyBody,
} from '../../support/release-api';
import { ON } from '../../support/store-fixtures';

let api: ReleaseApi;
let ada: Person;
let rita: Person;
let mary: Person;
let tom: Person;
const followers: Follower[] = [];

beforeAll(async () => {
  api = await ReleaseApi.start();
  ada = await api.person('ada', [{ role: 'developer', project: 'shop' }]);
  rita = await api.person('rita', [{ role: 'release-manager', project: 'shop' }]);
  mary = await api.person('mary', [{ role: 'release-manager', project: 'shop' }]);
  tom = await api.person('tom');
  await api.admin.put('/v1/teams/operations', { members: ['tom', 'mary'] });
  await api.pipeline('plain', [phase('one'), phase('two', { rules: [{ environments: ['production'] }] })]);
  const deadline = { after: '2d', outcome: 'abort' };
  await api.pipeline('quorum', [phase('one', { requiredReview: { approvals: 2, deadline } })]);
  await api.pipeline('teamed', [phase('one', { requiredReview: { teams: ['operations'] } })]);
});

afterEach(() => {
  for (const follower of followers.splice(0)) follower.end();
});

afterAll(() => api.close());

interface Follower {
  ids: string[];
  events: EventBody[];
  end(): void;
}

/** Follows a stream of events as a client of server-sent events does. */
async function follow(person: Person, query: string, lastEventId?: string): Promise<Follower> {
  const ending = new AbortController();
  const response = await fetch(`${api.url}/v1/events${query}`, {
    headers: {
      authorization: `Bearer ${person.token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: ending.signal,
  });
  expect(response.status).toBe(200);
  const follower: Follower = { ids: [], events: [], end: () => ending.abort() };
  followers.push(follower);
  void readInto(follower, response).catch(() => undefined);
  return follower;
}

async function readInto(follower: Follower, response: Response): Promise<void> {
  let rest = '';
  for await (const chunk of response.body ?? []) {
    const blocks = (rest + Buffer.from(chunk as Uint8Array).toString()).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data !== undefined) {
        follower.ids.push(/^id: (.*)$/m.exec(block)?.[1] ?? '');
        follower.events.push(JSON.parse(data) as EventBody);
      }
    }
  }
}

async function baking(): Promise<string> {
  const id = await ada.starts('plain', await api.flag());
  await api.reaches(id, 'baking', 'one');
  return id;
}

async function why(id: string): Promise<WhyBody> {
  const { status, body } = await ada.get<WhyBody>(`/v1/releases/${id}/why`);
  expect(status).toBe(200);
  return body;
}

describe('REL-26: GET …/why', () => {
  const blank = {
    trouble: null,
    phase: null,
    since: null,
    until: null,
    remainingMs: null,
    by: null,
    approvals: null,
    releases: [],
    step: null,
    interruption: null,
    responsibleUser: null,
    service: null,
    environment: null,
    nextAttemptAt: null,
  };

  it('names the bake timer, its end, and who may skip it', async () => {
    const id = await baking();
    const { currentPhaseEndTime } = await ada.release(id);

    const { blockers, ...rest } = await why(id);

    expect(rest).toEqual({ release: id, state: 'baking', earliestNextTransition: currentPhaseEndTime });
    expect(blockers).toEqual([
      {
        ...blank,
        kind: 'bake-timer',
        detail: expect.any(String),
        phase: 'one',
        until: currentPhaseEndTime,
        remedies: [
          { action: 'skip', permission: 'ReleaseControl', teams: [], heldBy: expect.arrayContaining(['rita', 'mary']) },
        ],
      },
    ]);
    expect(blockers[0]?.remedies[0]?.heldBy).not.toContain('ada');
  });

  it('names by whom it was paused, and what is left', async () => {
    const id = await baking();
    const paused = await rita.acts(id, 'pause');

    const { blockers, earliestNextTransition } = await why(id);

    expect(earliestNextTransition).toBeNull();
    expect(blockers).toMatchObject([
      {
        kind: 'paused',
        phase: 'one',
        by: 'rita',
        remainingMs: paused.phases[0]?.remainingMs,
        remedies: [{ action: 'unpause', permission: 'ReleaseControl' }],
      },
    ]);
    expect(blockers[0]?.detail).toContain('rita');
  });

  it('names a review, its deadline, who has given it and who still may: no author, nobody twice', async () => {
    const id = await rita.starts('quorum', await api.flag());
    await api.reaches(id, 'waiting-for-review');
    await mary.acts(id, 'approve');

    const { blockers, earliestNextTransition } = await why(id);

    expect(blockers).toMatchObject([{ kind: 'review', phase: 'one', approvals: { given: ['mary'], needed: 2 } }]);
    const [review] = blockers;
    expect(Date.parse(review?.until ?? '') - Date.parse(review?.since ?? '')).toBe(2 * 24 * 3_600_000);
    expect(earliestNextTransition).toBe(review?.until);
    expect(review?.remedies).toEqual([
      { action: 'approve', permission: 'ReleaseApprove', teams: [], heldBy: ['admin'] },
    ]);
  });

  it('names the teams of a review and their members', async () => {
    const id = await ada.starts('teamed', await api.flag());
    await api.reaches(id, 'waiting-for-review');

    expect((await why(id)).blockers[0]?.remedies).toEqual([
      { action: 'approve', permission: null, teams: ['operations'], heldBy: expect.arrayContaining(['mary', 'tom']) },
    ]);
  });

  it('names the place in the queue and the releases ahead', async () => {
    const flag = await api.flag();
    const first = await ada.starts('plain', flag);
    const queue = { changes: [{ flag, definition: ON }], whenBusy: 'queue' };
    const second = await ada.starts('plain', queue);
    const third = await ada.starts('plain', queue);

    expect((await why(second)).blockers).toMatchObject([{ kind: 'queue', releases: [first] }]);
    expect(await why(third)).toMatchObject({
      state: 'queued',
      earliestNextTransition: null,
      blockers: [{ kind: 'queue', releases: [first, second], detail: expect.stringContaining('number 2') }],
    });
  });

  it('names nothing once it has ended', async () => {
    const id = await baking();
    await rita.acts(id, 'abort');

    expect(await why(id)).toEqual({ release: id, state: 'aborted', blockers: [], earliestNextTransition: null });
  });
});

describe('GET …/deployments', () => {
  it('is one for each phase and environment, newest first, page by page', async () => {
    const id = await baking();
    await rita.acts(id, 'skip');

    const all = (await ada.get<Page<DeploymentBody>>(`/v1/releases/${id}/deployments`)).body;
    const first = (await ada.get<Page<DeploymentBody>>(`/v1/releases/${id}/deployments?limit=2`)).body;
    const second = (
      await ada.get<Page<DeploymentBody>>(`/v1/releases/${id}/deployments?limit=2&cursor=${first.next ?? ''}`)
    ).body;

    expect(all.items.map(({ phase: name, environment }) => `${name} ${environment}`).sort()).toEqual([
      'one production',
      'one staging',
      'two production',
    ]);
    expect(all.items[0]?.phase).toBe('two');
    expect([...first.items, ...second.items]).toEqual(all.items);
    expect([all.next, second.next]).toEqual([null, null]);
    for (const each of all.items) {
      expect(each).toMatchObject({ release: id, attempt: 1, state: 'succeeded', errored: false, track: null });
      expect(each.steps).toMatchObject([{ name: 'roll-out', state: 'succeeded', error: null }]);
    }
  });

  it('has none for a phase that was left out', async () => {
    await api.pipeline('optional', [phase('one', { requiredReview: {} }), phase('two')]);
    const id = await ada.starts('optional', await api.flag());
    await api.reaches(id, 'waiting-for-review');
    await rita.acts(id, 'skip');

    const { items } = (await ada.get<Page<DeploymentBody>>(`/v1/releases/${id}/deployments`)).body;

    expect(new Set(items.map(({ phase: name }) => name))).toEqual(new Set(['two']));
  });
});

describe('INV-4: what happened', () => {
  it('is recorded once each, in order, with who did it: all of a release’s life', async () => {
    const flag = await api.flag();
    await api.pipeline('whole', [phase('one'), phase('two', { requiredReview: {} })]);
    const id = await ada.starts('whole', { changes: [{ flag, definition: ON }], reason: 'Because' });
    await api.reaches(id, 'baking', 'one');
    await rita.acts(id, 'pause', { reason: 'Lunch' });
    await rita.asks(id, 'pause');
    await mary.acts(id, 'unpause');
    await rita.acts(id, 'skip');
    await mary.acts(id, 'approve');
    await rita.acts(id, 'skip');
    await rita.asks(id, 'abort');

    const events = await api.events(id);

    expect(events.map(({ type, actor, data }) => [type, actor, data['phase'] ?? data['verb'] ?? null])).toEqual([
      ['release-triggered', 'ada', null],
      ['release-started', null, null],
      ['phase-started', null, 'one'],
      ['deployment-succeeded', null, 'one'],
      ['deployment-succeeded', null, 'one'],
      ['bake-started', null, 'one'],
      ['action-applied', 'rita', 'pause'],
      ['bake-paused', 'rita', 'one'],
      ['action-refused', 'rita', 'pause'],
      ['action-applied', 'mary', 'unpause'],
      ['bake-unpaused', 'mary', 'one'],
      ['action-applied', 'rita', 'skip'],
      ['bake-ended', 'rita', 'one'],
      ['review-opened', null, 'two'],
      ['action-applied', 'mary', 'approve'],
      ['approval-given', 'mary', 'two'],
      ['review-passed', null, 'two'],
      ['phase-started', null, 'two'],
      ['deployment-succeeded', null, 'two'],
      ['deployment-succeeded', null, 'two'],
      ['bake-started', null, 'two'],
      ['action-applied', 'rita', 'skip'],
      ['bake-ended', 'rita', 'two'],
      ['release-completed', null, null],
      ['action-refused', 'rita', 'abort'],
    ]);
    const times = events.map(({ at }) => Date.parse(at));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const ids = events.map((event) => Number(event.id));
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    expect(events.find(({ type }) => type === 'bake-paused')?.data['reason']).toBe('Lunch');
    expect(events.at(-1)?.data).toMatchObject({ code: 'release.ended', number: 7 });
    expect(new Set(events.map((event) => `${String(event.project)} ${String(event.release)}`))).toEqual(
      new Set([`shop ${id}`]),
    );
  });

  it('is the same in the audit, chained', async () => {
    const id = await baking();
    await rita.acts(id, 'abort', { reason: 'Broken' });

    const { items } = (
      await rita.get<Page<EventBody & { sequence: number; hash: string; previousHash: string; chain: string }>>(
        `/v1/audit?project=shop&release=${id}`,
      )
    ).body;

    expect(
      items
        .map(({ id: place, type, at, project, release, actor, data }) => ({
          id: place,
          type,
          at,
          project,
          release,
          actor,
          data,
        }))
        .reverse(),
    ).toEqual(await api.events(id));
    for (const [index, entry] of items.slice(0, -1).entries()) {
      const older = items[index + 1];
      if (older?.sequence === entry.sequence - 1) expect(entry.previousHash).toBe(older.hash);
    }
    const aborting = items.find(({ type }) => type === 'release-aborting');
    expect(aborting).toMatchObject({ actor: 'rita', data: { cause: 'person', reason: 'Broken' } });
  });

  it('holds nothing of requests that never became actions', async () => {
    const id = await baking();
    const before = await api.eventTypes(id);
    await rita.asks(id, 'pause', { attempt: 'x' });
    await new Person(api, 'nobody', 'no-token-that-exists').asks(id, 'pause');
    await ada.asks(id, 'pause');
    await rita.triggers('plain', { changes: [] });

    expect(await api.eventTypes(id)).toEqual(before);
  });

  it('HTTP-5: is read page by page, oldest first', async () => {
    const id = await baking();
    const all = await api.events(id);
    const paged: EventBody[] = [];
    let cursor = '';
    for (let pages = 0; pages < 20; pages += 1) {
      const { body } = await ada.get<Page<EventBody>>(`/v1/releases/${id}/events?limit=2${cursor}`);
      paged.push(...body.items);
      if (body.next === null) break;
      cursor = `&cursor=${body.next}`;
    }

    expect(paged).toEqual(all);
    for (const query of ['cursor=x', 'limit=0', 'from=now']) {
      expect((await ada.get<Answer['body']>(`/v1/releases/${id}/events?${query}`)).status).toBe(400);
    }
  });
});

describe('GET /v1/events?release=', () => {
  it('follows that release alone, from its beginning if asked, as the list shows it', async () => {
    const id = await baking();
    const follower = await follow(ada, `?release=${id}`, '0');
    await baking();

    await rita.acts(id, 'pause');
    await rita.acts(id, 'abort');
    await eventually('the end', () => follower.events.some(({ type }) => type === 'release-aborted'));

    const events = await api.events(id);
    expect(follower.events).toEqual(events);
    expect(follower.ids).toEqual(events.map((event) => event.id));
  });

  it('goes on with Last-Event-ID where a reader was cut off, at any place', async () => {
    const id = await baking();
    await rita.acts(id, 'full-rollout');
    const events = await api.events(id);

    for (const place of events.keys()) {
      const follower = await follow(ada, `?release=${id}`, events[place]?.id);
      const rest = events.slice(place + 1);
      await eventually(`${rest.length} events`, () => follower.events.length >= rest.length);
      expect(follower.events).toEqual(rest);
      follower.end();
    }
  });

  it('tells of a decision no later than the answer to who asked', async () => {
    const id = await baking();
    const follower = await follow(ada, `?release=${id}`);
    for (const verb of ['pause', 'unpause', 'pause', 'unpause'] as const) {
      await rita.acts(id, verb);
    }

    await eventually('8 events', () => follower.events.length >= 8);

    expect(follower.events.map(({ type, actor }) => `${type} ${String(actor)}`)).toEqual([
      'action-applied rita',
      'bake-paused rita',
      'action-applied rita',
      'bake-unpaused rita',
      'action-applied rita',
      'bake-paused rita',
      'action-applied rita',
      'bake-unpaused rita',
    ]);
  });

  it('SEC-4: is open to members of a team that reviews it, who get nothing of others', async () => {
    const id = await ada.starts('teamed', await api.flag());
    await api.reaches(id, 'waiting-for-review');
    const [one, all] = [await follow(tom, `?release=${id}`, '0'), await follow(tom, '', '0')];
    await baking();
    await tom.acts(id, 'approve');

    await eventually('the bake', () => [one, all].every(({ events }) => events.at(-1)?.type === 'bake-started'));

    expect(one.events).toEqual(await api.events(id));
    for (const { release } of all.events) {
      expect((await tom.release(release ?? 'none')).pipeline).toBe('teamed');
    }
  });
});

it('REL-25: an action says what became of it, to whoever may see its release', async () => {
  const id = await baking();
  const location = (await rita.asks(id, 'retry', { reason: 'Try' })).headers.get('location') ?? '';

  const shown = await Promise.all([ada, mary, rita].map((person) => person.get<ActionBody>(location)));

  for (const { status, body } of shown) {
    expect([status, body]).toEqual([200, shown[0]?.body]);
  }
  expect(shown[0]?.body).toMatchObject({
    by: 'rita',
    state: 'refused',
    problem: { code: 'release.not-failed', status: 409 },
  });
  expect((await tom.get<Answer['body']>(location)).status).toBe(404);
});
