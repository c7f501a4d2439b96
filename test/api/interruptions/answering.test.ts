import { MINUTE } from '../../../src/domain/instant';
import { eventually } from '../../support/eventually';
import { startHttpEndpoint, type HttpEndpoint } from '../../support/http-endpoint';
import { manual, phaseIn, ProcessApi, told, type InterruptionBody } from '../../support/process-api';
import { Person, ReleaseApi, type Page, type WhyBody } from '../../support/release-api';

/*
 * What answers do: to the step, the deployment and the release (INT-5, INT-6, INT-7, INT-8).
 */

let api: ReleaseApi;
let runs: ProcessApi;
let endpoint: HttpEndpoint;
/** Release managers. */
let ada: Person;
let grace: Person;
/** In the team operations. */
let olga: Person;

const manager = { role: 'release-manager', project: 'shop' };
const developer = { role: 'developer', project: 'shop' };
const staging = [phaseIn('all', ['staging'])];

beforeAll(async () => {
  endpoint = await startHttpEndpoint();
  api = await ReleaseApi.start();
  runs = new ProcessApi(api);
  ada = await api.person('ada', [manager]);
  grace = await api.person('grace', [manager]);
  olga = await api.person('olga', [developer]);
  await api.admin.put('/v1/teams/operations', { members: ['olga'] });
  await api.admin.put('/v1/teams/leads', { members: ['grace'] });
  await api.pipeline('checked', staging, { process: [manual('Check')] });
});

afterAll(async () => {
  await api.close();
  await endpoint.stop();
});

let pipelines = 0;

/** Saves a pipeline with that process and triggers it with a flag of its own. */
async function started(process: object[], more: object = {}, by = api.admin): Promise<{ id: string; flag: string }> {
  pipelines += 1;
  const flag = await api.flag();
  const { phases = staging, ...rest } = more as { phases?: object[] };
  const id = await by.starts(await api.pipeline(`pipeline-${pipelines}`, phases, { process, ...rest }), flag);
  return { id, flag };
}

const call = (name: string, more: object = {}) => ({
  name,
  kind: 'http',
  url: `${endpoint.url}/${encodeURIComponent(name)}`,
  ...more,
});

/** Names of the calls that reached the endpoint for a release, in order. */
const callsOf = (release: string) =>
  endpoint.requests
    .filter(({ key }) => key.startsWith(release))
    .map(({ path }) => decodeURIComponent(path.split('/').at(-1) ?? ''));

const outcomeOf = async (release: string, person: Person, result: string, notes?: string) =>
  told(await runs.submit(person, await runs.question(release), { result, ...(notes !== undefined && { notes }) }));

