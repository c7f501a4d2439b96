import { startHttpEndpoint, type HttpEndpoint } from '../../support/http-endpoint';
import { manual, phaseIn, ProcessApi, told } from '../../support/process-api';
import { ReleaseApi, type Person, type WhyBody } from '../../support/release-api';
import { startVersionTarget, type VersionTarget } from '../../support/version-target';
import { stopTargets } from '../../targets/webhooks/webhook-target';

/*
 * A step that fails asks a person first, where the pipeline wants that (INT-10).
 */

let api: ReleaseApi;
let runs: ProcessApi;
let endpoint: HttpEndpoint;
let target: VersionTarget;
let ada: Person;
let olga: Person;

beforeAll(async () => {
  endpoint = await startHttpEndpoint();
  target = await startVersionTarget();
  api = await ReleaseApi.start();
  runs = new ProcessApi(api);
  ada = await api.person('ada', [{ role: 'release-manager', project: 'shop' }]);
  olga = await api.person('olga', [{ role: 'developer', project: 'shop' }]);
});

afterEach(() => {
  endpoint.answer({ status: 200 });
  target.meet(null);
});

afterAll(async () => {
  await api.close();
  await endpoint.stop();
  await stopTargets();
});

let names = 0;

async function started(process: object[], changes?: object[], more: object = {}): Promise<string> {
  names += 1;
  const pipeline = await api.pipeline(`guided-${names}`, [phaseIn('all', ['staging'])], {
    process,
    guidedFailure: true,
    ...more,
  });
  return ada.starts(pipeline, changes ? { changes } : await api.flag());
}

const call = (name: string, more: object = {}) => ({ name, kind: 'http', url: endpoint.url, ...more });

const keysOf = (release: string) =>
  endpoint.requests.filter(({ key }) => key.startsWith(release)).map(({ key }) => key);

describe('a call that is refused', () => {
  it('INT-10: asks whoever may deploy, and says what went wrong; nothing has failed yet', async () => {
    endpoint.answer({ status: 400 });
    const id = await started([call('Tests')]);

    const question = await runs.question(id);

    expect(question).toMatchObject({
      ...{ kind: 'failure', title: 'Tests has failed', state: 'pending', teams: [], deadline: null },
      results: ['fail', 'retry', 'ignore'],
      instructions: expect.stringContaining('400') as string,
    });
    expect((await ada.release(id)).state).toBe('waiting-for-intervention');
    expect(await runs.deployment(id)).toMatchObject({ state: 'waiting', interruptions: [question.id] });
    expect(told(await runs.take(olga, question))).toBe('403 interruption.not-allowed');
    await runs.take(ada, question);
    for (const result of ['proceed', 'abort']) {
      expect(told(await runs.submit(ada, question, { result }))).toBe('409 interruption.result-unknown');
    }
  });

  it('INT-10: fail lets it fail, and asks no more', async () => {
    endpoint.answer({ status: 400 });
    const id = await started([call('Tests'), call('Clean up', { runWhen: 'failure' })]);
    const question = await runs.question(id);
    endpoint.answer({ status: 200 });

    await runs.answers(ada, question, 'fail', 'It is\nbroken');

    await api.reaches(id, 'failed');
    expect((await ada.get<WhyBody>(`/v1/releases/${id}/why`)).body.blockers).toMatchObject([
      { kind: 'failed', detail: expect.stringMatching(/Tests: .* 400; ada answered fail: It is broken\)$/) as string },
    ]);
    expect(await runs.log(question.deployment)).toContain('Tests: ada answered fail: It is broken');
    expect(await runs.steps(id)).toMatchObject({ Tests: 'failed', 'Clean up': 'succeeded' });
    expect(await runs.deployment(id)).toMatchObject({ state: 'failed', errored: false });
  });

  it('INT-10, WHK-3: retry sends it again under another key, as often as somebody says so', async () => {
    endpoint.answer({ status: 400 });
    const id = await started([call('Tests')]);
    await runs.answers(ada, await runs.question(id), 'retry');
    const again = await runs.question(id);
    endpoint.answer({ status: 200 });

    await runs.answers(ada, again, 'retry');

    await api.reaches(id, 'baking');
    expect(new Set(keysOf(id)).size).toBe(3);
    expect(await runs.deployment(id)).toMatchObject({
      state: 'succeeded',
      attempt: 1,
      steps: [{}, { name: 'Tests', state: 'succeeded', try: 3, error: null }],
    });
  });

  it('INT-10: ignore goes on as if it had succeeded', async () => {
    endpoint.answer({ status: 400 }, { status: 200 });
    const id = await started([call('Tests'), call('Then')]);

    await runs.answers(ada, await runs.question(id), 'ignore', 'A flaky test');

    await api.reaches(id, 'baking');
    expect((await runs.deployment(id)).steps).toMatchObject([
      { name: 'Roll out', ignored: false },
      { name: 'Tests', state: 'succeeded', error: null, errored: false, ignored: true },
      { name: 'Then', state: 'succeeded', ignored: false },
    ]);
    expect((await runs.deployment(id)).steps[1]?.detail).toMatch(/^ada answered ignore: .*400/);
    expect((await runs.variables((await runs.deployment(id)).id))['Octopus.Deployment.Error']).toBe('');
  });

  it('INT-10, PRO-4: a required one cannot be ignored', async () => {
    endpoint.answer({ status: 400 });
    const id = await started([call('Tests', { required: true })]);
    const question = await runs.question(id);
    await runs.take(ada, question);

    expect(question.results).toEqual(['fail', 'retry']);
    const { status, body } = await runs.submit(ada, question, { result: 'ignore' });
    expect([status, body.code, body.facts]).toEqual([
      409,
      'interruption.result-unknown',
      expect.objectContaining({ results: ['fail', 'retry'] }),
    ]);
    expect(told(await runs.submit(ada, question, { result: 'fail' }))).toBe('200 submitted');
  });

  it('INT-10, PRO-5: one that could not be reached is errored when it is to fail', async () => {
    endpoint.answer('reset');
    const id = await started([call('Tests')]);
    const question = await runs.question(id);

    await runs.answers(ada, question, 'fail');

    await api.reaches(id, 'failed');
    expect(await runs.deployment(id)).toMatchObject({
      state: 'failed',
      errored: true,
      steps: [{}, { name: 'Tests', state: 'failed', errored: true }],
    });
    expect(new Set(keysOf(id)).size).toBe(1);
    expect(keysOf(id)).toHaveLength(5);
  }, 60_000);

  it('INT-7: is closed by an abort of the release', async () => {
    endpoint.answer({ status: 400 });
    const id = await started([call('Tests')]);
    const question = await runs.question(id);

    await ada.acts(id, 'abort');

    expect((await runs.seenBy(ada, question)).state).toBe('closed');
    await api.reaches(id, 'aborted');
    expect(told(await runs.take(ada, question))).toBe('409 interruption.closed');
  });
});

