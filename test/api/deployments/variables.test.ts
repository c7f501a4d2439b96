import { startHttpEndpoint, type HttpEndpoint } from '../../support/http-endpoint';
import { manual, phaseIn, ProcessApi } from '../../support/process-api';
import { ReleaseApi, type Answer, type Person } from '../../support/release-api';
import { ON } from '../../support/store-fixtures';

/*
 * What the steps of a deployment can use (VAR-1, VAR-5 … VAR-8), and its log.
 */

let api: ReleaseApi;
let runs: ProcessApi;
let endpoint: HttpEndpoint;
let ada: Person;
let grace: Person;

const manager = { role: 'release-manager', project: 'shop' };
const staging = [phaseIn('all', ['staging'])];

beforeAll(async () => {
  endpoint = await startHttpEndpoint();
  api = await ReleaseApi.start();
  runs = new ProcessApi(api);
  ada = await api.person('ada', [manager]);
  grace = await api.person('grace', [manager]);
  await api.admin.put('/v1/users/ada', {
    ...{ displayName: 'Ada Lovelace', email: 'ada@example.com', roles: [manager] },
  });
});

afterEach(() => endpoint.answer({ status: 200 }));

afterAll(async () => {
  await api.close();
  await endpoint.stop();
});

let names = 0;

async function started(process: object[], trigger: object = {}, by = ada): Promise<string> {
  names += 1;
  const pipeline = await api.pipeline(`variables-${names}`, staging, { process });
  return by.starts(pipeline, { changes: [{ flag: await api.flag(), definition: ON }], ...trigger });
}

const call = (name: string, more: object = {}): object => ({
  name,
  kind: 'http',
  url: `${endpoint.url}/${name}`,
  ...more,
});

const bodiesOf = (release: string): unknown[] =>
  endpoint.requests
    .filter(({ key, body }) => key.startsWith(release) && body !== '')
    .map(({ body }) => JSON.parse(body) as unknown);

async function variable(name: string, body: object, status = 201): Promise<void> {
  const answer = await api.admin.put(`/v1/projects/shop/variables/${name}`, body);
  expect([name, answer.status]).toEqual([name, status]);
}

/** The variables that a manual step has left behind, by the last part of their names. */
async function leftBy(step: string, deployment: string): Promise<Record<string, string | null>> {
  const prefix = `Octopus.Action[${step}].Output.`;
  const all = Object.entries(await runs.variables(deployment));
  return Object.fromEntries(
    all.flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [])),
  );
}

const userId = async (name: string): Promise<string> => {
  const row = await api.store.read.selectFrom('users').select('id').where('slug', '=', name).executeTakeFirstOrThrow();
  return row.id;
};

describe('what a manual step leaves behind', () => {
  it.each([
    ['proceed', 'True'],
    ['abort', 'False'],
  ])('VAR-1: exactly six texts, after %s', async (result, approved) => {
    const id = await started([manual('Check it, twice!')]);
    const { deployment, ...check } = await runs.question(id);

    await runs.answers(ada, check, result, '  as\nentered ');

    expect(await leftBy('Check it, twice!', deployment)).toEqual({
      'Manual.Notes': '  as\nentered ',
      'Manual.Approved': approved,
      'Manual.ResponsibleUser.Id': await userId('ada'),
      'Manual.ResponsibleUser.Username': 'ada',
      'Manual.ResponsibleUser.DisplayName': 'Ada Lovelace',
      'Manual.ResponsibleUser.EmailAddress': 'ada@example.com',
    });
  });

  it('VAR-1: of who submitted, not of who had taken it first, and without the prefix the same', async () => {
    const both = ['Octopus.Action[Check].Output.Manual.', 'Action[Check].Output.Manual.'].map(
      (of) => `#{${of}ResponsibleUser.Username} #{${of}ResponsibleUser.EmailAddress}|`,
    );
    const id = await started([manual('Check'), call('use', { body: both })]);
    const check = await runs.question(id);
    await runs.take(ada, check);
    await api.admin.post(`/v1/interruptions/${check.id}/reassign`, { user: 'grace' });

    await runs.submit(grace, check, { result: 'proceed' });

    await api.reaches(id, 'baking');
    expect(bodiesOf(id)).toEqual([['grace |', 'grace |']]);
  });

  it('VAR-8: those of a step that did not run are empty where they are used, and can be asked for', async () => {
    const of = 'Octopus.Action[Check].Output.Manual';
    const id = await started(
      [
        manual('Check'),
        call('use', {
          body: [`<#{${of}.Notes}>`, `<#{${of}.Approved}>`],
          runWhen: { expression: `vars["${of}.Approved"] == "" && vars["${of}.ResponsibleUser.Id"] == ""` },
        }),
      ],
      { skipSteps: ['Check'] },
    );

    await api.reaches(id, 'baking');

    expect(bodiesOf(id)).toEqual([['<>', '<>']]);
  });
});

