import type { ProblemBody } from '../../../src/api/problem';
import { eventually } from '../../support/eventually';
import { phase, ReleaseApi, type ActionBody, type Answer, type Person } from '../../support/release-api';

interface Interruption {
  id: string;
  state: string;
  responsibleUser: string | null;
  result: string | null;
  submittedBy: string | null;
}
type Answered = Answer<Interruption & ActionBody & ProblemBody>;

let api: ReleaseApi;
let pipeline: string;

beforeAll(async () => {
  api = await ReleaseApi.start();
  pipeline = await api.pipeline('asked', [phase('all', { rules: [{ environments: ['staging'] }] })], {
    process: [{ name: 'Check dashboards', kind: 'manual', instructions: 'Look.' }],
  });
});
afterAll(() => api.close());

/** A release that asks a person; what it asks. */
async function asks(): Promise<{ release: string; interruption: Interruption }> {
  const release = await api.admin.starts(pipeline, await api.flag());
  const interruption = await eventually(`release ${release} asks a person`, async () => {
    const { body } = await api.admin.get<{ items: Interruption[] }>(`/v1/interruptions?release=${release}`);
    return body.items[0];
  });
  return { release, interruption };
}

const take = (by: Person, { id }: Interruption): Promise<Answered> => by.post(`/v1/interruptions/${id}/take`);
const submit = (by: Person, { id }: Interruption, result: string, key?: string): Promise<Answered> =>
  by.post(`/v1/interruptions/${id}/submit`, { result, notes: 'All green' }, key ? { 'idempotency-key': key } : {});

it('INT-2, INT-4: of fifty who take it at once one gets it, and 49 are told who', async () => {
  const people = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      api.person(`person-${index}`, [{ role: 'release-manager', project: 'shop' }]),
    ),
  );
  const { release, interruption } = await asks();

  const answers = await Promise.all(people.map((each) => take(each, interruption)));

  const [first] = answers.filter(({ status }) => status === 200);
  const holder = first?.body.responsibleUser ?? '';
  expect(people.map(({ name }) => name)).toContain(holder);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused.map(({ status, body: { code, detail } }) => ({ status, code, detail }))).toEqual(
    Array.from({ length: 49 }, () => ({
      status: 409,
      code: 'interruption.taken-by-other',
      detail: `${holder} has taken the interruption`,
    })),
  );

  // And of all of them one can answer.
  const answered = await Promise.all(people.map((each) => submit(each, interruption, 'proceed')));
  expect(answered.filter(({ status }) => status === 200).map(({ body }) => body.submittedBy)).toEqual([holder]);
  const codes = answered.filter(({ status }) => status !== 200).map(({ body }) => body.code);
  expect(codes).toHaveLength(49);
  expect(codes.filter((code) => !['interruption.taken-by-other', 'interruption.submitted'].includes(code))).toEqual([]);
  expect((await api.eventTypes(release)).filter((type) => type === 'interruption-submitted')).toHaveLength(1);
}, 60_000);

it('HTTP-6, REL-25: an answer that is sent again under its key is given once, at once and afterwards', async () => {
  const { release, interruption } = await asks();
  await take(api.admin, interruption);

  const together = await Promise.all(['a', 'a', 'a'].map((key) => submit(api.admin, interruption, 'proceed', key)));
  const later = await submit(api.admin, interruption, 'proceed', 'a');
  const other = await submit(api.admin, interruption, 'abort', 'a');
  const otherKey = await submit(api.admin, interruption, 'proceed', 'b');

  const locations = [...together, later].map(({ status, headers }) => [status, headers.get('location')]);
  expect(locations).toEqual(locations.map(() => [200, together[0]?.headers.get('location')]));
  expect(other.status).toBe(422);
  expect(otherKey).toMatchObject({ status: 409, body: { code: 'interruption.submitted' } });
  expect((await api.eventTypes(release)).filter((type) => type === 'action-applied')).toHaveLength(1);
});

it('INT-2: while an answer waits for its decision nobody else gets the interruption', async () => {
  const grace = await api.person('grace', [{ role: 'release-manager', project: 'shop' }]);
  const { release, interruption } = await asks();
  await take(api.admin, interruption);
  await api.stopWorker();

  const accepted = await submit(api.admin, interruption, 'proceed', 'waits');
  const again = await submit(api.admin, interruption, 'proceed', 'waits');
  const taken = await take(grace, interruption);
  const other = await submit(api.admin, interruption, 'abort');
  await api.startWorker();

  expect([accepted, again].map(({ status }) => status)).toEqual([202, 202]);
  expect(again.body.id).toBe(accepted.body.id);
  expect([taken, other].map(({ status, body }) => [status, body.code])).toEqual([
    [409, 'interruption.submitted'],
    [409, 'interruption.submitted'],
  ]);
  expect(await api.outcome(accepted.headers.get('location') ?? '')).toMatchObject({ state: 'applied' });
  expect((await api.reaches(release, 'baking')).state).toBe('baking');
});