describe('aborting', () => {
  it('INT-5: fails step, deployment and release with name and notes, runs later steps, and reverts nothing', async () => {
    const { id, flag } = await started(
      [
        manual('Check'),
        call('after success'),
        call('after failure', { runWhen: 'failure' }),
        call('always', { runWhen: 'always' }),
      ],
      { guidedFailure: true },
    );

    const answered = await runs.answers(ada, await runs.question(id), 'abort', 'Errors went up\n<b>twofold</b>');

    expect(answered).toMatchObject({ state: 'submitted', result: 'abort', submittedBy: 'ada' });
    const release = await api.reaches(id, 'failed');
    expect(release.phases[0]?.state).toBe('failed');
    const deployment = await runs.deployment(id);
    expect(deployment).toMatchObject({
      state: 'failed',
      errored: false,
      endedBy: { user: 'ada', notes: 'Errors went up\n<b>twofold</b>' },
      steps: [
        { name: 'Roll out', state: 'succeeded' },
        {
          name: 'Check',
          state: 'failed',
          errored: false,
          error: null,
          detail: 'ada aborted it: Errors went up\n<b>twofold</b>',
        },
        { name: 'after success', state: 'skipped', detail: 'an earlier step has failed' },
        { name: 'after failure', state: 'succeeded' },
        { name: 'always', state: 'succeeded' },
      ],
    });
    expect((await ada.get(`/v1/releases/${id}/why`)).body).toMatchObject({
      blockers: [
        { kind: 'failed', detail: 'Phase all failed in staging (ada aborted Check: Errors went up <b>twofold</b>)' },
      ],
    });
    expect(callsOf(id)).toEqual(['after failure', 'always']);
    expect(await runs.open(id)).toEqual([]);
    expect((await api.seesOf(flag)).staging).toBe(true);
    const events = await api.events(id);
    expect(events.filter(({ type }) => type === 'release-aborting')).toEqual([]);
    expect(events.find(({ type }) => type === 'interruption-submitted')).toMatchObject({
      actor: 'ada',
      data: { result: 'abort', reason: 'Errors went up\n<b>twofold</b>' },
    });
    expect(events.find(({ type }) => type === 'deployment-failed')).toMatchObject({
      actor: 'ada',
      data: { errored: false, reason: 'Errors went up\n<b>twofold</b>' },
    });
  });

  it('REL-26: where no person ended it, why names the step that failed first, and what it came to', async () => {
    const refused = call('Smoke test', { outputs: { build: 'no.such.field' } });
    const { id } = await started([
      call('Roll back', { runWhen: 'failure' }),
      refused,
      call('Tidy up', { outputs: { x: 'nor.this' }, runWhen: 'always' }),
    ]);

    await api.reaches(id, 'failed');

    expect((await runs.deployment(id)).steps[1]).toMatchObject({
      name: 'Roll back',
      state: 'skipped',
      detail: 'no earlier step has failed',
    });
    expect((await ada.get(`/v1/releases/${id}/why`)).body).toMatchObject({
      blockers: [
        {
          kind: 'failed',
          detail: 'Phase all failed in staging (Smoke test: The answer is no JSON)',
        },
      ],
    });
  });

  it('REL-22, INT-5: retry deploys again, with an interruption of its own', async () => {
    const { id } = await started([manual('Check')]);
    const first = await runs.question(id);
    await runs.answers(ada, first, 'abort', 'Not yet');
    await api.reaches(id, 'failed');

    await ada.acts(id, 'retry');
    const second = await runs.question(id);

    expect(second.id).not.toBe(first.id);
    expect(second.deployment).not.toBe(first.deployment);
    await runs.answers(ada, second, 'proceed');
    await api.reaches(id, 'baking');
    expect(
      (await runs.deployments(id)).map(({ attempt, state, interruptions }) => [attempt, state, interruptions]),
    ).toEqual([
      [1, 'failed', [first.id]],
      [2, 'succeeded', [second.id]],
    ]);
  });

  it('INT-5, REL-22: of a pipeline whose failures abort it aborts the release, which reverts', async () => {
    const { id, flag } = await started([manual('Check')], { onFailure: 'abort' });
    await runs.answers(ada, await runs.question(id), 'abort', 'No');

    await api.reaches(id, 'aborted');
    expect((await api.seesOf(flag)).staging).toBe(false);
    expect(await runs.deployment(id)).toMatchObject({ state: 'failed', endedBy: { user: 'ada', notes: 'No' } });
  });
});

