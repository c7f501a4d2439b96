import { Person, ReleaseApi, type Answer, type EventBody, type Page, type WhyBody } from '../../support/release-api';
import { manual, phaseIn, ProcessApi, told, type InterruptionBody } from '../../support/process-api';

/*
 * Who may have an interruption, and who has it (INT-2, INT-3, INT-4).
 */

let api: ReleaseApi;
let runs: ProcessApi;
/** In the team, with the permission. */
let ada: Person;
let grace: Person;
/** In the team, without the permission. */
let vera: Person;
/** Release managers, outside of the team. */
let rita: Person;
let mary: Person;
/** Of another project. */
let olga: Person;

const developer = { role: 'developer', project: 'shop' };
const viewer = { role: 'viewer', project: 'shop' };
const manager = { role: 'release-manager', project: 'shop' };

beforeAll(async () => {
  api = await ReleaseApi.start();
  runs = new ProcessApi(api);
  ada = await api.person('ada', [developer]);
  grace = await api.person('grace', [developer]);
  vera = await api.person('vera', [viewer]);
  rita = await api.person('rita', [manager]);
  mary = await api.person('mary', [manager]);
  expect((await api.admin.put('/v1/projects/blog', {})).status).toBe(201);
  olga = await api.person('olga', [{ role: 'administrator', project: 'blog' }]);
  await api.admin.put('/v1/teams/operations', { members: ['ada', 'grace', 'vera'] });
  await api.pipeline('teamed', [phaseIn('all', ['staging'])], {
    process: [manual('Check', { teams: ['operations'] })],
  });
  await api.pipeline('open', [phaseIn('all', ['staging'])], { process: [manual('Check')] });
});

afterAll(() => api.close());

/** A new release that asks its one question. */
async function asked(pipeline = 'teamed'): Promise<InterruptionBody> {
  return runs.question(await api.admin.starts(pipeline, await api.flag()));
}

/** What keeps its release, as `why` tells it. */
async function blockers({ release: of }: InterruptionBody): Promise<WhyBody['blockers']> {
  return (await api.admin.get<WhyBody>(`/v1/releases/${of}/why`)).body.blockers;
}

const release = (person: Person, { id }: { id: string }) =>
  person.post<InterruptionBody & { code?: string }>(`/v1/interruptions/${id}/release`);

const reassign = (person: Person, { id }: { id: string }, user: string, headers?: Record<string, string>) =>
  person.post<InterruptionBody & { code?: string; detail?: string; facts?: object }>(
    `/v1/interruptions/${id}/reassign`,
    { user },
    headers,
  );

/** What the audit says of one release's interruption, oldest first: who did what, and with whom. */
async function audit({ release: of }: InterruptionBody): Promise<[string, string | null, unknown][]> {
  const { status, body } = await api.admin.get<Page<EventBody>>(`/v1/audit?release=${of}&limit=200`);
  expect(status).toBe(200);
  return body.items
    .reverse()
    .filter(({ type }) => /^interruption-(taken|released|reassigned|refused)$/.test(type))
    .map(({ type, actor, data }) => [
      type.replace('interruption-', ''),
      actor,
      data['code'] ?? data['responsibleUser'] ?? null,
    ]);
}

const buttons = async (person: Person, of: InterruptionBody) => {
  const { canTake, canSubmit } = await runs.seenBy(person, of);
  return { canTake, canSubmit };
};

