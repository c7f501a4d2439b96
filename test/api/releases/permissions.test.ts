import { Person, phase, ReleaseApi, type Answer, type EventBody, type Page } from '../../support/release-api';
import { ON } from '../../support/store-fixtures';

let api: ReleaseApi;
let ada: Person;
let rita: Person;
let mary: Person;
let vera: Person;
let tom: Person;

beforeAll(async () => {
  api = await ReleaseApi.start();
  ada = await api.person('ada', [{ role: 'developer', project: 'shop' }]);
  rita = await api.person('rita', [{ role: 'release-manager', project: 'shop' }]);
  mary = await api.person('mary', [{ role: 'release-manager', project: 'shop' }]);
  vera = await api.person('vera', [{ role: 'viewer', project: 'shop' }]);
  tom = await api.person('tom');
  await api.admin.put('/v1/teams/operations', { members: ['tom'] });
  await api.pipeline('plain', [phase('one'), phase('two')]);
  await api.pipeline('reviewed', [phase('one', { requiredReview: {} }), phase('two', { requiredReview: {} })]);
  await api.pipeline('teamed', [phase('one', { requiredReview: { teams: ['operations'] } })]);
  await api.pipeline('later', [
    phase('one'),
    phase('two', { requiredReview: { teams: ['operations'] } }),
    phase('three'),
  ]);
  await api.pipeline('quorum', [phase('one', { requiredReview: { approvals: 2 } }), phase('two')]);
});

afterAll(() => api.close());

const codeOf = ({ status, body }: Answer) => `${status} ${body.code ?? body.state}`;
const missing = (answer: Answer) => `${codeOf(answer)} ${String(answer.body.facts?.['permission'])}`;

/** A new release that has reached its first review. */
async function waiting(pipeline = 'reviewed', author = ada): Promise<string> {
  const id = await author.starts(pipeline, await api.flag());
  await api.reaches(id, 'waiting-for-review');
  return id;
}

async function baking(author = ada): Promise<string> {
  const id = await author.starts('plain', await api.flag());
  await api.reaches(id, 'baking');
  return id;
}

describe('who holds no permission', () => {
  it('cannot act as a viewer: 403 with the permission’s name, and nothing is written', async () => {
    const id = await baking();
    for (const verb of ['pause', 'unpause', 'skip', 'abort', 'full-rollout', 'retry'] as const) {
      expect([verb, missing(await vera.asks(id, verb))]).toEqual([verb, '403 request.forbidden ReleaseControl']);
    }
    expect(missing(await vera.asks(id, 'approve'))).toBe('403 request.forbidden ReleaseApprove');
    expect(missing(await vera.triggers('plain', await api.flag()))).toBe('403 request.forbidden ReleaseTrigger');

    expect((await api.eventTypes(id)).filter((type) => type.startsWith('action-'))).toEqual([]);
  });

  it('INV-4: is in the audit for it once per caller, route and minute', async () => {
    const id = await baking();
    const victor = await api.person('victor', [{ role: 'viewer', project: 'shop' }]);
    for (let count = 0; count < 3; count += 1) {
      await victor.asks(id, 'pause');
      await victor.asks(id, 'abort');
    }

    const { items } = (await api.admin.get<Page<EventBody>>('/v1/audit?project=shop&actor=victor')).body;

    expect(items.map(({ type }) => type)).toEqual(['permission-missing', 'permission-missing']);
  });

  it('REL-19: may abort as an author, and no more; another developer may not', async () => {
    const eve = await api.person('eve', [{ role: 'developer', project: 'shop' }]);
    const id = await baking();

    expect(missing(await eve.asks(id, 'abort'))).toBe('403 request.forbidden ReleaseControl');
    expect(missing(await ada.asks(id, 'pause'))).toBe('403 request.forbidden ReleaseControl');
    expect(codeOf(await ada.asks(id, 'abort'))).toBe('200 aborted');
  });

  it('HTTP-3, INV-7: finds nothing of a release in a project that they may not see', async () => {
    const stranger = await api.person('stranger', [{ role: 'release-manager', project: await blog() }]);
    const id = await baking();
    const action = (await rita.asks(id, 'retry')).headers.get('location') ?? '';

    for (const path of ['', '/why', '/events', '/deployments', '/drift']) {
      const answer = await stranger.get<Answer['body']>(`/v1/releases/${id}${path}`);
      expect([path, codeOf(answer)]).toEqual([path, '404 release.unknown']);
    }
    for (const verb of ['approve', 'pause', 'abort'] as const) {
      expect(codeOf(await stranger.asks(id, verb))).toBe('404 release.unknown');
    }
    expect(codeOf(await stranger.get<Answer['body']>(action))).toBe('404 action.unknown');
    expect(codeOf(await stranger.get<Answer['body']>(`/v1/events?release=${id}`))).toBe('404 release.unknown');
    expect((await stranger.get<Page<object>>('/v1/releases?project=shop')).body.items).toEqual([]);
    const unknown = await stranger.asks('none', 'pause');
    const hidden = await stranger.asks(id, 'pause');
    expect({ ...hidden.body, detail: '' }).toEqual({ ...unknown.body, detail: '' });
  });

  it('HTTP-3: is not known with no token, or with a bad one', async () => {
    const id = await baking();
    const nobody = new Person(api, 'nobody', 'no-token-that-exists');

    expect(codeOf(await nobody.asks(id, 'pause'))).toBe('401 request.unauthenticated');
    expect(codeOf(await nobody.asks('none', 'pause'))).toBe('401 request.unauthenticated');
    expect(codeOf(await nobody.triggers('plain', 'x'))).toBe('401 request.unauthenticated');
  });

  async function blog(): Promise<string> {
    await api.admin.put('/v1/projects/blog', {});
    return 'blog';
  }
});

