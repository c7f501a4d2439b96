import type { Mailer } from '../../../src/targets/mail/mailer';
import { createSmtpMailer } from '../../../src/targets/mail/smtp-mailer';
import { eventually } from '../../support/eventually';
import { startHttpEndpoint, type EndpointRequest, type HttpEndpoint } from '../../support/http-endpoint';
import { manual, phaseIn, ProcessApi } from '../../support/process-api';
import { phase, ReleaseApi, type Person } from '../../support/release-api';
import { startSmtpReceiver, type SmtpReceiver } from '../../support/smtp-receiver';
import { ON } from '../../support/store-fixtures';

/*
 * Which steps of a process run, in which order, and what they send (PRO-2 … PRO-8, REL-20, REL-32).
 */

let api: ReleaseApi;
let runs: ProcessApi;
let endpoint: HttpEndpoint;
let smtp: SmtpReceiver;
let mailer: Mailer;
let ada: Person;

const staging = [phaseIn('all', ['staging'])];

beforeAll(async () => {
  endpoint = await startHttpEndpoint();
  smtp = await startSmtpReceiver();
  api = await ReleaseApi.start();
  await api.stopWorker();
  mailer = createSmtpMailer({ url: smtp.url, from: 'Sluice <sluice@example.com>' });
  api.mailer = mailer;
  await api.startWorker();
  runs = new ProcessApi(api);
  ada = await api.person('ada', [{ role: 'release-manager', project: 'shop' }]);
  await api.admin.put('/v1/teams/operations', { members: ['ada'] });
});

afterEach(() => endpoint.answer({ status: 200 }));

afterAll(async () => {
  await api.close();
  mailer.close();
  await endpoint.stop();
  await smtp.stop();
});

let names = 0;

async function pipelineOf(process: object[], phases: object[] = staging, more: object = {}): Promise<string> {
  names += 1;
  return api.pipeline(`steps-${names}`, phases, { process, ...more });
}

/** Saves a pipeline with that process and triggers it. */
async function started(
  process: object[],
  phases?: object[],
  trigger: object = {},
): Promise<{ id: string; flag: string }> {
  const pipeline = await pipelineOf(process, phases);
  const flag = await api.flag();
  return { id: await ada.starts(pipeline, { changes: [{ flag, definition: ON }], ...trigger }), flag };
}

const rollOut = { name: 'Roll out', kind: 'roll-out' };
const call = (name: string, more: object = {}): object => ({
  name,
  kind: 'http',
  url: `${endpoint.url}/${name}`,
  ...more,
});

const requestsOf = (release: string): EndpointRequest[] =>
  endpoint.requests.filter(({ key }) => key.startsWith(release));

/** Names of the calls that arrived for a release, in order. */
const callsOf = (release: string) => requestsOf(release).map(({ path }) => path.split('/').at(-1));

const NOTES = 'Octopus.Action[Check].Output.Manual.Notes';
const APPROVED = 'Octopus.Action[Check].Output.Manual.Approved';