describe('who may take it', () => {
  it('INT-3: a member who holds InterruptionSubmit; the buttons say what would happen', async () => {
    const check = await asked();

    expect(await buttons(ada, check)).toEqual({ canTake: true, canSubmit: false });
    expect(await runs.take(ada, check)).toMatchObject({
      status: 200,
      body: { state: 'taken', responsibleUser: 'ada', canTake: false, canSubmit: true },
    });
    expect(await buttons(grace, check)).toEqual({ canTake: false, canSubmit: false });
    expect((await runs.submit(ada, check, { result: 'proceed' })).body).toMatchObject({
      state: 'submitted',
      responsibleUser: 'ada',
      canTake: false,
      canSubmit: false,
    });
  });

  it('INT-3: nobody outside of the teams, administrators included; they see it without buttons', async () => {
    const check = await asked();

    for (const person of [api.admin, rita]) {
      expect([person.name, await buttons(person, check)]).toEqual([person.name, { canTake: false, canSubmit: false }]);
      expect([person.name, told(await runs.take(person, check))]).toEqual([
        person.name,
        '403 interruption.not-allowed',
      ]);
      expect(told(await runs.submit(person, check, { result: 'proceed' }))).toBe('409 interruption.not-taken');
    }
    expect((await runs.take(api.admin, check)).body.detail).toContain('operations');
    expect(await runs.seenBy(ada, check)).toMatchObject({ state: 'pending', responsibleUser: null });
  });

  it('INT-3: no member without InterruptionSubmit', async () => {
    const check = await asked();

    expect(await buttons(vera, check)).toEqual({ canTake: false, canSubmit: false });
    const refused = await runs.take(vera, check);
    expect([told(refused), refused.body.facts]).toEqual([
      '403 interruption.not-allowed',
      { permission: 'InterruptionSubmit', teams: ['operations'], missing: ['permission'] },
    ]);
  });

  it('INV-4: that it is for others is in the audit once per caller, route and minute, and not among the events', async () => {
    const check = await asked();
    const wim = await api.person('wim', [developer]);

    for (let times = 0; times < 5; times += 1) {
      expect(told(await runs.take(wim, check))).toBe('403 interruption.not-allowed');
      await wim.post('/v1/interruptions/submit', { ids: [check.id, check.id], result: 'proceed' });
    }

    expect(await audit(check)).toEqual([]);
    const { body } = await api.admin.get<Page<EventBody>>('/v1/audit?actor=wim&limit=200');
    const noted = body.items.map(({ type, project, data }) => [type, project, data['operation'], data['permission']]);
    const perRoute = (operation: string) => noted.filter(([, , of]) => of === operation);
    for (const operation of ['takeInterruption', 'submitInterruptions']) {
      // A minute may have ended in between.
      expect([1, 2]).toContain(perRoute(operation).length);
      expect(perRoute(operation)[0]).toEqual(['permission-missing', 'shop', operation, 'InterruptionSubmit']);
    }
    expect((await api.eventTypes(check.release)).filter((type) => type === 'permission-missing')).toEqual([]);
  });

  it('INT-3: without teams whoever holds DeploymentCreate', async () => {
    const check = await asked('open');

    expect(await buttons(ada, check)).toEqual({ canTake: false, canSubmit: false });
    expect(told(await runs.take(ada, check))).toBe('403 interruption.not-allowed');
    expect(await buttons(rita, check)).toEqual({ canTake: true, canSubmit: false });
    expect(told(await runs.take(rita, check))).toBe('200 taken');
    expect(told(await runs.submit(rita, check, { result: 'proceed' }))).toBe('200 submitted');
  });

  it('INT-3, SEC-3: no token that was narrowed to less', async () => {
    const check = await asked();
    const narrow = new Person(api, 'ada', await api.tokenOf('ada', ada, { roles: [viewer] }));

    expect(await buttons(narrow, check)).toEqual({ canTake: false, canSubmit: false });
    expect(told(await runs.take(narrow, check))).toBe('403 interruption.not-allowed');
    await runs.take(ada, check);

    expect(await buttons(narrow, check)).toEqual({ canTake: false, canSubmit: false });
    expect(told(await runs.submit(narrow, check, { result: 'proceed' }))).toBe('403 interruption.not-allowed');
  });

  it('SEC-4: somebody of another project is told that there is none, whatever they ask', async () => {
    const check = await asked();
    const answers: Answer<{ code?: string; state?: string }>[] = [
      await olga.get(`/v1/interruptions/${check.id}`),
      await runs.take(olga, check),
      await release(olga, check),
      await reassign(olga, check, 'ada'),
      await runs.submit(olga, check, { result: 'proceed' }),
    ];

    expect(answers.map(told)).toEqual(answers.map(() => '404 interruption.unknown'));
    expect((await olga.get<Page<InterruptionBody>>('/v1/interruptions')).body.items).toEqual([]);
    expect((await olga.get<Page<InterruptionBody>>('/v1/interruptions?mine=true')).body.items).toEqual([]);
    expect(told(await olga.get(`/v1/deployments/${check.deployment}`))).toBe('404 deployment.unknown');
    expect(await audit(check)).toEqual([]);
  });

  it('INT-3: a member whose only right is to submit sees it, takes it and answers it', async () => {
    const check = await asked();
    const nina = await api.person('nina', [{ permission: 'InterruptionSubmit', project: 'shop' }]);
    await api.admin.put('/v1/teams/operations', { members: ['ada', 'grace', 'vera', 'nina'] });
    const listed = async (query: string) =>
      (await nina.get<Page<InterruptionBody>>(`/v1/interruptions?${query}`)).body.items.map(({ id }) => id);

    expect(await listed(`release=${check.release}`)).toEqual([check.id]);
    expect(await listed(`release=${check.release}&mine=true`)).toEqual([check.id]);
    expect((await runs.answers(nina, check, 'proceed')).submittedBy).toBe('nina');
  });

  it('INT-3, SEC-3: a token that was left nothing but InterruptionSubmit answers, and learns what came of it', async () => {
    const check = await asked();
    const right = (permission: string) => ({ roles: [{ permission, project: 'shop' }] });
    const narrow = new Person(api, 'ada', await api.tokenOf('ada', ada, right('InterruptionSubmit')));
    const other = new Person(api, 'ada', await api.tokenOf('ada', ada, right('FlagEdit')));
    await runs.take(narrow, check);
    await api.stopDispatcher();

    const answer = await runs.submit(narrow, check, { result: 'proceed' });
    const location = answer.headers.get('location') ?? '';

    expect([answer.status, told(await narrow.get(location))]).toEqual([202, '200 pending']);
    expect(told(await other.get(location))).toBe('404 action.unknown');
    expect(told(await narrow.get(`/v1/releases/${check.release}`))).toBe('404 release.unknown');
    api.startDispatcher();
    await api.outcome(location);
    expect(told(await narrow.get(location))).toBe('200 applied');
  });
});