describe('SEC-3: a token made by somebody else', () => {
  it('passes no review of a release that its maker triggered with a token of their own', async () => {
    const id = await waiting('reviewed', api.admin);
    const given = new Person(api, 'rita', await api.tokenOf('rita', api.admin));

    expect((await given.release(id)).allowed).toEqual(['abort']);
    for (const verb of ['approve', 'skip', 'full-rollout'] as const) {
      expect([verb, codeOf(await given.asks(id, verb, { reason: 'x' }))]).toEqual([verb, '409 review.token-maker']);
    }
    expect(codeOf(await rita.asks(id, 'approve'))).toBe('200 baking');
    expect(codeOf(await given.asks(id, 'pause'))).toBe('200 paused');
  });

  it('gives no second approval beside one that its maker gave', async () => {
    const id = await waiting('quorum');
    const given = new Person(api, 'rita', await api.tokenOf('rita', api.admin));
    await api.admin.acts(id, 'approve');

    expect(codeOf(await given.asks(id, 'approve'))).toBe('409 review.token-maker');
    expect(codeOf(await rita.asks(id, 'approve'))).toBe('200 baking');
  });

  it('does not tie two people together whose tokens one person made', async () => {
    const id = await waiting('quorum');
    const [first, second] = [
      new Person(api, 'rita', await api.tokenOf('rita', api.admin)),
      new Person(api, 'mary', await api.tokenOf('mary', api.admin)),
    ];

    expect(codeOf(await first.asks(id, 'approve'))).toBe('200 waiting-for-review');
    expect(codeOf(await second.asks(id, 'approve'))).toBe('200 baking');
  });

  it('passes a review of a release that its maker triggered with a token made by others', async () => {
    const boss = await api.person('boss', [{ role: 'administrator' }]);
    const adminByBoss = new Person(api, 'admin', await api.tokenOf('admin', boss));
    const id = await waiting('reviewed', adminByBoss);
    const given = new Person(api, 'rita', await api.tokenOf('rita', api.admin));

    expect(codeOf(await given.asks(id, 'approve'))).toBe('200 baking');
  });
});