describe('a condition that cannot be evaluated', () => {
  /** Passes the check at save, as what the trigger says is known only then. */
  const unsound = { expression: 'int(vars["Octopus.Release.Source.Ref"]) > 1' };

  it('INT-10, PRO-3: is not true for being retried: the step does not run before its condition says so', async () => {
    const id = await started([call('Tests', { runWhen: unsound })]);
    const question = await runs.question(id);

    await runs.answers(ada, question, 'retry');

    expect((await runs.question(id)).id).not.toBe(question.id);
    expect(keysOf(id)).toEqual([]);
  });
});

describe('a roll-out that is refused', () => {
  async function service(): Promise<string> {
    names += 1;
    const name = `service-${names}`;
    const endpoints = { staging: target.urlOf(name, 'staging') };
    expect((await api.admin.put(`/v1/projects/shop/services/${name}`, { endpoints })).status).toBe(201);
    return name;
  }

  function refuses(name: string): void {
    target.meet(({ data }, response) => {
      if (data.service !== name) return undefined;
      response.writeHead(400).end();
      return true;
    });
  }

  it('INT-10, WHK-3: retry brings it there under another key; nobody can ignore it', async () => {
    const name = await service();
    refuses(name);
    const id = await started([manual('Check')], [{ service: name, version: '2' }]);
    const question = await runs.question(id);
    expect(question).toMatchObject({ kind: 'failure', title: 'Roll out has failed', results: ['fail', 'retry'] });
    target.meet(null);

    await runs.answers(ada, question, 'retry');

    const check = await runs.question(id);
    expect(check.title).toBe('Check');
    expect(target.versionOf(name, 'staging')).toBe('2');
    const keys = target.deliveries.filter(({ data }) => data.service === name).map(({ id: key }) => key);
    expect(new Set(keys).size).toBe(2);
    await runs.answers(ada, check, 'proceed');
    await api.reaches(id, 'baking');
  });

  it('INT-10: fail fails the phase, which a retry deploys anew', async () => {
    const name = await service();
    refuses(name);
    const id = await started([manual('Check')], [{ service: name, version: '2' }]);
    await runs.answers(ada, await runs.question(id), 'fail');
    await api.reaches(id, 'failed');
    target.meet(null);

    await ada.acts(id, 'retry');
    await runs.answers(ada, await runs.question(id), 'proceed');

    await api.reaches(id, 'baking');
    expect((await runs.deployments(id)).map(({ attempt, state }) => [attempt, state])).toEqual([
      [1, 'failed'],
      [2, 'succeeded'],
    ]);
    const keys = target.deliveries.filter(({ data }) => data.service === name).map(({ id: key }) => key);
    expect(new Set(keys).size).toBe(2);
  });
});
