import { eventually } from '../../support/eventually';
import { phase, ReleaseApi, type Person } from '../../support/release-api';

/*
 * A deployment's process over HTTP, with everything real behind it (PRO-1, INT-1 … 8, VAR-1).
 */

interface Interruption {
  id: string;
  state: string;
  title: string;
  instructions: string;
  responsibleUser: string | null;
  result: string | null;
  notes: string | null;
  canTake: boolean;
  canSubmit: boolean;
  deployment: string;
}

let api: ReleaseApi;
let ada: Person;
let grace: Person;

beforeAll(async () => {
  api = await ReleaseApi.start();
  ada = await api.person('ada', [{ role: 'developer', project: 'shop' }]);
  grace = await api.person('grace', [{ role: 'developer', project: 'shop' }]);
  // Vera is a member, and may not answer all the same (INT-3).
  await api.person('vera', [{ role: 'viewer', project: 'shop' }]);
  await api.admin.put('/v1/teams/operations', { members: ['ada', 'grace', 'vera'] });
});

afterAll(() => api.close());

const check = {
  name: 'Check dashboards',
  kind: 'manual',
  instructions: 'Look at #{Octopus.Environment.Name}.',
  teams: ['operations'],
};

async function waitingFor(release: string): Promise<Interruption> {
  return eventually(`release ${release} asks a person`, async () => {
    const { body } = await ada.get<{ items: Interruption[] }>(
      `/v1/interruptions?release=${release}&state=pending,taken`,
    );
    return body.items[0];
  });
}

it('INT-1, INT-2, VAR-1: a manual step asks, one person takes it and answers, and the release goes on', async () => {
  const pipeline = await api.pipeline('asked', [phase('all', { bake: '1h', rules: [{ environments: ['staging'] }] })], {
    process: [check],
  });
  const release = await api.admin.starts(pipeline, await api.flag());

  const asked = await waitingFor(release);
  expect(asked).toMatchObject({
    state: 'pending',
    title: 'Check dashboards',
    instructions: 'Look at staging.',
    canTake: true,
  });
  expect((await ada.release(release)).state).toBe('waiting-for-intervention');
  expect((await ada.get(`/v1/releases/${release}/why`)).body).toMatchObject({
    blockers: [
      {
        kind: 'interruption',
        detail: 'Check dashboards in staging waits for somebody of operations to take it',
        interruption: asked.id,
        remedies: [
          { action: 'submit', permission: 'InterruptionSubmit', teams: ['operations'], heldBy: ['ada', 'grace'] },
        ],
      },
    ],
  });

  expect((await ada.post(`/v1/interruptions/${asked.id}/take`)).body).toMatchObject({
    responsibleUser: 'ada',
    canSubmit: true,
  });
  expect((await ada.get(`/v1/releases/${release}/why`)).body).toMatchObject({
    blockers: [{ responsibleUser: 'ada', remedies: [{ heldBy: ['ada'] }] }],
  });
  expect(await grace.post(`/v1/interruptions/${asked.id}/take`)).toMatchObject({
    status: 409,
    body: { code: 'interruption.taken-by-other', detail: 'ada has taken the interruption' },
  });
  const answered = await ada.post(`/v1/interruptions/${asked.id}/submit`, { result: 'proceed', notes: 'All #{green}' });

  expect(answered).toMatchObject({
    status: 200,
    body: { state: 'submitted', result: 'proceed', notes: 'All #{green}', submittedBy: 'ada' },
  });
  expect((await ada.release(release)).state).toBe('baking');
  const deployment = await ada.get(`/v1/deployments/${asked.deployment}`);
  expect(deployment.body).toMatchObject({
    state: 'succeeded',
    steps: [
      { name: 'Roll out', kind: 'roll-out', state: 'succeeded' },
      { name: 'Check dashboards', kind: 'manual', state: 'succeeded' },
    ],
    interruptions: [asked.id],
  });
  const variables = await ada.get<{ items: { name: string; value: string }[] }>(
    `/v1/deployments/${asked.deployment}/variables`,
  );
  expect(variables.body.items).toEqual(
    expect.arrayContaining([
      {
        name: 'Octopus.Action[Check dashboards].Output.Manual.Notes',
        value: 'All #{green}',
        sensitive: false,
        source: 'output',
      },
    ]),
  );
});
