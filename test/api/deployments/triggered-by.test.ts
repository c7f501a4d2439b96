import { manual, phaseIn, ProcessApi } from '../../support/process-api';
import { ReleaseApi, type Person } from '../../support/release-api';

/*
 * To whom a deployment goes back (`triggeredBy`).
 */

let api: ReleaseApi;
let runs: ProcessApi;
let ada: Person;
let grace: Person;
let olga: Person;

beforeAll(async () => {
  api = await ReleaseApi.start();
  runs = new ProcessApi(api);
  const manager = { role: 'release-manager', project: 'shop' };
  ada = await api.person('ada', [manager]);
  grace = await api.person('grace', [manager]);
  olga = await api.person('olga', [manager]);
  await api.pipeline('one', [phaseIn('all', ['staging'])], { process: [manual('Check')] });
  await api.pipeline('two', [phaseIn('first', ['staging']), phaseIn('second', ['production'])], {
    process: [manual('Check')],
  });
});

afterAll(() => api.close());

/** Phase, attempt and to whom it goes back, of each deployment, oldest first. */
const told = async (release: string) =>
  (await runs.deployments(release)).map(({ phase, attempt, triggeredBy }) => [phase, attempt, triggeredBy]);

it('REL-22: it is who triggered the release, and of a new attempt who retried the phase', async () => {
  const id = await ada.starts('one', await api.flag());
  await runs.answers(olga, await runs.question(id), 'abort', 'Not yet');
  await api.reaches(id, 'failed');

  await grace.acts(id, 'retry');
  await runs.answers(olga, await runs.question(id), 'abort', 'Still not');
  await api.reaches(id, 'failed');
  await olga.acts(id, 'retry');
  const third = await runs.question(id);

  expect(await told(id)).toEqual([
    ['all', 1, 'ada'],
    ['all', 2, 'grace'],
    ['all', 3, 'olga'],
  ]);
  expect((await ada.get(`/v1/deployments/${third.deployment}`)).body).toMatchObject({ triggeredBy: 'olga' });
});

it('REL-20: of a full roll-out it is who asked for that, from where that begins, and again who retried', async () => {
  const id = await ada.starts('two', await api.flag());
  const first = await runs.question(id);
  await grace.acts(id, 'full-rollout');
  await runs.answers(ada, first, 'proceed');
  await runs.answers(ada, await runs.question(id), 'abort', 'No');
  await api.reaches(id, 'failed');

  await olga.acts(id, 'retry');
  await runs.question(id);

  expect(await told(id)).toEqual([
    ['first', 1, 'ada'],
    ['second', 1, 'grace'],
    ['second', 2, 'olga'],
  ]);
});

it('REL-15: who lets the next phase begin early did not trigger its deployment', async () => {
  const id = await ada.starts('two', await api.flag());
  await runs.answers(ada, await runs.question(id), 'proceed');
  await api.reaches(id, 'baking');

  await grace.acts(id, 'skip');
  await runs.question(id);

  expect(await told(id)).toEqual([
    ['first', 1, 'ada'],
    ['second', 1, 'ada'],
  ]);
});