describe('who has it', () => {
  it('INT-4: taking it again changes nothing; another is told who has it', async () => {
    const check = await asked();

    expect(told(await runs.take(ada, check))).toBe('200 taken');
    expect(told(await runs.take(ada, check))).toBe('200 taken');
    const { status, body } = await runs.take(grace, check);

    expect({ status, code: body.code, detail: body.detail, facts: body.facts }).toEqual({
      status: 409,
      code: 'interruption.taken-by-other',
      detail: 'ada has taken the interruption',
      facts: { responsibleUser: 'ada' },
    });
    expect(await audit(check)).toEqual([
      ['taken', 'ada', 'ada'],
      ['refused', 'grace', 'interruption.taken-by-other'],
    ]);
  });

  it('INT-2: of many who take it at once one gets it, and only that one may answer', async () => {
    const check = await asked('open');
    const people = [rita, mary, api.admin];
    const taken = await Promise.all([...people, ...people].map((person) => runs.take(person, check)));

    const { responsibleUser } = await runs.seenBy(ada, check);
    const others = people.filter(({ name }) => name !== responsibleUser);
    expect(taken.filter(({ status }) => status === 200)).toHaveLength(2);
    expect(taken.flatMap(({ body }) => body.code ?? [])).toEqual(Array(4).fill('interruption.taken-by-other'));
    for (const other of others) {
      expect(told(await runs.submit(other, check, { result: 'abort' }))).toBe('409 interruption.taken-by-other');
    }
    expect((await runs.seenBy(ada, check)).state).toBe('taken');
  });

  it('INT-2: nobody answers what nobody has taken', async () => {
    const check = await asked();

    expect(told(await runs.submit(ada, check, { result: 'proceed' }))).toBe('409 interruption.not-taken');
    expect(await audit(check)).toEqual([['refused', 'ada', 'interruption.not-taken']]);
  });

  it('INT-4: the holder gives it back, nobody else but who could hand it over; all of it is in the audit', async () => {
    const check = await asked();

    expect(told(await release(ada, check))).toBe('409 interruption.not-taken');
    await runs.take(ada, check);
    expect(told(await release(grace, check))).toBe('409 interruption.taken-by-other');
    expect(await release(ada, check)).toMatchObject({ status: 200, body: { state: 'pending', responsibleUser: null } });
    await runs.take(grace, check);
    expect(told(await release(rita, check))).toBe('200 pending');

    expect(await audit(check)).toEqual([
      ['refused', 'ada', 'interruption.not-taken'],
      ['taken', 'ada', 'ada'],
      ['refused', 'grace', 'interruption.taken-by-other'],
      ['released', 'ada', null],
      ['taken', 'grace', 'grace'],
      ['released', 'rita', null],
    ]);
  });

  it('INT-4: it is handed over with the permission, to who could take it', async () => {
    const check = await asked();
    await runs.take(ada, check);

    const missing = await reassign(grace, check, 'grace');
    expect([told(missing), missing.body.facts]).toEqual([
      '403 request.forbidden',
      expect.objectContaining({ permission: 'InterruptionReassign' }),
    ]);
    for (const user of ['vera', 'rita', 'admin', 'olga']) {
      const refused = await reassign(rita, check, user);
      expect([user, told(refused), refused.body.detail]).toEqual([
        user,
        '409 interruption.not-assignable',
        expect.stringContaining(`${user} could not take it`),
      ]);
    }
    expect(await reassign(rita, check, 'nobody')).toMatchObject({
      status: 422,
      body: { code: 'reference.unknown', errors: [{ path: 'user' }] },
    });
    expect(await reassign(rita, check, 'grace')).toMatchObject({
      status: 200,
      body: { state: 'taken', responsibleUser: 'grace' },
    });
    expect(told(await reassign(rita, check, 'grace'))).toBe('200 taken');

    expect(told(await runs.submit(ada, check, { result: 'proceed' }))).toBe('409 interruption.taken-by-other');
    expect(told(await runs.submit(grace, check, { result: 'proceed' }))).toBe('200 submitted');
    const handed = (await audit(check)).filter(([type]) => type === 'reassigned');
    expect(handed).toEqual([['reassigned', 'rita', 'grace']]);
  });

  it('INT-4: what nobody has taken can be handed to somebody', async () => {
    const check = await asked();

    expect((await reassign(mary, check, 'ada')).body).toMatchObject({ state: 'taken', responsibleUser: 'ada' });
    expect(told(await runs.submit(ada, check, { result: 'proceed' }))).toBe('200 submitted');
  });

  it('INT-4: who lost the team between taking and answering is refused, and it can be handed on', async () => {
    const check = await asked();
    const lena = await api.person('lena', [developer]);
    const members = ['ada', 'grace', 'vera', 'nina'];
    await api.admin.put('/v1/teams/operations', { members: [...members, 'lena'] });
    await runs.take(lena, check);
    await api.admin.put('/v1/teams/operations', { members });

    expect(await buttons(lena, check)).toEqual({ canTake: false, canSubmit: false });
    expect(told(await runs.submit(lena, check, { result: 'proceed' }))).toBe('403 interruption.not-allowed');
    expect(told(await runs.take(lena, check))).toBe('403 interruption.not-allowed');
    expect(await runs.seenBy(ada, check)).toMatchObject({ state: 'taken', responsibleUser: 'lena' });
    expect(await blockers(check)).toMatchObject([
      {
        detail: 'Check in staging is taken by lena, who can no longer answer it',
        responsibleUser: 'lena',
        remedies: [
          { action: 'reassign', permission: 'InterruptionReassign', heldBy: ['admin', 'mary', 'rita'] },
          { action: 'release', permission: 'InterruptionReassign', heldBy: ['admin', 'mary', 'rita'] },
        ],
      },
    ]);
    expect((await reassign(rita, check, 'ada')).body.responsibleUser).toBe('ada');
    expect(told(await runs.submit(ada, check, { result: 'proceed' }))).toBe('200 submitted');
  });

  it('INT-4: who lost the permission in between is refused, sees what they hold, and gives it back', async () => {
    const check = await asked();
    const ines = await api.person('ines', [developer]);
    const members = ['ada', 'grace', 'vera', 'nina'];
    await api.admin.put('/v1/teams/operations', { members: [...members, 'ines'] });
    await runs.take(ines, check);
    expect(await blockers(check)).toMatchObject([{ remedies: [{ action: 'submit', heldBy: ['ines'] }] }]);

    await api.admin.put('/v1/users/ines', { roles: [viewer] });
    expect(told(await runs.submit(ines, check, { result: 'proceed' }))).toBe('403 interruption.not-allowed');
    expect(await blockers(check)).toMatchObject([{ remedies: [{ action: 'reassign' }, { action: 'release' }] }]);
    await api.admin.put('/v1/users/ines', { roles: [] });
    await api.admin.put('/v1/teams/operations', { members });
    expect(told(await runs.submit(ines, check, { result: 'proceed' }))).toBe('403 interruption.not-allowed');
    expect(await runs.seenBy(ines, check)).toMatchObject({ responsibleUser: 'ines', canSubmit: false });
    const listed = await ines.get<Page<InterruptionBody>>('/v1/interruptions?mine=true');
    expect(listed.body.items.map(({ id }) => id)).toEqual([check.id]);
    // A token that was narrowed to other things says nothing of it.
    const narrow = new Person(
      api,
      'ines',
      await api.tokenOf('ines', api.admin, { roles: [{ ...viewer, project: 'blog' }] }),
    );
    expect(told(await narrow.get(`/v1/interruptions/${check.id}`))).toBe('404 interruption.unknown');
    expect((await narrow.get<Page<InterruptionBody>>('/v1/interruptions')).body.items).toEqual([]);

    expect(told(await release(ines, check))).toBe('200 pending');
    expect(told(await ines.get(`/v1/interruptions/${check.id}`))).toBe('404 interruption.unknown');
  });

  it('INT-4, HTTP-3: who has answered sees it and the answer, without the project', async () => {
    const check = await asked('open');
    const jan = await api.person('jan', [manager]);
    await runs.take(jan, check);
    await api.stopDispatcher();
    const answer = await runs.submit(jan, check, { result: 'proceed' });
    expect(answer.status).toBe(202);
    const location = answer.headers.get('location') ?? '';
    await api.admin.put('/v1/users/jan', { roles: [] });

    expect((await jan.get(location)).body).toMatchObject({ state: 'pending', by: 'jan' });
    expect(told(await olga.get(location))).toBe('404 action.unknown');
    api.startDispatcher();
    await api.outcome(location);

    expect((await jan.get(location)).body).toMatchObject({ state: 'applied' });
    expect(await runs.seenBy(jan, check)).toMatchObject({ state: 'submitted', submittedBy: 'jan' });
    const listed = await jan.get<Page<InterruptionBody>>('/v1/interruptions');
    expect(listed.body.items.map(({ id }) => id)).toEqual([check.id]);
  });

  it('INT-4: what somebody holds who is deleted is pending again, and an answer of theirs stands', async () => {
    const [held, answered] = [await asked('open'), await asked('open')];
    const olaf = await api.person('olaf', [manager]);
    await runs.take(olaf, held);
    await runs.take(olaf, answered);
    await api.stopDispatcher();
    expect((await runs.submit(olaf, answered, { result: 'proceed' })).status).toBe(202);

    expect((await api.admin.delete('/v1/users/olaf')).status).toBe(204);

    expect(await runs.seenBy(rita, held)).toMatchObject({ state: 'pending', responsibleUser: null, canTake: true });
    expect(await runs.seenBy(rita, answered)).toMatchObject({ state: 'taken', responsibleUser: 'olaf' });
    api.startDispatcher();
    await api.reaches(answered.release, 'baking');
    expect(await runs.seenBy(rita, answered)).toMatchObject({ state: 'submitted', submittedBy: 'olaf' });
    expect(await audit(held)).toEqual([
      ['taken', 'olaf', 'olaf'],
      ['released', 'admin', null],
    ]);
    expect(await runs.log(held.deployment)).toContain('Check: admin has given back what olaf had');
    expect((await runs.answers(rita, held, 'proceed')).submittedBy).toBe('rita');
  });

  it('INT-4: every event of an interruption says which one it is, and where', async () => {
    const check = await asked();
    await runs.take(ada, check);
    await runs.take(grace, check);
    await reassign(rita, check, 'grace');
    await release(grace, check);
    await runs.answers(ada, check, 'proceed');
    const closed = await asked();
    await rita.acts(closed.release, 'abort');

    const events = [...(await api.events(check.release)), ...(await api.events(closed.release))];

    const told = events.filter(({ type }) => type.startsWith('interruption-'));
    expect([...new Set(told.map(({ type }) => type.replace('interruption-', '')))].sort()).toEqual([
      ...['closed', 'raised', 'reassigned', 'refused', 'released', 'submitted', 'taken'],
    ]);
    for (const { type, release: of, data } of told) {
      const { id, deployment } = of === check.release ? check : closed;
      expect([type, data]).toEqual([
        type,
        expect.objectContaining({
          ...{ interruption: id, title: 'Check', kind: 'manual', step: 'Check', deployment },
          ...{ phase: 'all', environment: 'staging' },
        }),
      ]);
    }
    expect(check).toMatchObject({ step: 'Check', kind: 'manual', pendingAction: null });
  });

  it('HTTP-6: a take is repeated with its key, and a right that was missing does not use the key up', async () => {
    const check = await asked();
    const key = { 'idempotency-key': 'take-1' };
    const paul = await api.person('paul', [developer]);
    const members = ['ada', 'grace', 'vera', 'nina'];

    expect(told(await runs.take(paul, check, key))).toBe('403 interruption.not-allowed');
    expect(told(await runs.take(paul, check, key))).toBe('403 interruption.not-allowed');
    await api.admin.put('/v1/teams/operations', { members: [...members, 'paul'] });
    expect(told(await runs.take(paul, check, key))).toBe('200 taken');
    expect(told(await runs.take(paul, check, key))).toBe('200 taken');
    const handed = await reassign(rita, check, 'grace', { 'idempotency-key': 'hand-1' });

    expect(told(handed)).toBe('200 taken');
    // The first answer, as it was: who has it now is told by GET, and by any other request.
    expect(await runs.take(paul, check, key)).toMatchObject({ status: 200, body: { responsibleUser: 'paul' } });
    expect(await runs.seenBy(paul, check)).toMatchObject({ responsibleUser: 'grace', canSubmit: false });
    expect(told(await runs.take(paul, check))).toBe('409 interruption.taken-by-other');
    expect(told(await reassign(rita, check, 'ada', { 'idempotency-key': 'hand-1' }))).toBe('422 idempotency.mismatch');
    expect((await audit(check)).map(([type]) => type)).toEqual(['taken', 'reassigned', 'refused']);
  });

  it('HTTP-6: a giving back that is repeated answers as at first, and takes it from nobody', async () => {
    const check = await asked();
    const key = { 'idempotency-key': 'back-1' };
    const back = () => ada.post<InterruptionBody>(`/v1/interruptions/${check.id}/release`, undefined, key);
    await runs.take(ada, check);

    const first = await back();
    await runs.take(grace, check);
    const again = await back();

    expect([first.status, first.body.state, first.body.instructions]).toEqual([200, 'pending', check.instructions]);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(await runs.seenBy(ada, check)).toMatchObject({ state: 'taken', responsibleUser: 'grace' });
  });

  it.each([true, {}])(
    'HTTP-6: a key that an older version kept as %j is answered with all of it, as it is now',
    async (kept) => {
      const check = await asked();
      const key = { 'idempotency-key': 'old-1' };
      await runs.take(ada, check, key);
      await api.deps.store.write(({ sql }) =>
        sql
          .updateTable('idempotencyKeys')
          .set({ answer: JSON.stringify(kept) })
          .where('route', 'like', `%${check.id}/take`)
          .execute(),
      );
      await reassign(rita, check, 'grace');

      const again = await runs.take(ada, check, key);

      expect([again.status, again.body]).toEqual([200, await runs.seenBy(ada, check)]);
      expect(again.body).toMatchObject({ id: check.id, state: 'taken', responsibleUser: 'grace' });
    },
  );
});

