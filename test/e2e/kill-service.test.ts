import { verifyExport } from '../../src/store/audit/verify-export';
import { eventually } from '../support/eventually';
import type { ActionBody, ReleaseBody } from '../support/release-api';
import { KilledService } from './killed-service';
import { KILLS } from './kills';
import { phase, REVIEW } from './phases';

// One service is killed again and again: every test begins with whatever the one before it left, as in real life.
jest.setTimeout(120_000);

let service: KilledService;

beforeAll(async () => {
  service = await KilledService.start();
});
afterAll(() => service.end());

/** One release in each of the states in which releases spend their time. */
async function oneOfEach() {
  const paused = await service.release([phase('few', 5_000), phase('all', 0)]);
  await service.reaches(paused, 'baking');
  await service.applies(paused, 'pause');
  const left = remainingOf(await service.reaches(paused, 'paused'));

  const reviewed = await service.prepare([phase('all', 200, REVIEW)]);
  const waiting = await service.accepted(reviewed, 'first');
  await service.reaches(waiting, 'waiting-for-review');
  const queued = await service.accepted(reviewed, 'second');

  const baking = await service.release([phase('few', 4_000), phase('all', 200)]);
  await service.reaches(baking, 'baking', 'few');
  return { baking, paused, waiting, queued, left };
}

function remainingOf({ phases }: ReleaseBody): number {
  return phases[0]?.remainingMs ?? NaN;
}

describe.each(KILLS)('after %s', (_, kill) => {
  it('INV-5: every release goes on: baking, paused, waiting for its review, queued behind another', async () => {
    const { baking, paused, waiting, queued, left } = await oneOfEach();
    const decided = (await service.events(paused)).length;

    await kill(service);

    expect(remainingOf(await service.reaches(paused, 'paused', 'few'))).toBe(left);
    expect(await service.events(paused)).toHaveLength(decided);
    expect((await service.reaches(queued, 'queued')).currentPhase).toBeNull();
    await service.applies(paused, 'unpause');
    for (const release of [waiting, queued]) {
      await service.reaches(release, 'waiting-for-review', 'all');
      await service.applies(release, 'approve');
    }
    const all = [baking, paused, waiting, queued];
    await Promise.all(all.map((release) => service.reaches(release, 'completed')));

    for (const release of all) {
      await service.expectNothingTwiceNorEarly(release);
    }
    const unpaused = (await service.events(paused)).find(({ type }) => type === 'bake-unpaused');
    const endsAt = unpaused?.data['endsAt'];
    expect((typeof endsAt === 'number' ? endsAt : Date.parse(String(endsAt))) - Date.parse(unpaused?.at ?? '')).toBe(
      left,
    );
  });
});

describe('what was accepted while Temporal was down', () => {
  it('REL-2: a release starts exactly once, also when the service is killed before it has started', async () => {
    const name = await service.prepare([phase('all', 200)]);
    service.freezeTemporal();

    const accepted = await service.trigger(name);
    expect(accepted.status).toBe(201);
    const { id, state } = (await accepted.json()) as ReleaseBody;
    expect(state).toBe('queued');
    await service.kill9();
    await service.startAgain();

    await service.reaches(id, 'completed');
    await service.expectNothingTwiceNorEarly(id);
    const again = await service.trigger(name);
    expect({ status: again.status, id: ((await again.json()) as ReleaseBody).id }).toEqual({ status: 200, id });
  });

  it('REL-30: an abort wins against a bake that ends meanwhile', async () => {
    const release = await service.release([phase('few', 4_000), phase('all', 3_600_000)]);
    const { currentPhaseEndTime } = await service.reaches(release, 'baking', 'few');
    service.freezeTemporal();

    const accepted = await service.act(release, 'abort');
    expect(accepted.status).toBe(202);
    const { id } = (await accepted.json()) as ActionBody;
    await eventually('the bake would be over', () => Date.now() > Date.parse(currentPhaseEndTime ?? ''));
    await service.kill9Temporal();

    expect((await service.outcomeOf(id)).state).toBe('applied');
    await service.reaches(release, 'aborted');
    const types = (await service.events(release)).map(({ type }) => type);
    expect(types.filter((type) => type === 'phase-started')).toHaveLength(1);
    expect(types.at(-1)).toBe('release-aborted');
    await service.expectNothingTwiceNorEarly(release);
  });
});

describe('in the middle of everything', () => {
  it('INV-1: what was acknowledged is there, and what was not can be sent again and happens once', async () => {
    await service.untilReady();
    const names = await Promise.all(Array.from({ length: 12 }, () => service.prepare([phase('all', 100)])));
    const acknowledged = new Map<string, string>();
    const sent = names.map(async (name) => {
      const response = await service.trigger(name);
      acknowledged.set(name, ((await response.json()) as ReleaseBody).id);
    });

    await Promise.race(sent);
    await service.kill9();
    await Promise.allSettled(sent);
    await service.startAgain();

    for (const name of names) {
      const response = await service.trigger(name);
      const { id } = (await response.json()) as ReleaseBody;
      expect([200, 201]).toContain(response.status);
      expect(acknowledged.get(name) ?? id).toBe(id);
      acknowledged.set(name, id);
    }
    for (const id of acknowledged.values()) {
      await service.reaches(id, 'completed');
      await service.expectNothingTwiceNorEarly(id);
    }
  });

  it('INV-4: the audit is still one chain without a gap', async () => {
    const exported = await service.text('/v1/audit/export?project=shop');

    expect(await verifyExport([Buffer.from(exported)])).toMatchObject({ ok: true });
  });
});