describe('which steps run', () => {
  it('PRO-2: limits to environments and phases leave steps out, and the log says why', async () => {
    const { id } = await started(
      [
        call('everywhere'),
        call('staging', { environments: ['staging'] }),
        call('not-staging', { notEnvironments: ['staging'] }),
        call('second', { phases: ['two'] }),
      ],
      [phaseIn('one', ['staging']), phaseIn('two', ['production'])],
    );
    await api.reaches(id, 'baking', 'one');
    expect(callsOf(id)).toEqual(['everywhere', 'staging']);

    await ada.acts(id, 'skip');
    await api.reaches(id, 'baking', 'two');

    expect(callsOf(id)).toEqual(['everywhere', 'staging', 'everywhere', 'not-staging', 'second']);
    const [first] = await runs.deployments(id);
    expect(await runs.log(first?.id ?? '')).toEqual(
      expect.arrayContaining([
        'not-staging: Skipped: it is not for this environment or phase',
        'second: Skipped: it is not for this environment or phase',
      ]),
    );
  });

  it('PRO-2, PRO-8: conditions over notes and variables of the project are asked, whatever happened before', async () => {
    await api.admin.put('/v1/projects/shop/variables/Loud', { value: 'yes' });
    const when = (expression: string) => ({ runWhen: { expression } });
    const { id } = await started([
      manual('Check'),
      call('notes', when(`vars["${NOTES}"].contains("slow")`)),
      call('short', when(`vars["Action[Check].Output.Manual.Approved"] == "False"`)),
      call('project', when('vars["Loud"] == "yes"')),
      call('not', when('vars["Loud"] != "yes"')),
      call('error', when('vars["Octopus.Deployment.Error"] != ""')),
      call('success'),
    ]);

    await runs.answers(ada, await runs.question(id), 'abort', 'It is slow');

    await api.reaches(id, 'failed');
    expect(callsOf(id)).toEqual(['notes', 'short', 'project', 'error']);
    expect(await runs.steps(id)).toMatchObject({ not: 'skipped', success: 'skipped' });
  });

  it('PRO-2, PRO-8: steps of a group start together, and what follows waits for all of them', async () => {
    let release = (): void => undefined;
    endpoint.answer(
      (response) => {
        release = () => response.writeHead(200).end();
      },
      { status: 200 },
    );
    const { id } = await started([
      call('one'),
      call('two', { start: 'with-previous' }),
      call('three', { start: 'with-previous' }),
      call('after'),
    ]);

    await eventually('all of the group have arrived', () => callsOf(id).length === 3);
    expect(callsOf(id).sort()).toEqual(['one', 'three', 'two']);
    release();

    await api.reaches(id, 'baking');
    expect(callsOf(id).at(-1)).toBe('after');
  });

  it('PRO-4: the trigger leaves steps out, but none that is required; each has its path', async () => {
    const process = [
      manual('Check'),
      manual('Team', { teams: ['operations'], environments: ['production'] }),
      call('must', { required: true }),
      call('may'),
    ];
    const pipeline = await pipelineOf(process);
    const changes = [{ flag: await api.flag(), definition: ON }];

    const refused = await ada.triggers(pipeline, {
      changes,
      skipSteps: ['may', 'Team', 'must', 'Roll out', 'no such step'],
    });
    expect([refused.status, refused.body.code]).toEqual([400, 'release.invalid']);
    expect(refused.body.errors?.map(({ path }) => path)).toEqual([
      'skipSteps[1]',
      'skipSteps[2]',
      'skipSteps[3]',
      'skipSteps[4]',
    ]);
    const id = await ada.starts(pipeline, { changes, skipSteps: ['may', 'CHECK', 'may'] });

    await api.reaches(id, 'baking');
    expect(await ada.release(id)).toMatchObject({ skipSteps: ['Check', 'may'] });
    expect(await runs.steps(id)).toEqual({
      ...{ 'Roll out': 'succeeded', Check: 'skipped', Team: 'skipped', must: 'succeeded', may: 'skipped' },
    });
    expect(callsOf(id)).toEqual(['must']);
  });

  it('PRO-7: the implied roll-out runs first, also where no step runs behind it', async () => {
    const { id, flag } = await started([manual('Check')]);

    await runs.question(id);

    expect((await api.seesOf(flag)).staging).toBe(true);
    expect(await runs.steps(id)).toEqual({ 'Roll out': 'succeeded', Check: 'waiting' });
  });

  it('PRO-7: a sign-off before an explicit roll-out: nothing is switched before, and nothing after a no', async () => {
    const yes = await started([manual('Check'), { ...rollOut, name: 'Switch' }]);
    const no = await started([manual('Check'), rollOut]);
    const questions = [await runs.question(yes.id), await runs.question(no.id)] as const;
    expect([(await api.seesOf(yes.flag)).staging, (await api.seesOf(no.flag)).staging]).toEqual([false, false]);

    await runs.answers(ada, questions[0], 'proceed');
    await runs.answers(ada, questions[1], 'abort');

    await api.reaches(yes.id, 'baking');
    await api.reaches(no.id, 'failed');
    expect([(await api.seesOf(yes.flag)).staging, (await api.seesOf(no.flag)).staging]).toEqual([true, false]);
    expect(await runs.steps(yes.id)).toEqual({ Check: 'succeeded', Switch: 'succeeded' });
    expect(await runs.steps(no.id)).toEqual({ Check: 'failed', 'Roll out': 'skipped' });
    await ada.acts(no.id, 'abort');
    await api.reaches(no.id, 'aborted');
    expect((await api.seesOf(no.flag)).staging).toBe(false);
  });

  it('PRO-8: a roll-out whose condition is false fails, nothing goes live, and a retry asks again', async () => {
    const go = { ...rollOut, runWhen: { expression: 'vars["Go"] == "yes"' } };
    await api.admin.put('/v1/projects/shop/variables/Go', { value: 'no' });
    const { id, flag } = await started([go, call('after')]);

    await api.reaches(id, 'failed');
    const [first] = await runs.deployments(id);
    expect(first).toMatchObject({
      ...{ state: 'failed', errored: false, endedBy: null },
      steps: [
        { state: 'failed', error: 'The roll-out did not run: its condition was false, so nothing was released' },
        { state: 'skipped' },
      ],
    });
    expect([(await api.seesOf(flag)).staging, callsOf(id)]).toEqual([false, []]);

    await api.admin.put('/v1/projects/shop/variables/Go', { value: 'yes' });
    await ada.acts(id, 'retry');
    await api.reaches(id, 'baking');
    expect((await api.seesOf(flag)).staging).toBe(true);
  });

  it('REL-7: the bake begins when the whole process has ended, in every environment', async () => {
    const { id } = await started([manual('Check')], [phase('all')]);
    const [first, second] = await runs.asked(id, 2);
    await runs.answers(ada, first!, 'proceed');
    const waiting = await ada.release(id);
    expect([waiting.state, waiting.currentPhaseEndTime]).toEqual(['waiting-for-intervention', null]);

    const { endedAt } = await runs.answers(ada, second!, 'proceed');

    const { phases } = await api.reaches(id, 'baking');
    expect(Date.parse(phases[0]?.endsAt ?? '')).toBe(Date.parse(endedAt ?? '') + 3_600_000);
  });

  it('REL-20: a full roll-out runs the process in each environment without a success, then lifts the filter', async () => {
    const conditions = [{ attribute: 'email', operator: 'ends_with', values: ['@example.com'] }];
    const { id, flag } = await started(
      [manual('Check')],
      [
        phaseIn('one', ['staging']),
        phase('two', { rules: [{ environments: ['production'], conditions }] }),
        phaseIn('three', ['staging', 'production']),
      ],
    );
    await runs.answers(ada, await runs.question(id), 'proceed');
    await api.reaches(id, 'baking', 'one');

    await ada.acts(id, 'full-rollout');
    const check = await runs.question(id);
    expect(check.environment).toBe('production');
    expect((await api.seesOf(flag)).preview).toBe(false);
    await runs.answers(ada, check, 'proceed');

    await api.reaches(id, 'completed');
    expect(await api.seesOf(flag)).toEqual({ development: true, staging: true, production: true, preview: true });
  });

  it('REL-20: a full roll-out passes no required sign-off of a phase to come, wherever staff have it already', async () => {
    const conditions = [{ attribute: 'email', operator: 'ends_with', values: ['@example.com'] }];
    const { id, flag } = await started(
      [manual('Sign off', { phases: ['everyone'], required: true }), rollOut],
      [phase('staff', { rules: [{ environments: ['production'], conditions }] }), phaseIn('everyone', ['production'])],
    );
    await api.reaches(id, 'baking', 'staff');

    await ada.acts(id, 'full-rollout');
    const question = await runs.question(id);
    expect(question).toMatchObject({ title: 'Sign off', phase: 'everyone', environment: 'production' });
    expect((await api.seesOf(flag)).production).toBe(false);
    await runs.answers(ada, question, 'proceed');

    await api.reaches(id, 'completed');
    expect((await api.seesOf(flag)).production).toBe(true);
  });

  it('REL-20: a full roll-out whose process says no has failed, and a retry goes on with it', async () => {
    const { id, flag } = await started(
      [manual('Check')],
      [phaseIn('one', ['staging']), phaseIn('two', ['production'])],
    );
    await runs.answers(ada, await runs.question(id), 'proceed');
    await ada.acts(id, 'full-rollout');
    await runs.answers(ada, await runs.question(id), 'abort', 'No');
    await api.reaches(id, 'failed');
    expect((await api.seesOf(flag)).preview).toBe(false);

    await ada.acts(id, 'retry');
    await runs.answers(ada, await runs.question(id), 'proceed');

    await api.reaches(id, 'completed');
    expect((await api.seesOf(flag)).preview).toBe(true);
  });
});