describe('SEC-3: effective rights', () => {
  it('are those of token and user together', async () => {
    const id = await baking();
    const roles = [
      { permission: 'ReleaseControl', project: 'shop' },
      { role: 'viewer', project: 'shop' },
    ];
    const narrow = new Person(api, 'rita', await api.tokenOf('rita', rita, { roles }));
    const reading = new Person(
      api,
      'rita',
      await api.tokenOf('rita', rita, { roles: [{ role: 'viewer', project: 'shop' }] }),
    );
    const open = await waiting();

    expect((await narrow.release(id)).allowed).toEqual(['pause', 'skip', 'abort', 'full-rollout']);
    expect(missing(await narrow.asks(open, 'approve'))).toBe('403 request.forbidden ReleaseApprove');
    expect(missing(await narrow.triggers('plain', 'x'))).toBe('403 request.forbidden ReleaseTrigger');
    expect(missing(await reading.asks(id, 'pause'))).toBe('403 request.forbidden ReleaseControl');
    expect(codeOf(await narrow.asks(id, 'pause'))).toBe('200 paused');
  });

  it('are the user’s now: what is taken away is gone, and a revoked token is dead', async () => {
    const nina = await api.person('nina', [{ role: 'release-manager', project: 'shop' }]);
    const id = await baking();
    await nina.acts(id, 'pause');

    await api.admin.put('/v1/users/nina', { roles: [{ role: 'viewer', project: 'shop' }] });
    expect(missing(await nina.asks(id, 'unpause'))).toBe('403 request.forbidden ReleaseControl');
    await api.admin.put('/v1/users/nina', { roles: [] });
    expect(codeOf(await nina.asks(id, 'unpause'))).toBe('404 release.unknown');
  });
});

describe('SEC-4: a review of teams', () => {
  it('is given by a member, and by nobody else, administrators included', async () => {
    const id = await waiting('teamed');

    for (const outsider of [api.admin, rita]) {
      const answer = await outsider.asks(id, 'approve', { reason: 'It is late' });
      expect([codeOf(answer), answer.body.allowed]).toEqual(['403 review.not-allowed', ['abort']]);
    }
    expect(codeOf(await tom.asks(id, 'approve'))).toBe('200 baking');
  });

  it('lets members without any role see that release, and nothing else', async () => {
    const id = await waiting('teamed');
    const other = await baking();

    for (const path of ['', '/why', '/events', '/deployments', '/drift']) {
      expect((await tom.get(`/v1/releases/${id}${path}`)).status).toBe(200);
      expect((await tom.get(`/v1/releases/${other}${path}`)).status).toBe(404);
    }
    for (const path of ['', '/flags', '/pipelines/teamed', '/environments/production']) {
      expect([path, (await tom.get(`/v1/projects/shop${path}`)).status]).toEqual([path, 404]);
    }
    expect((await tom.get('/v1/audit?project=shop')).status).toBe(404);
    expect(missing(await tom.asks(id, 'pause'))).toBe('403 request.forbidden ReleaseControl');
    expect(missing(await tom.asks(id, 'abort'))).toBe('403 request.forbidden ReleaseControl');
    expect(codeOf(await tom.asks(other, 'approve'))).toBe('404 release.unknown');
  });

  it('is no longer theirs who have left the team', async () => {
    const id = await waiting('teamed');
    const max = await api.person('max');
    await api.admin.put('/v1/teams/operations', { members: ['tom', 'max'] });
    expect((await max.release(id)).allowed).toEqual(['approve']);

    await api.admin.put('/v1/teams/operations', { members: ['tom'] });

    expect(codeOf(await max.asks(id, 'approve'))).toBe('404 release.unknown');
    expect((await tom.release(id)).allowed).toEqual(['approve']);
  });

  it('REL-10: is not given by an author, though a member', async () => {
    await api.admin.put('/v1/teams/operations', { members: ['tom', 'ada'] });
    const id = await waiting('teamed');

    expect(codeOf(await ada.asks(id, 'approve'))).toBe('409 review.author');
    await api.admin.put('/v1/teams/operations', { members: ['tom'] });
  });
});

