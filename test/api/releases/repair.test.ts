import type { EngineTrouble } from '../../../src/domain/blocker';
import { eventually } from '../../support/eventually';
import { phase, ReleaseApi, type EventBody, type Page, type Person, type WhyBody } from '../../support/release-api';

let api: ReleaseApi;
let ada: Person;
let rita: Person;
let grace: Person;

beforeAll(async () => {
  api = await ReleaseApi.start();
  ada = await api.person('ada', [{ role: 'developer', project: 'shop' }]);
  rita = await api.person('rita', [{ role: 'release-manager', project: 'shop' }]);
  grace = await api.person('grace', [
    { role: 'viewer', project: 'shop' },
    { permission: 'Repair', project: 'shop' },
  ]);
  await api.pipeline('plain', [phase('one'), phase('two')]);
});

afterEach(() => {
  api.deps.engine = { troubleOf: () => null };
});
afterAll(() => api.close());

async function baking(): Promise<string> {
  const id = await ada.starts('plain', await api.flag());
  await api.reaches(id, 'baking');
  return id;
}

const repair = (person: Person, id: string, body: object = {}, headers?: Record<string, string>) =>
  person.post(`/v1/releases/${id}/repair`, body, headers);

const why = async (id: string): Promise<WhyBody> => (await ada.get<WhyBody>(`/v1/releases/${id}/why`)).body;

const repairs = async (id: string): Promise<EventBody[]> =>
  (await ada.get<Page<EventBody>>(`/v1/releases/${id}/events?limit=200`)).body.items.filter(
    ({ type }) => type === 'release-repaired',
  );

describe('POST /v1/releases/{release}/repair', () => {
  it('REL-33: answers the release as it is, and it goes on where it was', async () => {
    const id = await baking();
    const before = await ada.release(id);

    const { status, body } = await repair(grace, id, { reason: 'It does not move' });

    expect(status).toBe(200);
    expect(body).toMatchObject({ id, state: 'baking', currentPhaseEndTime: before.currentPhaseEndTime });
    expect(await repairs(id)).toMatchObject([
      { actor: 'grace', data: { why: 'asked', epoch: 2, reason: 'It does not move' } },
    ]);
    expect((await rita.asks(id, 'pause')).status).toBeLessThan(300);
    await api.reaches(id, 'paused');
  });

  it('HTTP-6: with the same key is done once', async () => {
    const id = await baking();
    const key = { 'idempotency-key': `repair-${id}` };

    const answers = [await repair(grace, id, {}, key), await repair(grace, id, {}, key)];

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await repairs(id)).toHaveLength(1);
  });

  it('REL-33: is refused once the release has ended', async () => {
    const id = await baking();
    await rita.asks(id, 'abort');
    await api.reaches(id, 'aborted');

    const { status, body } = await repair(grace, id);

    expect({ status, code: body.code }).toEqual({ status: 409, code: 'release.ended' });
    expect(await repairs(id)).toEqual([]);
  });

  it('needs the permission Repair, and a release that the caller may see', async () => {
    const id = await baking();
    const stranger = await api.person('stranger');

    expect(await repair(rita, id)).toMatchObject({ status: 403, body: { facts: { permission: 'Repair' } } });
    expect(await repair(stranger, id)).toMatchObject({ status: 404, body: { code: 'release.unknown' } });
    expect(await repair(api.admin, 'no-such-release')).toMatchObject({ status: 404 });

    expect(await repairs(id)).toEqual([]);
  });

  it('is counted', async () => {
    const count = async () => {
      const text = await (await fetch(`${api.url}/metrics`)).text();
      return Number(/^sluice_release_repairs_total\{why="asked"\} (\d+)$/m.exec(text)?.[1]);
    };
    const before = await count();

    await repair(grace, await baking());

    expect(await count()).toBe(before + 1);
  });
});

describe('why, when the engine is in trouble', () => {
  const since = Date.parse('2026-01-05T12:00:00.000Z');
  const inTrouble = (trouble: EngineTrouble['trouble'], detail: string): void => {
    api.deps.engine = { troubleOf: () => ({ trouble, since, detail }) };
  };

  it.each(['temporal-down', 'no-worker'] as const)(
    'REL-26: names it first, and no next transition: %s',
    async (trouble) => {
      const id = await baking();
      inTrouble(trouble, 'connection refused');

      const { blockers, earliestNextTransition } = await why(id);

      expect(blockers[0]).toMatchObject({ kind: 'engine', trouble, since: '2026-01-05T12:00:00.000Z', remedies: [] });
      expect(blockers[0]?.detail).toContain('connection refused');
      expect(blockers[1]).toMatchObject({ kind: 'bake-timer', trouble: null });
      expect(earliestNextTransition).toBeNull();
    },
  );

  it('REL-26: names the repair of a release whose workflow fails, and who may do it', async () => {
    const id = await baking();
    inTrouble('workflow-failing', 'The code is at fault');

    const [engine] = (await why(id)).blockers;

    expect(engine).toMatchObject({ kind: 'engine', trouble: 'workflow-failing' });
    expect(engine?.remedies).toEqual([
      { action: 'repair', permission: 'Repair', teams: [], heldBy: ['admin', 'grace'] },
    ]);
  });

  it('REL-26: says nothing of it once the release has ended', async () => {
    const id = await baking();
    await rita.asks(id, 'abort');
    await api.reaches(id, 'aborted');
    inTrouble('temporal-down', 'connection refused');

    expect((await why(id)).blockers).toEqual([]);
  });
});

describe('the age of the oldest undecided action', () => {
  const seconds = async (): Promise<number> => {
    const text = await (await fetch(`${api.url}/metrics`)).text();
    return Number(/^sluice_oldest_undecided_action_seconds (\S+)$/m.exec(text)?.[1]);
  };

  it('HTTP-8: is 0 while none waits, grows while one does, and unknown while the store is away', async () => {
    const id = await baking();
    expect(await seconds()).toBe(0);
    await api.stopDispatcher();
    await rita.asks(id, 'pause');

    await eventually('it grows', async () => (await seconds()) > 1);
    api.failing = (sql) => sql.includes('"actions"');
    expect(await seconds()).toBeNaN();
    api.failing = null;

    api.startDispatcher();
    await api.reaches(id, 'paused');
    expect(await seconds()).toBe(0);
  });
});
