import { manual, phaseIn, ProcessApi, type InterruptionBody } from '../../support/process-api';
import { ReleaseApi, type DeploymentBody, type Page, type Person } from '../../support/release-api';

/*
 * Lists of what people are asked, and of deployments, narrowed (HTTP-5).
 */

let api: ReleaseApi;
let runs: ProcessApi;
let ada: Person;
let grace: Person;
/** Of a release to two environments, with a step for anybody, one for a team and a failure. */
let release: string;
/** By what is asked where, as `Check in staging`. */
let names: Map<string, string>;

beforeAll(async () => {
  api = await ReleaseApi.start();
  runs = new ProcessApi(api);
  const manager = { role: 'release-manager', project: 'shop' };
  ada = await api.person('ada', [manager]);
  grace = await api.person('grace', [manager]);
  await api.admin.put('/v1/teams/operations', { members: ['ada'] });
  await api.admin.put('/v1/teams/leads', { members: ['grace'] });
  const process = [
    manual('Check'),
    manual('Operations', { start: 'with-previous', teams: ['operations'], environments: ['staging'] }),
    manual('Leads', { start: 'with-previous', teams: ['leads', 'operations'], environments: ['production'] }),
  ];
  await api.pipeline('two', [phaseIn('both', ['staging', 'production'])], { process });
  release = await ada.starts('two', await api.flag());
  const asked = await runs.asked(release, 4);
  names = new Map(asked.map(({ id, title, environment }) => [id, `${title} in ${environment}`]));
  await runs.take(ada, { id: idOf('Operations in staging') });
  await runs.answers(grace, { id: idOf('Check in production') }, 'proceed');
});

afterAll(() => api.close());

const idOf = (name: string) => [...names].find(([, each]) => each === name)?.[0] ?? '';

async function listed(query: string): Promise<string[]> {
  const { status, body } = await ada.get<Page<InterruptionBody>>(`/v1/interruptions?release=${release}&${query}`);
  expect([query, status]).toEqual([query, 200]);
  return body.items.map(({ id }) => names.get(id) ?? id).sort();
}

const everything = ['Check in production', 'Check in staging', 'Leads in production', 'Operations in staging'];

it.each([
  ['kind=manual', everything],
  ['kind=failure', []],
  ['environment=staging', ['Check in staging', 'Operations in staging']],
  ['environment=nowhere', []],
  ['environment=staging&state=taken', ['Operations in staging']],
  ['phase=both', everything],
  ['phase=another', []],
  ['teams=leads', ['Leads in production']],
  ['teams=operations', ['Leads in production', 'Operations in staging']],
  ['teams=leads,operations', ['Leads in production', 'Operations in staging']],
  ['teams=lead', []],
  ['responsibleUser=ada', ['Operations in staging']],
  ['responsibleUser=nobody', []],
  ['submittedBy=grace', ['Check in production']],
  ['submittedBy=ada', []],
  ['mine=true&environment=staging', ['Check in staging', 'Operations in staging']],
  ['mine=true&teams=leads', ['Leads in production']],
])('HTTP-5: what people are asked is narrowed by %s', async (query, expected) => {
  expect(await listed(query)).toEqual(expected);
});

it('HTTP-5: what people are asked is narrowed by the deployment, page by page', async () => {
  const { deployment } = await runs.seenBy(ada, { id: idOf('Check in staging') });
  const query = `deployment=${deployment}&limit=1`;

  const { body: first } = await ada.get<Page<InterruptionBody>>(`/v1/interruptions?${query}`);
  const { body: second } = await ada.get<Page<InterruptionBody>>(
    `/v1/interruptions?${query}&cursor=${first.next ?? ''}`,
  );

  const seen = [...first.items, ...second.items].map(({ id }) => names.get(id));
  expect(seen.sort()).toEqual(['Check in staging', 'Operations in staging']);
  expect(second.next).toBeNull();
});

it.each([
  ['kind=other', 'query.kind'],
  ['kind=manual,failure', 'query.kind'],
  ['teams=', 'query.teams'],
  ['teams=leads,', 'query.teams'],
  ['teams=Leads', 'query.teams'],
  ['environment=%25', 'query.environment'],
  ['phase=', 'query.phase'],
  ['responsibleUser=Ada', 'query.responsibleUser'],
])('HTTP-4: a list of what people are asked refuses %s with its path', async (query, path) => {
  const { status, body } = await ada.get<{ errors?: { path: string }[] }>(`/v1/interruptions?${query}`);

  expect([status, body.errors?.map((error) => error.path)]).toEqual([400, [path]]);
});

it.each([
  ['state=waiting', ['production', 'staging']],
  ['state=waiting,succeeded&environment=staging', ['staging']],
  ['state=succeeded', []],
  ['phase=both', ['production', 'staging']],
  ['phase=other', []],
])('HTTP-5: deployments of a release are narrowed by %s', async (query, expected) => {
  const { status, body } = await ada.get<Page<DeploymentBody>>(`/v1/releases/${release}/deployments?${query}`);

  expect([status, body.items.map(({ environment }) => environment).sort()]).toEqual([200, expected]);
});

it('HTTP-4: a list of deployments refuses a state that there is not, with its path', async () => {
  const { status, body } = await ada.get<{ errors?: { path: string }[] }>(
    `/v1/releases/${release}/deployments?state=done`,
  );

  expect([status, body.errors?.map((error) => error.path)]).toEqual([400, ['query.state']]);
});