describe('what an http step sends', () => {
  it('VAR-2, VAR-3: body and headers with variables filled in, and what it answers is used by a later one', async () => {
    endpoint.answer(
      { status: 200, body: '{"build":{"id":7,"url":"https://ci.example.com/\\"7\\""}}' },
      { status: 200 },
    );
    const { id } = await started([
      manual('Check'),
      call('build', {
        body: { in: '#{Octopus.Environment.Name}', notes: `#{${NOTES}}`, n: [1, `#{${NOTES}}`] },
        headers: { 'X-Notes': `#{${NOTES}}` },
        outputs: { id: 'build.id', url: '/build/url' },
      }),
      call('use', {
        method: 'PUT',
        body: '{"id":"#{Octopus.Action[build].Output.id}","url":"#{Action[build].Output.url}"}',
        headers: { 'content-type': 'application/json' },
      }),
    ]);
    const notes = 'Say "yes"\r\nX-Evil: 1 #{Octopus.Release.Id} \u00fc';

    await runs.answers(ada, await runs.question(id), 'proceed', notes);

    await api.reaches(id, 'baking');
    const [build, use] = requestsOf(id);
    expect(JSON.parse(build?.body ?? '')).toEqual({ in: 'staging', notes, n: [1, notes] });
    expect(build?.headers['x-evil']).toBeUndefined();
    expect(build?.headers['x-notes']).toBe('Say "yes" X-Evil: 1 #{Octopus.Release.Id} %C3%BC');
    expect([use?.method, JSON.parse(use?.body ?? '')]).toEqual(['PUT', { id: '7', url: 'https://ci.example.com/"7"' }]);
    expect(await runs.variables((await runs.deployment(id)).id)).toMatchObject({
      'Octopus.Action[build].Output.id': '7',
    });
  });

  it('VAR-4: a value stays one field of a form, and one text of JSON that nobody declares', async () => {
    const { id } = await started([
      manual('Check'),
      call('form', {
        body: `notes=#{${NOTES}}&admin=false`,
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      }),
      call('json', { body: `{"notes": "#{${NOTES}}", "admin": false}` }),
      call('text', { body: `#{${NOTES}}` }),
    ]);
    const notes = '1&admin=true", "admin": true, "x": "';

    await runs.answers(ada, await runs.question(id), 'proceed', notes);

    await api.reaches(id, 'baking');
    const [form, json, text] = requestsOf(id);
    expect([...new URLSearchParams(form?.body)]).toEqual([
      ['notes', notes],
      ['admin', 'false'],
    ]);
    expect([json?.headers['content-type'], JSON.parse(json?.body ?? '')]).toEqual([
      'application/json',
      { notes, admin: false },
    ]);
    expect([text?.headers['content-type'], text?.body]).toEqual(['text/plain; charset=utf-8', notes]);
  });

  it('VAR-4: outside of quotes a body of JSON takes a number, and nothing that adds a member; the failure tells no value', async () => {
    const declared = { headers: { 'Content-Type': 'application/json' } };
    const process = [manual('Check'), call('count', { body: `{"count": #{${NOTES}}}` })];
    const [good, bad, alone] = [
      await started(process),
      await started(process),
      await started([manual('Check'), call('count', { body: `#{${NOTES}}`, ...declared })]),
    ];
    const evil = '0, "x": []';

    await runs.answers(ada, await runs.question(good.id), 'proceed', '17');
    await runs.answers(ada, await runs.question(bad.id), 'proceed', evil);
    await runs.answers(ada, await runs.question(alone.id), 'proceed', `{"count": ${evil}}`);

    await api.reaches(good.id, 'baking');
    expect(requestsOf(good.id).map(({ body }) => body)).toEqual(['{"count": 17}']);
    for (const { id } of [bad, alone]) {
      await api.reaches(id, 'failed');
      const step = (await runs.deployment(id)).steps.find(({ name }) => name === 'count');
      expect([callsOf(id), step]).toEqual([[], expect.objectContaining({ state: 'failed', errored: false })]);
      expect(step?.error).toContain(`The body has #{${NOTES}} outside of quotes, and its value is not a number`);
      expect(step?.error).not.toContain(evil);
    }
  });

  it('VAR-2: an answer without what is to be saved fails the step; a NUL in it is none that a store would refuse', async () => {
    endpoint.answer({ status: 200, body: '{"id":"a\\u0000b"}' });
    const { id } = await started([call('build', { outputs: { id: 'id' } }), call('use', { outputs: { no: 'no' } })]);

    await api.reaches(id, 'failed');

    const { id: deployment, steps } = await runs.deployment(id);
    expect((await runs.variables(deployment))['Octopus.Action[build].Output.id']).toBe('a\ufffdb');
    expect(steps[2]).toMatchObject({ name: 'use', state: 'failed', errored: false });
    expect(steps[2]?.error).toContain('"no"');
  });

  it('PRO-5: what cannot be reached, or says later, is sent again under one key, and then succeeds', async () => {
    endpoint.answer('reset', { status: 503 }, { status: 429 }, { status: 200 });
    const { id } = await started([call('tests')]);

    await api.reaches(id, 'baking');

    expect(requestsOf(id)).toHaveLength(4);
    expect(new Set(requestsOf(id).map(({ key }) => key)).size).toBe(1);
    const log = await runs.log((await runs.deployment(id)).id);
    expect(log.filter((line) => line.startsWith('tests: Send '))).toEqual([
      expect.stringMatching(/^tests: Send 1 of 5 \(POST 127\.0\.0\.1:\d+\/build\/tests\) came to nothing: /),
      expect.stringContaining('Send 2 of 5'),
      expect.stringContaining('Send 3 of 5'),
    ]);
    expect(log[3]).toMatch(/^tests: Started: POST 127\.0\.0\.1:\d+\/build\/tests$/);
    expect(api.stepsAgain.filter(({ release }) => release === id)).toEqual([
      expect.objectContaining({ environment: 'staging', step: 'tests' }),
      expect.objectContaining({ reason: 'The endpoint answered 503' }),
      expect.objectContaining({ reason: 'The endpoint answered 429' }),
    ]);
  }, 30_000);

  it('PRO-5: a refusal fails it at once, and is told on the deployment; a retry of the phase has another key', async () => {
    endpoint.answer({ status: 422, body: 'no' });
    const { id } = await started([call('tests'), call('then')]);

    await api.reaches(id, 'failed');

    expect(callsOf(id)).toEqual(['tests']);
    expect(await runs.deployment(id)).toMatchObject({ state: 'failed', errored: false, endedBy: null });
    expect((await runs.deployment(id)).steps[1]).toMatchObject({ state: 'failed', errored: false });
    expect((await runs.deployment(id)).steps[1]?.error).toContain('422');
    endpoint.answer({ status: 200 });
    await ada.acts(id, 'retry');
    await api.reaches(id, 'baking');
    expect(callsOf(id)).toEqual(['tests', 'tests', 'then']);
    expect(new Set(requestsOf(id).map(({ key }) => key)).size).toBe(3);
  });

  it('PRO-5: an endpoint that hangs is given up after its timeout, again and again, and then the step', async () => {
    endpoint.answer('hang');
    const { id } = await started([call('tests', { timeout: 100 })]);

    await api.reaches(id, 'failed');

    expect(requestsOf(id)).toHaveLength(5);
    expect(await runs.deployment(id)).toMatchObject({ state: 'failed', errored: true });
  }, 40_000);

  it('REL-32: an abort while it hangs waits for nobody: nothing else is sent, and all is back', async () => {
    endpoint.answer('hang');
    const { id, flag } = await started([
      call('tests', { timeout: '5m' }),
      call('always', { runWhen: 'always' }),
      call('failure', { runWhen: 'failure' }),
    ]);
    await eventually('it hangs', () => callsOf(id).length === 1);

    await ada.acts(id, 'abort', { reason: 'Enough' });

    await api.reaches(id, 'aborted');
    expect((await api.seesOf(flag)).staging).toBe(false);
    expect(await runs.deployment(id)).toMatchObject({
      state: 'aborted',
      endedBy: { user: 'ada', notes: 'Enough' },
      steps: [{ state: 'succeeded' }, { state: 'aborted' }, { state: 'aborted' }, { state: 'aborted' }],
    });
    expect(callsOf(id)).toEqual(['tests']);
    // Its endpoint hangs on: a worker that stops does not wait for that.
    await api.stopWorker();
    await api.startWorker();
  });

  it('VAR-4: a sensitive variable reaches the endpoint, and no answer, log, event or instructions', async () => {
    const SECRET = 'planted-in-a-step-of-a-process';
    await api.admin.put('/v1/projects/shop/variables/Token', { value: SECRET, sensitive: true });
    endpoint.answer({ status: 400, body: SECRET }, { status: 200 });
    const { id } = await started([
      manual('Check', { instructions: 'Use #{Token}.' }),
      call('tests', { headers: { Authorization: 'Bearer #{Token}' }, body: { token: '#{Token}' } }),
      { name: 'Post', kind: 'notify', url: `${endpoint.url}/Post`, text: 'It is #{Token}', runWhen: 'always' },
    ]);
    const check = await runs.question(id);
    expect(check.instructions).not.toContain(SECRET);
    await runs.answers(ada, check, 'proceed');

    await api.reaches(id, 'failed');

    const [tests, post] = requestsOf(id);
    expect([tests?.headers.authorization, JSON.parse(tests?.body ?? '')]).toEqual([
      `Bearer ${SECRET}`,
      { token: SECRET },
    ]);
    expect(post?.body).not.toContain(SECRET);
    const { deployment } = check;
    const paths = ['', '/events', '/why', '/deployments'].map((path) => `/v1/releases/${id}${path}`);
    const pages = ['', '/log', '/variables'].map((path) => `/v1/deployments/${deployment}${path}`);
    for (const path of [...paths, ...pages, `/v1/audit?release=${id}`, `/v1/interruptions/${check.id}`]) {
      const { status, body } = await api.admin.get(path);
      expect([path, status, JSON.stringify(body).includes(SECRET)]).toEqual([path, 200, false]);
    }
  });
});