describe('SEC-5: passing a review', () => {
  it('by skip needs the right to approve it', async () => {
    const id = await ada.starts('later', await api.flag());
    await api.reaches(id, 'baking', 'one');
    expect(codeOf(await rita.asks(id, 'skip'))).toBe('200 waiting-for-review');

    for (const outsider of [rita, api.admin]) {
      expect(codeOf(await outsider.asks(id, 'skip', { reason: 'x' }))).toBe('403 review.not-allowed');
    }
    await api.admin.put('/v1/teams/operations', { members: ['tom', 'mary'] });
    expect(codeOf(await mary.asks(id, 'skip'))).toBe('200 baking');
    expect((await rita.release(id)).phases.map(({ state }) => state)).toEqual(['released', 'skipped', 'baking']);
    await api.admin.put('/v1/teams/operations', { members: ['tom'] });
  });

  it('by full roll-out needs the right to give each pending one, and the audit lists what was passed', async () => {
    const id = await ada.starts('later', await api.flag());
    await api.reaches(id, 'baking', 'one');

    const refused = await rita.asks(id, 'full-rollout');
    await api.admin.put('/v1/teams/operations', { members: ['tom', 'mary'] });
    const applied = await mary.asks(id, 'full-rollout');
    await api.admin.put('/v1/teams/operations', { members: ['tom'] });

    expect([codeOf(refused), codeOf(applied)]).toEqual(['403 review.not-allowed', '200 completed']);
    expect(refused.body.facts).toMatchObject({ phase: 'two', state: 'baking' });
    const started = (await api.events(id)).find(({ type }) => type === 'full-rollout-started');
    expect(started).toMatchObject({ actor: 'mary', data: { passedReviews: ['two'] } });
  });

  it('by full roll-out of a review that is over needs nothing', async () => {
    const id = await ada.starts('later', await api.flag());
    await api.reaches(id, 'baking', 'one');
    await rita.acts(id, 'skip');
    await tom.acts(id, 'approve');

    expect(codeOf(await rita.asks(id, 'full-rollout'))).toBe('200 completed');
  });

  it.each(['skip', 'full-rollout'] as const)('of several approvals, %s waits for all others', async (verb) => {
    const id = await waiting('quorum');

    const alone = await rita.asks(id, verb, { reason: 'It is late' });
    await mary.acts(id, 'approve');
    const by = await mary.asks(id, verb);
    const beside = await rita.asks(id, verb);

    expect([alone, by].map(codeOf)).toEqual(Array(2).fill('409 review.approvals-missing'));
    expect(alone.body.facts).toMatchObject({ phase: 'one', missing: 1 });
    expect(beside.status).toBe(200);
  });

  it.each(['skip', 'full-rollout'] as const)(
    'of several approvals, an administrator may %s with a reason',
    async (verb) => {
      const id = await waiting('quorum');

      const without = await api.admin.asks(id, verb);
      const given = await api.admin.asks(id, verb, { reason: 'It is late' });

      expect(codeOf(without)).toBe('409 review.approvals-missing');
      expect(without.body.allowed).toContain(verb);
      expect(given.status).toBe(200);
      const events = await api.events(id);
      const passed = events.find(({ type }) => type === 'phase-skipped' || type === 'full-rollout-started');
      expect(passed).toMatchObject({ actor: 'admin', data: { reason: 'It is late' } });
    },
  );

  it('is judged when it is accepted: an approval counts although the right is gone when it is decided', async () => {
    const flag = await api.flag();
    const lena = await api.person('lena', [{ role: 'release-manager', project: 'shop' }]);
    const id = await ada.starts('reviewed', { changes: [{ flag, definition: ON }] });
    await api.reaches(id, 'waiting-for-review');
    await api.stopDispatcher();
    const answer = await lena.asks(id, 'approve');
    await api.admin.put('/v1/users/lena', { roles: [] });
    api.startDispatcher();

    expect(answer.status).toBe(202);
    expect((await api.outcome(answer.headers.get('location') ?? '')).state).toBe('applied');
    expect(await api.reaches(id, 'baking')).toMatchObject({ phases: [{ approvals: [{ by: 'lena' }] }, {}] });
  });
});