describe('what is told of it', () => {
  it('INT-1, INT-4: the log of the deployment names whom it waits for, until when, and who has it', async () => {
    await api.pipeline('logged', [phaseIn('all', ['staging'])], {
      process: [manual('Check', { teams: ['operations'], deadline: { after: '2h', outcome: 'abort' } })],
    });
    const check = await asked('logged');

    await runs.take(ada, check);
    await release(ada, check);
    await runs.take(ada, check);
    await runs.take(ada, check);
    await reassign(rita, check, 'grace');
    await release(rita, check);

    expect((await runs.log(check.deployment)).filter((line) => line.startsWith('Check: '))).toEqual([
      `Check: Waiting for a member of operations until ${check.deadline} (interruption ${check.id})`,
      'Check: ada has taken it',
      'Check: ada has given it back',
      'Check: ada has taken it',
      'Check: rita has handed it to grace',
      'Check: rita has given back what grace had',
    ]);
  });

  it('HTTP-8: /metrics counts what is open, and says since when, without names', async () => {
    const read = async (): Promise<Record<string, number>> => {
      const text = await (await fetch(`${api.url}/metrics`)).text();
      const lines = text.matchAll(
        /^sluice_(interruptions_open\{state="\w+"\}|oldest_open_interruption_seconds) (\S+)$/gm,
      );
      return Object.fromEntries([...lines].map(([, name = '', value]) => [name.replace(/"/g, ''), Number(value)]));
    };
    const before = await read();
    const check = await asked();
    await asked();
    await runs.take(ada, check);

    const after = await read();

    expect(Object.keys(after)).toEqual([
      'interruptions_open{state=pending}',
      'interruptions_open{state=taken}',
      'oldest_open_interruption_seconds',
    ]);
    for (const state of ['pending', 'taken']) {
      const name = `interruptions_open{state=${state}}`;
      expect([state, (after[name] ?? 0) - (before[name] ?? 0)]).toEqual([state, 1]);
    }
    expect(after['oldest_open_interruption_seconds']).toBeGreaterThan(0);

    api.failing = (sql) => sql.includes('"interruptions"');
    expect(await read()).toMatchObject({ 'interruptions_open{state=taken}': NaN });
    api.failing = null;
  });
});