describe('what every deployment has', () => {
  it('VAR-7: names, ids, versions and the facts of the build; empty where there are none', async () => {
    for (const service of ['payments', 'search']) {
      const made = await api.admin.put(`/v1/projects/shop/services/${service}`, {
        endpoints: { staging: endpoint.url },
      });
      expect(made.status).toBe(201);
    }
    const versions = ['payments', 'search'].map((service) => `<#{Octopus.Release.Version[${service}]}>`);
    const source = {
      ...{ repository: 'example/shop', commit: 'c0ffee', ref: 'refs/heads/main' },
      ...{ runUrl: 'https://ci.example.com/7', actor: 'grace' },
    };
    const changes = [{ service: 'payments', version: '1.4.2' }];
    const id = await started([call('use', { body: versions }), manual('Check')], { source, changes });
    const { deployment } = await runs.question(id);

    const variables = await runs.variables(deployment);

    expect(variables).toMatchObject({
      'Octopus.Project.Name': 'shop',
      'Octopus.Environment.Name': 'staging',
      'Octopus.Deployment.Tenant.Name': '',
      'Octopus.Release.Id': id,
      'Octopus.Deployment.Id': deployment,
      'Octopus.Deployment.Error': '',
      'Octopus.Release.Source.Repository': 'example/shop',
      'Octopus.Release.Source.Commit': 'c0ffee',
      'Octopus.Release.Source.Ref': 'refs/heads/main',
      'Octopus.Release.Source.RunUrl': 'https://ci.example.com/7',
      'Octopus.Release.Source.Actor': 'grace',
    });
    expect(bodiesOf(id)).toEqual([['<1.4.2>', '<>']]);
    const bare = await runs.question(await started([manual('Check')]));
    expect(await runs.variables(bare.deployment)).toMatchObject({
      'Octopus.Release.Source.Commit': '',
      'Octopus.Release.Source.Actor': '',
    });
  });

  it('VAR-7, PRO-8: why an earlier step has failed, for those that run after it', async () => {
    endpoint.answer({ status: 400 }, { status: 200 });
    const id = await started([
      call('tests'),
      call('tell', {
        runWhen: 'failure',
        body: '{"why":"#{Octopus.Deployment.Error}"}',
        headers: { 'Content-Type': 'application/json' },
      }),
    ]);

    await api.reaches(id, 'failed');

    const why = bodiesOf(id).at(-1) as { why: string };
    expect(why.why).toBe("Step 'tests': The endpoint answered 400");
    expect((await runs.variables((await runs.deployment(id)).id))['Octopus.Deployment.Error']).toBe(why.why);
  });
});