describe('what a step can ask for', () => {
  it('INT-6: notes; blanks are none', async () => {
    const { id } = await started([manual('Check', { notesRequired: true })]);
    const check = await runs.question(id);
    await runs.take(ada, check);

    for (const notes of [undefined, '', ' \n\t']) {
      expect(await outcomeOf(id, ada, 'proceed', notes)).toBe('409 interruption.notes-required');
      expect(await outcomeOf(id, ada, 'abort', notes)).toBe('409 interruption.notes-required');
    }
    expect(await runs.seenBy(ada, check)).toMatchObject({ state: 'taken', responsibleUser: 'ada', canSubmit: true });
    expect(await outcomeOf(id, ada, 'proceed', ' fine ')).toBe('200 submitted');
    expect((await runs.seenBy(ada, check)).notes).toBe(' fine ');
  });

  it('INT-6: several people, of whom nobody counts twice; the notes of all are kept', async () => {
    const { id } = await started([manual('Check', { approvals: 2 })]);
    const check = await runs.question(id);

    const first = await runs.answers(ada, check, 'proceed', 'I looked');
    const byAda = { user: 'ada', notes: 'I looked', at: expect.stringMatching(/Z$/) as string };
    expect(first).toMatchObject({
      state: 'pending',
      responsibleUser: null,
      result: null,
      approvals: { needed: 2, given: 1, proceeded: [byAda] },
    });
    expect((await runs.seenBy(grace, check)).approvals.proceeded).toEqual([byAda]);
    const second = await runs.answers(grace, check, 'proceed', 'So did I');

    expect(second).toMatchObject({
      state: 'submitted',
      submittedBy: 'grace',
      approvals: { needed: 2, given: 2, proceeded: [byAda, { user: 'grace', notes: 'So did I' }] },
    });
    expect((await runs.seenBy(ada, check)).approvals).toEqual(second.approvals);
    await api.reaches(id, 'baking');
    expect(await runs.variables(check.deployment)).toMatchObject({
      'Octopus.Action[Check].Output.Manual.Notes': 'ada: I looked\ngrace: So did I',
      'Octopus.Action[Check].Output.Manual.ResponsibleUser.Username': 'grace',
    });
  });

  it('INT-6: who has proceeded leaves it to the others: no button, no take, no list, and nobody hands it over', async () => {
    const { id } = await started([manual('Check', { approvals: 2 })]);
    const check = await runs.question(id);
    const mine = async (person: Person) =>
      (await person.get<Page<InterruptionBody>>(`/v1/interruptions?release=${id}&mine=true`)).body.items.length;
    expect([await mine(ada), await mine(grace)]).toEqual([1, 1]);
    await runs.answers(ada, check, 'proceed');

    expect(await runs.seenBy(ada, check)).toMatchObject({ state: 'pending', canTake: false, canSubmit: false });
    expect(await runs.seenBy(grace, check)).toMatchObject({ canTake: true });
    expect([await mine(ada), await mine(grace)]).toEqual([0, 1]);
    expect((await grace.get<WhyBody>(`/v1/releases/${id}/why`)).body.blockers).toMatchObject([
      {
        detail: 'Check in staging waits for somebody who may deploy to take it; 1 of 2 have proceeded',
        approvals: { given: ['ada'], needed: 2 },
        remedies: [{ action: 'submit', heldBy: ['admin', 'grace'] }],
      },
    ]);
    const taken = await runs.take(ada, check);
    expect([told(taken), taken.body.detail]).toEqual([
      '409 interruption.already-proceeded',
      'This person has proceeded already; others have to',
    ]);
    const handed = await grace.post<{ code?: string; detail?: string }>(`/v1/interruptions/${check.id}/reassign`, {
      user: 'ada',
    });
    expect([told(handed), handed.body.detail]).toEqual([
      '409 interruption.already-proceeded',
      'ada has proceeded already; others have to',
    ]);
    const bulk = await ada.post<{ items: { problem: { code: string } }[] }>('/v1/interruptions/submit', {
      ids: [check.id],
      result: 'proceed',
    });
    expect(bulk.body.items[0]?.problem.code).toBe('interruption.already-proceeded');
    expect((await runs.seenBy(grace, check)).state).toBe('pending');
    const refusals = (await api.events(id)).filter(({ type }) => type === 'interruption-refused');
    expect(refusals.map(({ actor, data }) => [actor, data['verb'], data['code']])).toEqual([
      ['ada', 'take', 'interruption.already-proceeded'],
      ['grace', 'reassign', 'interruption.already-proceeded'],
      ['ada', 'take', 'interruption.already-proceeded'],
    ]);
  });

  it('INT-6: of several people one abort ends it', async () => {
    const { id } = await started([manual('Check', { approvals: 3 })]);
    const check = await runs.question(id);
    await runs.answers(ada, check, 'proceed');

    await runs.answers(grace, check, 'abort', 'Errors went up');

    await api.reaches(id, 'failed');
    expect((await runs.seenBy(ada, check)).approvals).toMatchObject({
      ...{ needed: 3, given: 1 },
      proceeded: [{ user: 'ada' }],
    });
  });

  it('INT-6: no author of the release, who cannot take it either; the buttons and why say so', async () => {
    const { id } = await started([manual('Check', { authorMaySubmit: false })], {}, ada);
    const check = await runs.question(id);

    expect(await runs.seenBy(ada, check)).toMatchObject({ canTake: false, canSubmit: false });
    const why = await grace.get<{ blockers: { remedies: { heldBy: string[] }[] }[] }>(`/v1/releases/${id}/why`);
    expect(why.body.blockers[0]?.remedies[0]?.heldBy).toEqual(['admin', 'grace']);
    expect(told(await runs.take(ada, check))).toBe('409 interruption.author');
    const mine = async (person: Person) =>
      (await person.get<Page<InterruptionBody>>(`/v1/interruptions?release=${id}&mine=true`)).body.items.length;
    expect([await mine(ada), await mine(grace)]).toEqual([0, 1]);
    const handed = await grace.post<{ code?: string }>(`/v1/interruptions/${check.id}/reassign`, { user: 'ada' });
    expect(told(handed)).toBe('409 interruption.author');
    expect((await runs.answers(grace, check, 'proceed')).submittedBy).toBe('grace');
  });

  it('SEC-3: not with a token that was made by somebody who triggered it', async () => {
    const ines = await api.person('ines', [manager]);
    const { id } = await started([manual('Check')], {}, api.admin);
    const byAdmin = new Person(api, 'ines', await api.tokenOf('ines', api.admin));
    await runs.take(byAdmin, await runs.question(id));

    expect(await outcomeOf(id, byAdmin, 'proceed')).toBe('409 interruption.token-maker');
    expect(await outcomeOf(id, ines, 'proceed')).toBe('200 submitted');
  });

  it.each([
    ['proceed', 'baking', 'succeeded', 'True'],
    ['abort', 'failed', 'failed', 'False'],
  ] as const)('INT-6, VAR-8: an answer in time, else it is to %s', async (outcome, state, step, approved) => {
    const { id } = await started([manual('Check', { deadline: { after: 400, outcome }, teams: ['operations'] })]);

    await api.reaches(id, state);

    const deployment = await runs.deployment(id);
    expect(deployment).toMatchObject({ errored: false, endedBy: null, steps: [{}, { state: step }] });
    const [asked = ''] = deployment.interruptions;
    const check = await runs.seenBy(ada, { id: asked });
    expect(check).toMatchObject({ state: 'submitted', result: outcome, submittedBy: null, responsibleUser: null });
    expect(check.notes).toContain('deadline');
    const late = await runs.take(olga, check);
    expect([told(late), late.body.facts]).toEqual([
      '409 interruption.submitted',
      { submittedBy: null, result: outcome },
    ]);
    expect(late.body.detail).toContain('Nobody answered before the deadline');
    const of = 'Octopus.Action[Check].Output.Manual';
    expect(await runs.variables(deployment.id)).toMatchObject({
      [`${of}.Approved`]: approved,
      [`${of}.Notes`]: expect.stringContaining('Nobody submitted') as string,
      [`${of}.ResponsibleUser.Id`]: '',
      [`${of}.ResponsibleUser.Username`]: '',
      [`${of}.ResponsibleUser.DisplayName`]: '',
      [`${of}.ResponsibleUser.EmailAddress`]: '',
    });
  });

  it('INT-6: an answer in time, else it is for another team, and no longer for who had taken it', async () => {
    const deadline = { after: 1_500, outcome: 'escalate', escalateTo: ['leads'] };
    const { id } = await started([manual('Check', { teams: ['operations'], deadline })]);
    const check = await runs.question(id);
    expect(check.deadline).not.toBeNull();
    expect(check.escalatedAt).toBeNull();
    await runs.take(olga, check);

    const escalated = await eventually('it is for the leads', async () => {
      const seen = await runs.seenBy(olga, check);
      return seen.teams.includes('leads') && seen;
    });

    expect(escalated).toMatchObject({ state: 'pending', responsibleUser: null, teams: ['leads'], deadline: null });
    expect(escalated).toMatchObject({ canTake: false, canSubmit: false, escalatedAt: check.deadline });
    const late = await runs.submit(olga, check, { result: 'proceed' });
    expect([told(late), late.body.detail]).toEqual([
      '409 interruption.not-taken',
      'Its deadline has passed, and it is for leads now: nobody has taken it',
    ]);
    expect(told(await runs.take(olga, check))).toBe('403 interruption.not-allowed');
    expect((await runs.answers(grace, check, 'proceed')).submittedBy).toBe('grace');
  });
});