describe('what people are told', () => {
  it('PRO-1, VAR-4: a mail with notes in recipient, subject and body: no header, no markup, nothing expanded', async () => {
    const tell = {
      name: 'Tell',
      kind: 'email',
      to: ['grace@example.com', '#{Octopus.Action[Check].Output.Manual.ResponsibleUser.EmailAddress}'],
      subject: `Notes: #{${NOTES}}`,
      body: `**Notes:** #{${NOTES}}`,
    };
    await api.admin.put('/v1/users/ada', {
      email: 'ada@example.com',
      roles: [{ role: 'release-manager', project: 'shop' }],
    });
    const { id } = await started([manual('Check'), tell]);
    const notes =
      'Fine\r\nBcc: evil@example.com\r\n\r\n<script>alert(1)</script> #{Octopus.Release.Id} [x](http://evil.example)';

    await runs.answers(ada, await runs.question(id), 'proceed', notes);

    await api.reaches(id, 'baking');
    const sent = smtp.mails.filter(({ raw }) => raw.includes('Notes: Fine'));
    expect(sent).toHaveLength(1);
    const [mail] = sent;
    if (!mail) throw new Error('There is one');
    const { to, headers, subject, text, html } = mail;
    expect(to.sort()).toEqual(['ada@example.com', 'grace@example.com']);
    expect(headers['bcc']).toBeUndefined();
    expect(subject).toContain('Bcc: evil@example.com');
    expect(subject).not.toMatch(/[\r\n]/);
    expect(html).toContain('<strong>Notes:</strong>');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).not.toMatch(/<script|href="http:\/\/evil/);
    expect(html).toContain('#{Octopus.Release.Id}');
    expect(`${html}${text}${subject}`).not.toContain(id);
  });

  it('PRO-5: a mail without anybody to send it to fails the step at once', async () => {
    const to = ['#{Octopus.Action[Check].Output.Manual.Notes}'];
    const { id } = await started([manual('Check'), { name: 'Tell', kind: 'email', to, subject: 'x', body: 'x' }]);

    await runs.answers(ada, await runs.question(id), 'proceed', 'nobody@example.com, evil@example.com');

    await api.reaches(id, 'failed');
    expect(smtp.mails.some(({ to: all }) => all.includes('evil@example.com'))).toBe(false);
  });

  it('PRO-5: a mail server that is not ready gets it once, a little later', async () => {
    smtp.behave({ code: 451 });
    const { id } = await started([
      { name: 'Tell', kind: 'email', to: ['olga@example.com'], subject: 'Out', body: 'It is out.' },
    ]);
    await eventually('it was tried', async () => {
      const [deployment] = await runs.deployments(id);
      return deployment && (await runs.log(deployment.id)).some((line) => line.startsWith('Tell: Send 1 of 5 came'));
    });
    smtp.behave('take');

    await api.reaches(id, 'baking');

    expect(smtp.mails.filter(({ to }) => to.includes('olga@example.com'))).toHaveLength(1);
  }, 30_000);

  it('VAR-6: a recipient that is empty in this environment says which variable has no value there; saving warned of it', async () => {
    await api.admin.put('/v1/projects/shop/variables/Mail', { value: 'ada@example.com', environments: ['production'] });
    const process = [{ name: 'Tell', kind: 'email', to: ['#{Mail}'], subject: 'Done', body: 'It is out' }];
    const pipeline = await pipelineOf(process);
    const { body: saved } = await api.admin.get<{ warnings: unknown[] }>(`/v1/projects/shop/pipelines/${pipeline}`);
    const id = await ada.starts(pipeline, await api.flag());

    await api.reaches(id, 'failed');

    expect(saved.warnings).toContainEqual({
      path: 'process[0]',
      message: 'names the variable "Mail", which has no value in staging: it is empty there',
    });
    expect((await runs.deployment(id)).steps[1]).toMatchObject({
      state: 'failed',
      error: 'Recipient 1 is no mail address: #{Mail} has no value in staging',
    });
  });

  it('PRO-1, VAR-4: a message to a chat, with its text as JSON, which calls nobody', async () => {
    const { id } = await started([
      manual('Check'),
      { name: 'Post', kind: 'notify', url: `${endpoint.url}/Post`, text: `#{${APPROVED}}: #{${NOTES}}` },
    ]);

    await runs.answers(ada, await runs.question(id), 'proceed', 'Say "hello" <!channel>\n#{Octopus.Release.Id}');

    await api.reaches(id, 'baking');
    const [post] = requestsOf(id);
    expect([post?.method, JSON.parse(post?.body ?? '')]).toEqual([
      'POST',
      { text: 'True: Say "hello" &lt;!channel&gt;\n#{Octopus.Release.Id}' },
    ]);
  });
});