describe('variables of the project', () => {
  it('VAR-5, VAR-6: are those of its environment; a sensitive one is listed without its value', async () => {
    await variable('Region', { value: 'eu' });
    await variable('Replicas', { value: '3', environments: ['production'] });
    await variable('Password', { value: 'planted-among-variables', sensitive: true });
    const id = await started([manual('Check', { instructions: '#{Region} <#{Replicas}> #{Password}' })]);
    const check = await runs.question(id);

    const { body } = await ada.get<{ items: { name: string }[]; next: null }>(
      `/v1/deployments/${check.deployment}/variables`,
    );

    const own = body.items.filter(({ name }) => !name.startsWith('Octopus.'));
    // A list like any other, of which there is never another page (HTTP-5).
    expect(body.next).toBeNull();
    expect(own).toEqual([
      { name: 'Password', value: null, sensitive: true, source: 'project' },
      { name: 'Region', value: 'eu', sensitive: false, source: 'project' },
    ]);
    expect(check.instructions).toMatch(/^eu <> /);
    expect(JSON.stringify([body, check])).not.toContain('planted-among-variables');
  });

  it('VAR-6: one that is mended while the phase has failed is used by the retry, and by nothing that ran before', async () => {
    await variable('Address', { value: 'wrong' });
    endpoint.answer({ status: 400 }, { status: 200 });
    const id = await started([call('use', { body: ['#{Address}'] })]);
    await api.reaches(id, 'failed');
    const { digest } = await ada.release(id);

    await variable('Address', { value: 'right' }, 200);
    await ada.acts(id, 'retry');

    await api.reaches(id, 'baking');
    expect(bodiesOf(id)).toEqual([['wrong'], ['right']]);
    const [first, second] = await runs.deployments(id);
    expect((await runs.variables(first?.id ?? ''))['Address']).toBe('wrong');
    expect((await runs.variables(second?.id ?? ''))['Address']).toBe('right');
    expect((await ada.release(id)).digest).toBe(digest);
  });

  it('VAR-6: one that changes while a deployment waits is as it was when that started', async () => {
    await variable('Channel', { value: 'before' });
    const id = await started([manual('Check'), call('use', { body: ['#{Channel}'] })]);
    const check = await runs.question(id);

    await variable('Channel', { value: 'after' }, 200);
    await runs.answers(ada, check, 'proceed');

    await api.reaches(id, 'baking');
    expect(bodiesOf(id)).toEqual([['before']]);
  });

  it('VAR-4: a value that looks like a template is a value', async () => {
    await variable('Odd', { value: '#{Octopus.Release.Id} #{' });
    const id = await started([call('use', { body: { odd: '#{Odd}' } })]);

    await api.reaches(id, 'baking');

    expect(bodiesOf(id)).toEqual([{ odd: '#{Octopus.Release.Id} #{' }]);
  });
});

describe('the pages of a deployment', () => {
  it('INT-1: what waits stands first, and a viewer of the project sees it', async () => {
    const vera = await api.person('vera', [{ role: 'viewer', project: 'shop' }]);
    const id = await started([manual('First'), manual('Second')]);
    const first = await runs.question(id);
    await runs.answers(ada, first, 'proceed');
    const second = await runs.question(id);

    const { status, body } = await vera.get<object>(`/v1/deployments/${second.deployment}`);

    expect([status, body]).toEqual([
      200,
      expect.objectContaining({ state: 'waiting', interruptions: [second.id, first.id] }),
    ]);
  });

  it('HTTP-5: the log is read in pages, oldest first', async () => {
    const id = await started([manual('Check')]);
    const check = await runs.question(id);
    await runs.answers(ada, check, 'proceed', 'Good');
    await api.reaches(id, 'baking');
    const whole = await runs.log(check.deployment);
    const lines: string[] = [];

    let next: string | null = '';
    while (next !== null) {
      const cursor: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
      const page: Answer<{ items: { message: string; step: string | null }[]; next: string | null }> = await ada.get(
        `/v1/deployments/${check.deployment}/log?limit=2${cursor}`,
      );
      lines.push(...page.body.items.map(({ step, message }) => (step === null ? message : `${step}: ${message}`)));
      next = page.body.next;
    }

    expect(lines).toEqual(whole);
    expect(whole).toEqual([
      'The deployment of phase all has started',
      'Roll out: Started',
      'Roll out: Succeeded',
      `Check: Waiting for whoever may deploy (interruption ${check.id})`,
      'Check: ada has taken it',
      'Check: ada answered proceed: Good',
      'The deployment has succeeded',
    ]);
  });

  it('SEC-4: another project’s are not there', async () => {
    await api.admin.put('/v1/projects/blog', {});
    const olga = await api.person('olga', [{ role: 'administrator', project: 'blog' }]);
    const { deployment } = await runs.question(await started([manual('Check')]));

    for (const path of ['', '/variables', '/log']) {
      const { status, body } = await olga.get<{ code: string }>(`/v1/deployments/${deployment}${path}`);
      expect([path, status, body.code]).toEqual([path, 404, 'deployment.unknown']);
    }
  });
});