describe('what ends it otherwise', () => {
  it('INT-7, REL-32: aborting the release closes it, by whom and why, and runs no further step', async () => {
    const { id, flag } = await started([manual('Check'), call('always', { runWhen: 'always' })]);
    const check = await runs.question(id);
    await runs.take(ada, check);

    await grace.acts(id, 'abort', { reason: 'Customers complain' });

    expect(await runs.seenBy(ada, check)).toMatchObject({
      ...{ state: 'closed', result: null, submittedBy: null, closedBy: 'grace', canSubmit: false },
      closedWhy: expect.stringContaining('Customers complain') as string,
    });
    expect(told(await runs.submit(ada, check, { result: 'proceed' }))).toBe('409 interruption.closed');
    expect(told(await runs.take(ada, check))).toBe('409 interruption.closed');
    await api.reaches(id, 'aborted');
    expect(await runs.steps(id)).toEqual({ 'Roll out': 'succeeded', Check: 'aborted', always: 'aborted' });
    expect(await runs.deployment(id)).toMatchObject({
      state: 'aborted',
      endedBy: { user: 'grace', notes: 'Customers complain' },
    });
    expect(await runs.log(check.deployment)).toContain('The release is being aborted: the deployment ends here');
    expect(callsOf(id)).toEqual([]);
    expect((await api.seesOf(flag)).staging).toBe(false);
    expect(await api.eventTypes(id)).toContain('interruption-closed');
  });

  it.each(['pause', 'skip', 'full-rollout'] as const)('INT-7: %s closes none', async (verb) => {
    const { id } = await started([manual('Check')], {
      phases: [phaseIn('one', ['staging']), phaseIn('two', ['production'])],
    });
    const check = await runs.question(id);
    await runs.take(ada, check);

    const { armed } = await ada.acts(id, verb);

    expect(armed).toBe(verb);
    expect(await runs.seenBy(ada, check)).toMatchObject({ state: 'taken', responsibleUser: 'ada' });
    expect(told(await runs.submit(ada, check, { result: 'proceed' }))).toBe('200 submitted');
    if (verb === 'pause') {
      await api.reaches(id, 'paused', 'one');
    } else {
      expect((await runs.question(id)).environment).toBe('production');
    }
  });

  it('INT-2: what is answered is not answered again, by nobody', async () => {
    const { id } = await started([manual('Check')]);
    const check = await runs.question(id);
    await runs.answers(ada, check, 'proceed');

    expect(told(await runs.submit(ada, check, { result: 'abort' }))).toBe('409 interruption.submitted');
    const late = await runs.submit(grace, check, { result: 'abort' });
    expect([told(late), late.body.facts]).toEqual([
      '409 interruption.submitted',
      { submittedBy: 'ada', result: 'proceed' },
    ]);
    expect(late.body.detail).toMatch(/^ada answered proceed at \d{4}-\d\d-\d\dT/);
    expect((await runs.seenBy(ada, check)).result).toBe('proceed');
  });

  it('HTTP-6: an answer is repeated with its key, and counts once', async () => {
    const { id } = await started([manual('Check', { approvals: 2 })]);
    const check = await runs.question(id);
    await runs.take(ada, check);
    const key = { 'idempotency-key': 'answer-1' };

    const first = await runs.submit(ada, check, { result: 'proceed', notes: 'Good' }, key);
    const again = await runs.submit(ada, check, { notes: 'Good', result: 'proceed' }, key);
    const other = await runs.submit(ada, check, { result: 'abort' }, key);

    expect([told(first), told(again), told(other)]).toEqual(['200 pending', '200 pending', '422 idempotency.mismatch']);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect((await api.outcome(first.headers.get('location') ?? '')).state).toBe('applied');
    expect((await runs.seenBy(ada, check)).approvals.given).toBe(1);
  });

  it('HTTP-6: a key is not used up by what is refused at once, whether it was taken or answered with it', async () => {
    const { id } = await started([manual('Check', { notesRequired: true })]);
    const check = await runs.question(id);
    const key = { 'idempotency-key': 'refused-at-once' };
    const answer = { result: 'proceed', notes: 'Good' };

    expect(told(await runs.submit(ada, check, answer, key))).toBe('409 interruption.not-taken');
    await runs.take(grace, check);
    expect(told(await runs.take(ada, check, key))).toBe('409 interruption.taken-by-other');
    expect(told(await runs.submit(ada, check, answer, key))).toBe('409 interruption.taken-by-other');
    await grace.post(`/v1/interruptions/${check.id}/release`);

    expect(told(await runs.take(ada, check, key))).toBe('200 taken');
    // Refused before, the key can come with another body, too.
    const without = { 'idempotency-key': 'refused-without-notes' };
    expect(told(await runs.submit(ada, check, { result: 'proceed' }, without))).toBe('409 interruption.notes-required');
    expect(told(await runs.submit(ada, check, answer, without))).toBe('200 submitted');
    expect(told(await runs.submit(ada, check, answer, without))).toBe('200 submitted');
    expect(told(await runs.submit(ada, check, { result: 'abort' }, without))).toBe('422 idempotency.mismatch');
  });

  it('HTTP-6: an answer that was accepted and then refused uses its key up, and is told the same again', async () => {
    const { id } = await started([manual('Check')]);
    const check = await runs.question(id);
    await runs.take(ada, check);
    await api.stopDispatcher();
    const aborting = await grace.asks(id, 'abort');
    expect(aborting.status).toBe(202);
    const key = { 'idempotency-key': 'decided' };
    const answer = await runs.submit(ada, check, { result: 'proceed' }, key);
    expect(answer.status).toBe(202);
    api.startDispatcher();
    await api.reaches(id, 'aborted');

    const [again, other] = [
      await runs.submit(ada, check, { result: 'proceed' }, key),
      await runs.submit(ada, check, { result: 'abort' }, key),
    ];

    expect([told(again), told(other)]).toEqual(['409 interruption.closed', '422 idempotency.mismatch']);
    expect(again.headers.get('location')).toBe(answer.headers.get('location'));
  });

  it('REL-25: an answer while no engine decides is accepted, and nobody else gets it meanwhile', async () => {
    const { id } = await started([manual('Check')]);
    const check = await runs.question(id);
    await runs.take(ada, check);
    await api.stopDispatcher();
    const answer = await runs.submit(ada, check, { result: 'proceed' });

    expect(answer.status).toBe(202);
    const pendingAction = answer.headers.get('location')?.replace('/v1/actions/', '');
    expect(await runs.seenBy(ada, check)).toMatchObject({ state: 'taken', canSubmit: false, pendingAction });
    expect(told(await ada.post(`/v1/interruptions/${check.id}/release`))).toBe('409 interruption.submitted');
    const second = await runs.submit(ada, check, { result: 'abort' });
    expect([told(second), second.body.facts, second.body.detail]).toEqual([
      '409 interruption.submitted',
      { submittedBy: 'ada', result: null, pendingAction },
      'ada has answered, which is accepted and not decided yet',
    ]);
    const why = await ada.get<{ blockers: { kind: string; by: string; detail: string }[] }>(`/v1/releases/${id}/why`);
    expect(why.body.blockers.map(({ kind, by }) => [kind, by])).toContainEqual(['undecided-action', 'ada']);
    expect(why.body.blockers.filter(({ kind }) => kind === 'interruption')).toEqual([]);
    api.startDispatcher();

    expect((await api.outcome(answer.headers.get('location') ?? '')).state).toBe('applied');
    await api.reaches(id, 'baking');
    expect(await runs.seenBy(ada, check)).toMatchObject({ state: 'submitted', pendingAction: null });
  });
});

