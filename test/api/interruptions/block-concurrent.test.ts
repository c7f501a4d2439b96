import { eventually } from '../../support/eventually';
import { manual, phaseIn, ProcessApi } from '../../support/process-api';
import { ReleaseApi, type Person } from '../../support/release-api';

/*
 * A manual step that keeps other deployments to its environment waiting (INT-9).
 */

let api: ReleaseApi;
let runs: ProcessApi;
let ada: Person;

const blocking = { process: [manual('Check', { blockConcurrent: true })] };

beforeAll(async () => {
  api = await ReleaseApi.start();
  runs = new ProcessApi(api);
  ada = await api.person('ada', [{ role: 'release-manager', project: 'shop' }]);
  await api.pipeline('blocking', [phaseIn('all', ['staging'])], blocking);
  await api.pipeline('leaving', [phaseIn('all', ['staging'])], { process: [manual('Check')] });
  await api.pipeline('plain', [phaseIn('all', ['staging'])]);
  await api.pipeline('elsewhere', [phaseIn('all', ['production'])]);
  await api.pipeline('later', [phaseIn('first', ['production']), phaseIn('second', ['staging'])]);
});

afterAll(() => api.close());

/** A release with its own flag, and that flag. */
async function started(pipeline: string): Promise<{ id: string; flag: string }> {
  const flag = await api.flag();
  return { id: await ada.starts(pipeline, flag), flag };
}

const seenInStaging = async (flag: string) => (await api.seesOf(flag)).staging;

/** What why says of a release: what kind of thing keeps it, where, which question, and of which releases. */
async function blockers(release: string): Promise<unknown[]> {
  interface Why {
    blockers: { kind: string; environment: string; interruption: string; releases: string[] }[];
  }
  const { body } = await ada.get<Why>(`/v1/releases/${release}/why`);
  return body.blockers
    .filter(({ kind }) => kind === 'interruption')
    .map(({ kind, environment, interruption, releases }) => [kind, environment, interruption, releases]);
}

/** The store has written down what a release waits for: it will not go on by itself from there. */
async function waits(release: string): Promise<void> {
  await eventually(`${release} waits`, async () => {
    const row = await api.store.read
      .selectFrom('releases')
      .select('blockedBy')
      .where('id', '=', release)
      .executeTakeFirstOrThrow();
    return row.blockedBy !== null;
  });
}

it.each([
  ['is answered', (of: { id: string }) => runs.answers(ada, of, 'proceed')],
  ['is aborted', (of: { id: string }) => runs.answers(ada, of, 'abort', 'No')],
  ['is closed', ({ release }: { release: string }) => ada.acts(release, 'abort')],
] as const)('INT-9: the first phase of another release waits, and goes on when it %s', async (_, ending) => {
  const first = await started('blocking');
  const check = await runs.question(first.id);
  const second = await started('plain');
  await waits(second.id);
  expect(await seenInStaging(second.flag)).toBe(false);
  const queued = await runs.deployment(second.id);
  expect(queued).toMatchObject({
    ...{ state: 'queued', environment: 'staging', attempt: 1, startedAt: null, triggeredBy: 'ada' },
    steps: [{ name: 'roll-out', state: 'pending' }],
  });

  await (ending as (of: { id: string; release: string }) => Promise<unknown>)(check);

  await api.reaches(second.id, 'baking');
  expect(await seenInStaging(second.flag)).toBe(true);
  expect(await runs.deployment(second.id)).toMatchObject({ id: queued.id, state: 'succeeded' });
});

it('INT-9: all deployments of a phase are held, and why names those environments alone that are blocked', async () => {
  const first = await started('blocking');
  const check = await runs.question(first.id);
  await api.pipeline('wide', [phaseIn('all', ['staging', 'production'])], { process: [manual('Look')] });
  const second = await started('wide');
  await waits(second.id);

  const queued = await runs.deployments(second.id);
  expect(queued.map(({ environment, state }) => [environment, state]).sort()).toEqual([
    ['production', 'queued'],
    ['staging', 'queued'],
  ]);
  expect(queued.map(({ steps }) => steps.map(({ name, state }) => [name, state]))).toEqual(
    Array(2).fill([
      ['Roll out', 'pending'],
      ['Look', 'pending'],
    ]),
  );
  expect(await blockers(second.id)).toEqual([['interruption', 'staging', check.id, [first.id]]]);
  await runs.answers(ada, check, 'proceed');

  const asked = await runs.asked(second.id, 2);
  expect(asked.map(({ deployment }) => deployment).sort()).toEqual(queued.map(({ id }) => id).sort());
});

