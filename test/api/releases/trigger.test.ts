import { phase, ReleaseApi, type Answer, type Page, type Person, type ReleaseBody } from '../../support/release-api';
import { OFF, ON } from '../../support/store-fixtures';

let api: ReleaseApi;
let ada: Person;
let rita: Person;

beforeAll(async () => {
  api = await ReleaseApi.start();
  ada = await api.person('ada', [{ role: 'developer', project: 'shop' }]);
  rita = await api.person('rita', [{ role: 'release-manager', project: 'shop' }]);
  await api.pipeline('plain', [phase('one'), phase('two')]);
});

afterAll(() => api.close());

const change = (flag: string, more: object = {}) => ({ flag, definition: ON, ...more });
const codeOf = ({ status, body }: Answer) => `${status} ${body.code ?? body.state}`;
const pathsOf = ({ body }: Answer) => (body.errors ?? []).map(({ path }) => path);

async function releasesOf(flag: string): Promise<ReleaseBody[]> {
  return (await api.admin.get<Page<ReleaseBody>>(`/v1/releases?flag=${flag}`)).body.items;
}

describe('a trigger', () => {
  it('REL-1: is answered with the release and its address, which pins version and change set', async () => {
    const flag = await api.flag();
    const answer = await ada.triggers('plain', { changes: [change(flag)], reason: 'Because' });
    const { body, status, headers } = answer;

    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/v1/releases/${body.id}`);
    expect(body).toMatchObject({
      project: 'shop',
      pipeline: 'plain',
      pipelineVersion: 1,
      triggeredBy: 'ada',
      reason: 'Because',
      changes: [{ flag, definition: ON, environments: ['development', 'staging', 'production', 'preview'] }],
    });
    await api.reaches(body.id, 'baking', 'one');
  });

  it('REL-1, PIPE-5: keeps its version when the pipeline is saved again', async () => {
    const pipeline = await api.pipeline('versioned', [phase('one'), phase('two')]);
    const [first, second] = [await api.flag(), await api.flag()];
    const before = await ada.starts(pipeline, first);
    await api.admin.put('/v1/projects/shop/pipelines/versioned', { phases: [phase('only')] });
    const after = await ada.starts(pipeline, second);

    await rita.acts((await api.reaches(before, 'baking', 'one')).id, 'skip');

    expect(await rita.release(before)).toMatchObject({ pipelineVersion: 1, currentPhase: 'two' });
    expect((await api.reaches(after, 'baking', 'only')).pipelineVersion).toBe(2);
  });

  it('REL-2, HTTP-6: is repeated with its key, also when the body is written otherwise, and starts nothing', async () => {
    const flag = await api.flag();
    const key = { 'idempotency-key': 'build-1' };
    const first = await ada.triggers('plain', { changes: [change(flag)], reason: 'Why' }, key);
    await api.reaches(first.body.id, 'baking');
    const rewritten = `{ "reason": "Why", "changes": [${JSON.stringify(change(flag))}] }`;
    const again = await ada.post('/v1/projects/shop/pipelines/plain/releases', rewritten, key);

    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toMatchObject({ id: first.body.id, state: 'baking' });
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(await releasesOf(flag)).toHaveLength(1);
  });

  it('HTTP-6: is refused with a key that came with another body; another user’s key is another key', async () => {
    const flag = await api.flag();
    const key = { 'idempotency-key': 'build-2' };
    await ada.triggers('plain', { changes: [change(flag)] }, key);

    const other = await ada.triggers('plain', { changes: [change(flag)], reason: 'Other' }, key);
    const of = await rita.triggers('plain', { changes: [change(flag)], reason: 'Other' }, key);

    expect([codeOf(other), codeOf(of)]).toEqual(['422 idempotency.mismatch', '409 release.busy']);
  });

  it('HTTP-6: does not use up its key by being refused', async () => {
    const flag = await api.flag();
    const key = { 'idempotency-key': 'build-3' };
    const held = await ada.starts('plain', flag);
    const busy = await ada.triggers('plain', { changes: [change(flag)] }, key);
    const wrong = await ada.triggers('plain', { changes: [change('ghost')] }, key);
    await rita.acts(held, 'abort');

    const accepted = await ada.triggers('plain', { changes: [change(flag)] }, key);

    expect([busy, wrong, accepted].map(({ status }) => status)).toEqual([409, 400, 201]);
  });

  it.each(['', ' ', 'a b', 'é', 'x'.repeat(129)])('HTTP-6: is refused with %j as its key', async (key) => {
    const flag = await api.flag();
    const headers = { 'idempotency-key': Buffer.from(key).toString('latin1') };

    const answer = await ada.triggers('plain', { changes: [change(flag)] }, headers);

    expect([codeOf(answer), ...pathsOf(answer)]).toEqual(['400 request.invalid', 'header.Idempotency-Key']);
    expect(await releasesOf(flag)).toEqual([]);
  });

  it('REL-2: makes one release of 50 identical ones at once', async () => {
    const flag = await api.flag();
    const key = { 'idempotency-key': 'build-4' };

    const answers = await Promise.all(
      Array.from({ length: 50 }, () => ada.triggers('plain', { changes: [change(flag)] }, key)),
    );

    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    const [only, ...more] = await releasesOf(flag);
    expect(more).toEqual([]);
    await api.reaches(only?.id ?? '', 'baking');
    expect((await api.eventTypes(only?.id ?? '')).filter((type) => type === 'release-triggered')).toHaveLength(1);
  });

  it('REL-3: lets one through of 50 different ones at once', async () => {
    const flag = await api.flag();

    const answers = await Promise.all(Array.from({ length: 50 }, () => ada.triggers('plain', flag)));

    expect(answers.map(codeOf).sort()).toEqual(['201 queued', ...Array<string>(49).fill('409 release.busy')]);
    expect(await releasesOf(flag)).toHaveLength(1);
  });
});

describe('a busy flag', () => {
  it('REL-3: refuses a trigger, naming the active release and those queued', async () => {
    const [flag, other] = [await api.flag(), await api.flag()];
    const active = await ada.starts('plain', flag);
    const queued = await ada.starts('plain', { changes: [change(flag)], whenBusy: 'queue' });

    const answer = await rita.triggers('plain', { changes: [change(other), change(flag)] });

    expect(codeOf(answer)).toBe('409 release.busy');
    expect(answer.body.facts).toEqual({ active: [active], queued: [queued] });
    expect(answer.body.detail).toContain(active);
    expect(await releasesOf(other)).toEqual([]);
  });

  it('REL-3: is released first come, first served', async () => {
    const flag = await api.flag();
    const ids = [await ada.starts('plain', flag)];
    for (let count = 0; count < 3; count += 1) {
      ids.push(await ada.starts('plain', { changes: [change(flag)], whenBusy: 'queue' }));
    }
    const states = async () => (await releasesOf(flag)).map(({ state }) => state).reverse();

    for (const [index, id] of ids.entries()) {
      await api.reaches(id, 'baking', 'one');
      const done = Array<string>(index).fill('aborted');
      expect(await states()).toEqual([...done, 'baking', ...Array<string>(3 - index).fill('queued')]);
      await rita.acts(id, 'abort');
    }
    expect(await states()).toEqual(['aborted', 'aborted', 'aborted', 'aborted']);
  });

  it('REL-3: starts a release when it is first in all of its queues, and lets none overtake', async () => {
    const [a, b] = [await api.flag(), await api.flag()];
    const holdsA = await ada.starts('plain', a);
    const wantsBoth = await ada.starts('plain', { changes: [change(a), change(b)], whenBusy: 'queue' });
    const wantsB = await ada.starts('plain', { changes: [change(b)], whenBusy: 'queue' });
    await api.reaches(holdsA, 'baking');
    expect([(await ada.release(wantsBoth)).state, (await ada.release(wantsB)).state]).toEqual(['queued', 'queued']);

    await rita.acts(holdsA, 'abort');
    await api.reaches(wantsBoth, 'baking');
    expect((await ada.release(wantsB)).state).toBe('queued');

    await rita.acts(wantsBoth, 'full-rollout');
    await api.reaches(wantsB, 'baking');
  });

  it('REL-3: lets the next one go on when one leaves the queue by an abort', async () => {
    const flag = await api.flag();
    const active = await ada.starts('plain', flag);
    const leaves = await ada.starts('plain', { changes: [change(flag)], whenBusy: 'queue' });
    const last = await ada.starts('plain', { changes: [change(flag)], whenBusy: 'queue' });

    await ada.acts(leaves, 'abort');
    await rita.acts(active, 'abort');

    await api.reaches(last, 'baking', 'one');
    expect(await api.eventTypes(leaves)).toEqual([
      'release-triggered',
      'action-applied',
      'release-aborting',
      'release-aborted',
    ]);
  });

  it('REL-3: checks a queued change set again when its turn comes', async () => {
    const flag = await api.flag();
    const base = (await api.admin.get(`/v1/projects/shop/flags/${flag}`)).headers.get('etag') ?? '';
    const active = await ada.starts('plain', flag);
    const outdated = await ada.starts('plain', { changes: [change(flag, { base })], whenBusy: 'queue' });
    const last = await ada.starts('plain', { changes: [change(flag)], whenBusy: 'queue' });
    await api.reaches(active, 'baking');

    await rita.acts(active, 'full-rollout');

    await api.reaches(outdated, 'aborted');
    const aborting = (await api.events(outdated)).find(({ type }) => type === 'release-aborting');
    expect(aborting).toMatchObject({ actor: null, data: { cause: 'change-set-outdated' } });
    await api.reaches(last, 'baking');
  });

  it('REL-32: is free as soon as its release has ended', async () => {
    const flag = await api.flag();
    for (const verb of ['abort', 'full-rollout'] as const) {
      const id = await ada.starts('plain', flag);
      await api.reaches(id, 'baking');
      await rita.acts(id, verb);
    }

    expect((await ada.triggers('plain', flag)).status).toBe(201);
  });
});

describe('opted-out environments', () => {
  it('PIPE-6: are changed at once where a trigger names no other, and clients see it', async () => {
    const flag = await api.flag();
    const body = { changes: [change(flag, { environments: ['development'] })] };

    const answer = await ada.triggers('plain', body, { 'idempotency-key': 'direct-1' });
    const seen = await api.seesOf(flag);
    const again = await ada.triggers('plain', body, { 'idempotency-key': 'direct-1' });

    expect([answer.status, answer.body]).toEqual([200, { applied: true, release: null }]);
    expect(seen).toEqual({ development: true, staging: false, production: false, preview: false });
    expect([again.status, again.body]).toEqual([200, { applied: true, release: null }]);
    expect(await releasesOf(flag)).toEqual([]);
    const audit = await api.admin.get<Page<{ type: string; actor: string; data: Record<string, unknown> }>>(
      '/v1/audit?project=shop&actor=ada&limit=1',
    );
    expect(audit.body.items).toMatchObject([
      { type: 'flag-edited', actor: 'ada', data: { flag, environments: ['development'], override: false } },
    ]);
  });

  it('PIPE-6: may change while a release of the flag runs', async () => {
    const flag = await api.flag();
    await ada.starts('plain', { changes: [change(flag, { environments: ['production'] })] });

    const answer = await ada.triggers('plain', { changes: [change(flag, { environments: ['development'] })] });

    expect(answer.body).toEqual({ applied: true, release: null });
  });

  it('PIPE-6: need a release as soon as one change names another environment', async () => {
    const [a, b] = [await api.flag(), await api.flag()];
    const changes = [change(a, { environments: ['development'] }), change(b, { environments: ['production'] })];

    const id = await ada.starts('plain', { changes });

    await api.reaches(id, 'baking');
    expect((await api.sees('development'))[a]).toBe(false);
  });
});

describe('where a trigger comes from', () => {
  const source = {
    repository: 'acme/shop',
    commit: 'c0ffee',
    ref: 'refs/heads/main',
    runUrl: 'https://ci.example/runs/7',
  };

  it('REL-5: stays on the release, in lists and in the audit', async () => {
    const flag = await api.flag();
    const labels = ['hotfix', 'ünïcode ✓'];
    const id = await ada.starts('plain', { changes: [change(flag)], source, labels, reason: '  Because  ' });

    expect(await ada.release(id)).toMatchObject({ source, labels, reason: 'Because' });
    expect((await releasesOf(flag))[0]).toMatchObject({ source, labels });
    const [triggered] = await api.events(id);
    expect(triggered).toMatchObject({
      type: 'release-triggered',
      actor: 'ada',
      data: { source, labels, reason: 'Because', changes: [{ flag }] },
    });
  });

  it('REL-5, REL-10: makes the user it names an author, who may not approve and may abort', async () => {
    await api.pipeline('reviewed', [phase('one', { requiredReview: {} })]);
    const [flag, other] = [await api.flag(), await api.flag()];
    const id = await ada.starts('reviewed', { changes: [change(flag)], source: { ...source, actor: 'rita' } });
    const free = await ada.starts('reviewed', { changes: [change(other)], source: { ...source, actor: 'Rita R.' } });
    await api.reaches(id, 'waiting-for-review');
    await api.reaches(free, 'waiting-for-review');

    expect(codeOf(await rita.asks(id, 'approve'))).toBe('409 review.author');
    expect((await rita.release(id)).allowed).toEqual(['abort']);
    expect(codeOf(await rita.asks(free, 'approve'))).toBe('200 baking');
    const dora = await api.person('dora', [{ role: 'developer', project: 'shop' }]);
    const third = await ada.starts('reviewed', { changes: [change(await api.flag())], source: { actor: 'dora' } });
    expect(codeOf(await dora.asks(third, 'abort'))).toBe('200 aborted');
  });
});

describe('a change set', () => {
  it('HTTP-4: is refused with every fault at once, each with its path, and nothing is written', async () => {
    const flag = await api.flag();

    const shape = await ada.triggers('plain', {
      changes: [{ flag: 7, definition: 'on', environment: [] }, 'x'],
      labels: [''],
      whenBusy: 'overtake',
      wait: true,
    });
    const facts = await ada.triggers('plain', {
      changes: [
        change(flag, { environments: ['moon', 'production', 'production'] }),
        change('ghost'),
        change(flag, { definition: { ...OFF, variants: { on: true, off: 'no' } } }),
      ],
    });

    expect(codeOf(shape)).toBe('400 request.invalid');
    expect(pathsOf(shape).sort()).toEqual(
      [
        'changes[0].flag',
        'changes[0].definition',
        'changes[0].environment',
        'changes[1]',
        'labels[0]',
        'whenBusy',
        'wait',
      ].sort(),
    );
    expect(codeOf(facts)).toBe('400 release.invalid');
    expect(pathsOf(facts)).toEqual([
      'changes[0].environments[0]',
      'changes[0].environments[2]',
      'changes[1].flag',
      'changes[2].flag',
      'changes[2].definition.variants.off',
    ]);
    expect(await releasesOf(flag)).toEqual([]);
  });

  it('PIPE-4: is refused where the pipeline no longer holds, with the path of each fault', async () => {
    const flag = await api.flag();
    await api.admin.put('/v1/teams/reviewers', { members: ['rita'] });
    await api.pipeline('teamed', [
      phase('one'),
      phase('two', { requiredReview: { teams: ['reviewers'] }, rules: [{ environments: ['staging'] }] }),
    ]);
    await api.admin.put('/v1/teams/reviewers', { members: [] });

    const answer = await ada.triggers('teamed', flag);

    expect([codeOf(answer), ...pathsOf(answer)]).toEqual([
      '400 release.invalid',
      'pipeline.phases[1].requiredReview.approvals',
    ]);
    expect(await releasesOf(flag)).toEqual([]);
  });

  it('CHG-1: may hold 50 items and no more', async () => {
    const flags = [];
    for (let count = 0; count < 51; count += 1) {
      flags.push(await api.flag());
    }

    const tooMany = await ada.triggers('plain', { changes: flags.map((flag) => change(flag)) });
    const enough = await ada.triggers('plain', { changes: flags.slice(1).map((flag) => change(flag)) });

    expect([codeOf(tooMany), ...pathsOf(tooMany)]).toEqual(['400 release.invalid', 'changes']);
    expect(enough.status).toBe(201);
    await api.reaches(enough.body.id, 'baking');
    const seen = await api.sees('production');
    expect(flags.map((flag) => seen[flag])).toEqual([false, ...Array<boolean>(50).fill(true)]);
  });

  it('CHG-1, FLG-9: may hold 512 KB, of which a definition 64 KB', async () => {
    const large = (bytes: number) => ({
      ...ON,
      targeting: { if: [{ '==': [{ var: 'note' }, 'x'.repeat(bytes)] }, 'on', 'off'] },
    });
    const flags = [];
    for (let count = 0; count < 9; count += 1) {
      flags.push(await api.flag());
    }
    const [first = ''] = flags;

    const one = await ada.triggers('plain', { changes: [change(first, { definition: large(66_000) })] });
    const all = await ada.triggers('plain', {
      changes: flags.map((flag) => change(flag, { definition: large(60_000) })),
    });
    const body = await ada.triggers('plain', { changes: [change(first, { definition: large(1_100_000) })] });

    expect([codeOf(one), ...pathsOf(one)]).toEqual(['400 release.invalid', 'changes[0].definition']);
    expect([codeOf(all), ...pathsOf(all)]).toEqual(['400 release.invalid', 'changes']);
    expect(codeOf(body)).toBe('413 request.too-large');
    expect(await releasesOf(first)).toEqual([]);
  });

  it('is refused when a flag is no longer what the change was made from', async () => {
    const flag = await api.flag();
    const path = `/v1/projects/shop/flags/${flag}`;
    const base = (await ada.get(path)).headers.get('etag') ?? '';
    await api.admin.put(path, { kind: 'gate', definition: OFF, description: 'Edited' });

    const outdated = await ada.triggers('plain', { changes: [change(flag, { base })] });
    const now = (await ada.get(path)).headers.get('etag') ?? '';
    const current = await ada.triggers('plain', { changes: [change(flag, { base: now })] });

    expect([codeOf(outdated), ...pathsOf(outdated)]).toEqual(['412 release.change-outdated', 'changes[0].base']);
    expect(current.status).toBe(201);
  });

  it('INV-7: names flags of its own project only, and goes through pipelines of its own project only', async () => {
    await api.admin.put('/v1/projects/blog', {});
    await api.admin.put('/v1/projects/blog/environments/production', {});
    await api.admin.put('/v1/projects/blog/flags/comments', { kind: 'gate', definition: OFF });
    await api.admin.put('/v1/projects/blog/pipelines/theirs', {
      phases: [{ name: 'all', rules: [{ environments: ['production'] }] }],
    });
    const flag = await api.flag();

    const theirFlag = await api.admin.triggers('plain', 'comments');
    const theirPipeline = await api.admin.triggers('theirs', flag);
    const hidden = await ada.post('/v1/projects/blog/pipelines/theirs/releases', { changes: [change('comments')] });
    const none = await ada.post('/v1/projects/none/pipelines/theirs/releases', { changes: [change('comments')] });

    expect([codeOf(theirFlag), ...pathsOf(theirFlag)]).toEqual(['400 release.invalid', 'changes[0].flag']);
    expect(codeOf(theirPipeline)).toBe('404 pipeline.unknown');
    expect([codeOf(hidden), codeOf(none)]).toEqual(['404 project.unknown', '404 project.unknown']);
  });

  it('PIPE-5: finds no pipeline that was deleted, and none is deleted under its release', async () => {
    const pipeline = await api.pipeline('passing', [phase('one')]);
    const id = await ada.starts(pipeline, await api.flag());
    const path = '/v1/projects/shop/pipelines/passing';
    const remove = () => fetch(`${api.url}${path}`, { method: 'DELETE', headers: authorization() });
    const inUse = await remove();
    const told = (await inUse.json()) as Answer['body'];
    await rita.acts(id, 'abort');
    const removed = await remove();

    expect([inUse.status, told.code, JSON.stringify(told.facts)]).toEqual([
      409,
      'pipeline.in-use',
      expect.stringContaining(id),
    ]);
    expect(removed.status).toBe(204);
    expect(codeOf(await ada.triggers(pipeline, await api.flag()))).toBe('410 pipeline.gone');
    expect((await ada.release(id)).pipeline).toBe('passing');
  });

  const authorization = () => ({ authorization: `Bearer ${api.admin.token}` });
});