describe('several at once', () => {
  const both = () => [manual('First'), manual('Second', { start: 'with-previous' }), call('then')];

  it('INT-8: parallel steps ask independently, and what follows waits for both', async () => {
    const { id } = await started(both());
    const [first, second] = (await runs.asked(id, 2)) as [InterruptionBody, InterruptionBody];

    expect([first.title, second.title]).toEqual(['First', 'Second']);
    await runs.answers(ada, second, 'proceed');
    expect((await ada.release(id)).state).toBe('waiting-for-intervention');
    expect(callsOf(id)).toEqual([]);
    await runs.answers(grace, first, 'proceed');

    await api.reaches(id, 'baking');
    expect(callsOf(id)).toEqual(['then']);
  });

  it('PRO-8: a group of which one was aborted has failed, once the others are answered', async () => {
    const { id } = await started(both());
    const [first, second] = (await runs.asked(id, 2)) as [InterruptionBody, InterruptionBody];

    await runs.answers(ada, first, 'abort', 'No');
    expect((await ada.release(id)).state).toBe('waiting-for-intervention');
    await runs.answers(grace, second, 'proceed');

    await api.reaches(id, 'failed');
    expect(await runs.steps(id)).toMatchObject({ First: 'failed', Second: 'succeeded', then: 'skipped' });
    expect((await runs.deployment(id)).endedBy).toEqual({ user: 'ada', notes: 'No' });
  });

  it('INT-8: a list has what the caller may take or holds, and nothing else', async () => {
    const { id } = await started([
      manual('Anybody'),
      manual('Operations', { start: 'with-previous', teams: ['operations'] }),
      manual('Leads', { start: 'with-previous', teams: ['leads'] }),
    ]);
    const [anybody, , leads] = (await runs.asked(id, 3)) as [InterruptionBody, InterruptionBody, InterruptionBody];
    const mine = async (person: Person) => {
      const { body } = await person.get<Page<InterruptionBody>>(`/v1/interruptions?mine=true&release=${id}`);
      return body.items.map(({ title }) => title).sort();
    };

    expect(await mine(ada)).toEqual(['Anybody']);
    expect(await mine(grace)).toEqual(['Anybody', 'Leads']);
    expect(await mine(olga)).toEqual(['Operations']);
    await runs.take(ada, anybody);
    expect(await mine(ada)).toEqual(['Anybody']);
    expect(await mine(grace)).toEqual(['Leads']);
    await runs.answers(grace, leads, 'proceed');
    expect(await mine(grace)).toEqual([]);
    const all = await ada.get<Page<InterruptionBody>>(`/v1/interruptions?release=${id}&state=submitted`);
    expect(all.body.items.map(({ title }) => title)).toEqual(['Leads']);
  });

  interface Told {
    items: { id: string; status: number; interruption: InterruptionBody | null; problem: { code: string } | null }[];
  }

  const inBulk = (person: Person, body: object, headers?: Record<string, string>) =>
    person.post<Told & { code?: string; errors?: { path: string }[] }>('/v1/interruptions/submit', body, headers);

  const toldOf = ({ body }: { body: Told }) =>
    body.items.map(({ status, interruption, problem }) =>
      told({ status, body: { ...interruption, ...problem } as { code?: string; state?: string } }),
    );

  it('INT-8: several are answered in one request, each told by itself, in their order', async () => {
    const { id } = await started([
      manual('Free'),
      manual('Others', { start: 'with-previous' }),
      manual('Mine', { start: 'with-previous' }),
      manual('Team', { start: 'with-previous', teams: ['operations'] }),
      manual('Noted', { start: 'with-previous', notesRequired: true }),
    ]);
    const [free, others, mine, team, noted] = await runs.asked(id, 5);
    if (!free || !others || !mine || !team || !noted) throw new Error('There are five');
    await runs.take(grace, others);
    await runs.take(ada, mine);
    const ids = ['no-such-thing', team.id, others.id, mine.id, free.id, noted.id];
    const key = { 'idempotency-key': 'bulk-1' };

    const first = await inBulk(ada, { ids, result: 'proceed' }, key);

    expect(first.status).toBe(200);
    expect(first.body.items.map(({ id: of }) => of)).toEqual(ids);
    expect(toldOf(first)).toEqual([
      '404 interruption.unknown',
      '403 interruption.not-allowed',
      '409 interruption.taken-by-other',
      '200 submitted',
      '200 submitted',
      '409 interruption.notes-required',
    ]);
    expect(await runs.seenBy(ada, free)).toMatchObject({ state: 'submitted', submittedBy: 'ada' });
    expect(await runs.seenBy(ada, others)).toMatchObject({ state: 'taken', responsibleUser: 'grace' });
    expect(await runs.seenBy(ada, noted)).toMatchObject({ state: 'pending', responsibleUser: null });

    const again = await inBulk(ada, { ids, result: 'proceed' }, key);
    expect(toldOf(again)).toEqual(toldOf(first));
    const without = await inBulk(ada, { ids: [free.id, free.id], result: 'abort' });
    expect(toldOf(without)).toEqual(['409 interruption.submitted', '409 interruption.submitted']);
    expect(told(await inBulk(ada, { ids: [team.id], result: 'proceed' }, key))).toBe('422 idempotency.mismatch');
  });

  it('INT-8: what is refused is not taken, and what one had taken stays so', async () => {
    const { id } = await started([manual('Free'), manual('Mine', { start: 'with-previous' })]);
    const [free, mine] = await runs.asked(id, 2);
    if (!free || !mine) throw new Error('There are two');
    await runs.take(ada, mine);

    const answer = await inBulk(ada, { ids: [free.id, mine.id], result: 'retry' });

    expect(toldOf(answer)).toEqual(Array(2).fill('409 interruption.result-unknown'));
    expect(await runs.seenBy(ada, free)).toMatchObject({ state: 'pending', responsibleUser: null });
    expect(await runs.seenBy(ada, mine)).toMatchObject({ state: 'taken', responsibleUser: 'ada' });
    const taken = (await api.events(id)).filter(({ type }) => type === 'interruption-taken');
    expect(taken.map(({ data }) => data['interruption'])).toEqual([mine.id]);
    expect(toldOf(await inBulk(grace, { ids: [free.id], result: 'proceed' }))).toEqual(['200 submitted']);
  });

  it('INT-8: one id given twice is answered once', async () => {
    const { id } = await started([manual('Check', { approvals: 2 })]);
    const { id: check } = await runs.question(id);

    const answer = await inBulk(ada, { ids: [check, check], result: 'proceed' });

    expect(toldOf(answer).sort()).toEqual(['200 pending', expect.stringMatching(/^409 interruption\./)]);
    expect((await runs.question(id)).approvals.given).toBe(1);
  });

  it('INV-8: ids that cannot be are refused with their path, before any is answered', async () => {
    const { id } = await started([manual('Check')]);
    const check = await runs.question(id);
    const long = Array.from({ length: 101 }, () => check.id);

    for (const [ids, path] of [
      [[], 'ids'],
      [long, 'ids'],
      [[check.id, ''], 'ids[1]'],
      [[check.id, 'x'.repeat(101)], 'ids[1]'],
      [[check.id, 7], 'ids[1]'],
      [[null], 'ids[0]'],
      [check.id, 'ids'],
    ] as const) {
      const { status, body } = await inBulk(ada, { ids, result: 'proceed' });
      expect([ids.length, status, body.errors?.map((each) => each.path)]).toEqual([ids.length, 400, [path]]);
    }
    expect((await runs.seenBy(ada, check)).state).toBe('pending');
  });

  it('INV-8: ids that nobody has are told so one by one', async () => {
    const ids = ['../../etc/passwd', "' or 1=1 --", '💥', '__proto__', '%00'];

    expect(toldOf(await inBulk(ada, { ids, result: 'proceed' }))).toEqual(ids.map(() => '404 interruption.unknown'));
  });
});