it('INT-9: of a release that blocks several environments why names those that others go to', async () => {
  await api.pipeline('blocks-both', [phaseIn('all', ['staging', 'production'])], blocking);
  const first = await started('blocks-both');
  const both = await runs.asked(first.id, 2);
  const second = await started('elsewhere');
  await waits(second.id);

  const inProduction = both.find(({ environment }) => environment === 'production');
  expect(await blockers(second.id)).toEqual([['interruption', 'production', inProduction?.id, [first.id]]]);
  for (const each of both) {
    await runs.answers(ada, each, 'proceed');
  }
  await api.reaches(second.id, 'baking');
});

it('INT-9: a later phase waits as well, also once it is taken, and a deadline lets it go on', async () => {
  const deadline = { after: 3_000, outcome: 'proceed' };
  await api.pipeline('timed', [phaseIn('all', ['staging'])], {
    process: [manual('Check', { blockConcurrent: true, deadline })],
  });
  const second = await started('later');
  await api.reaches(second.id, 'baking', 'first');
  const first = await started('timed');
  await runs.take(ada, await runs.question(first.id));
  await ada.acts(second.id, 'skip');
  await waits(second.id);
  expect(await seenInStaging(second.flag)).toBe(false);

  await api.reaches(second.id, 'baking', 'second');

  expect(await runs.open(first.id)).toEqual([]);
  expect(await seenInStaging(second.flag)).toBe(true);
});

it('INT-9: a full roll-out waits as well', async () => {
  const second = await started('later');
  await api.reaches(second.id, 'baking', 'first');
  const first = await started('blocking');
  const check = await runs.question(first.id);

  await ada.acts(second.id, 'full-rollout');
  await waits(second.id);
  expect(await seenInStaging(second.flag)).toBe(false);
  await runs.answers(ada, check, 'proceed');

  await api.reaches(second.id, 'completed');
  expect(await seenInStaging(second.flag)).toBe(true);
});

it('INT-9: one that waits can be aborted meanwhile, and is touched nowhere', async () => {
  const first = await started('blocking');
  const check = await runs.question(first.id);
  const second = await started('plain');
  await waits(second.id);

  await ada.acts(second.id, 'abort');

  await api.reaches(second.id, 'aborted');
  expect(await seenInStaging(second.flag)).toBe(false);
  expect(await runs.deployment(second.id)).toMatchObject({
    ...{ state: 'aborted', startedAt: null, endedBy: { user: 'ada' } },
    steps: [{ state: 'aborted' }],
  });
  await runs.answers(ada, check, 'proceed');
});

it('INT-9: one that waits and would block others blocks none; in the end all of them go on', async () => {
  const first = await started('blocking');
  const check = await runs.question(first.id);
  const second = await started('blocking');
  const third = await started('plain');
  await waits(second.id);
  await waits(third.id);

  await runs.answers(ada, check, 'proceed');

  // Whichever of the two came first: the other goes on in the end.
  await runs.answers(ada, await runs.question(second.id), 'proceed');
  await api.reaches(second.id, 'baking');
  await api.reaches(third.id, 'baking');
});

it('INT-9: other environments do not wait, nor anything where the step does not say so', async () => {
  const blocked = await started('blocking');
  const check = await runs.question(blocked.id);
  const elsewhere = await started('elsewhere');
  await api.reaches(elsewhere.id, 'baking');
  await runs.answers(ada, check, 'proceed');

  const leaving = await started('leaving');
  const question = await runs.question(leaving.id);
  await api.reaches((await started('plain')).id, 'baking');

  expect((await runs.seenBy(ada, question)).state).toBe('pending');
});