describe('what cannot be meant', () => {
  it('INT-5, INT-10: an answer of another kind is refused, and leaves it to who has it', async () => {
    const { id } = await started([manual('Check')]);
    const check = await runs.question(id);
    await runs.take(ada, check);

    for (const result of ['fail', 'retry', 'ignore']) {
      const answer = await runs.submit(ada, check, { result });
      expect([told(answer), answer.body.facts?.['results']]).toEqual([
        '409 interruption.result-unknown',
        ['proceed', 'abort'],
      ]);
    }
    const { status, body } = await runs.submit(ada, check, { result: 'approve' });
    expect([status, body.errors?.map(({ path }) => path)]).toEqual([400, ['result']]);
    expect(await runs.seenBy(ada, check)).toMatchObject({ state: 'taken', canSubmit: true });
  });

  it('INV-8: notes that are too long, or no text, are refused with their path', async () => {
    const check = await runs.question((await started([manual('Check')])).id);
    await runs.take(ada, check);

    for (const notes of ['x'.repeat(100_000), 7, null, ['a'], 'a\0b', '\ud800']) {
      const { status, body } = await runs.submit(ada, check, { result: 'proceed', notes });
      expect([status, body.errors?.map(({ path }) => path)]).toEqual([400, ['notes']]);
    }
    expect((await runs.seenBy(ada, check)).state).toBe('taken');
    const longest = 'ü'.repeat(16_000);
    expect((await runs.submit(ada, check, { result: 'proceed', notes: longest })).body.notes).toBe(longest);
  });

  it('VAR-4: HTML, script and templates in notes are kept as they are written', async () => {
    const { id } = await started([manual('Check'), manual('Again', { instructions: `Says #{${NOTES}}.` })]);
    const notes = '<script>alert(1)</script> #{Octopus.Release.Id} **bold** [x](javascript:alert(1))';

    await runs.answers(ada, await runs.question(id), 'proceed', notes);

    const again = await runs.question(id);
    expect((await runs.variables(again.deployment))[NOTES]).toBe(notes);
    expect(again.instructions).not.toContain(id);
    expect(again.instructions).not.toMatch(/(?<!\\)[<*[(#{]/);
  });

  it('INT-6, REL-29: a deadline that is far away leaves the answer alone', async () => {
    const { id } = await started([manual('Check', { deadline: { after: '1h', outcome: 'abort' } })]);
    const check = await runs.question(id);

    expect(Date.parse(check.deadline ?? '') - Date.parse(check.raisedAt ?? '')).toBe(60 * MINUTE);
    expect((await runs.answers(ada, check, 'proceed')).result).toBe('proceed');
    await api.reaches(id, 'baking');
  });
});

const NOTES = 'Octopus.Action[Check].Output.Manual.Notes';
