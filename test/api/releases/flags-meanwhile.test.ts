import type { FlagDefinition } from '../../../src/domain/flag';
import { eventually } from '../../support/eventually';
import {
  ENVIRONMENTS,
  phase,
  ReleaseApi,
  type Answer,
  type DriftBody,
  type EnvironmentName,
  type Page,
  type Person,
} from '../../support/release-api';
import { OFF, ON } from '../../support/store-fixtures';

const STAFF = { targetingKey: 'ada', email: 'ada@example.com', plan: 'free' };
const PRO = { targetingKey: 'bob', email: 'bob@elsewhere.org', plan: 'pro' };
const PLAIN = { targetingKey: 'eve', email: 'eve@elsewhere.org', plan: 'free' };
const NOBODY = {};
const CONTEXTS = { STAFF, PRO, PLAIN, NOBODY };

let api: ReleaseApi;
let ada: Person;
let rita: Person;

beforeAll(async () => {
  api = await ReleaseApi.start();
  ada = await api.person('ada', [{ role: 'developer', project: 'shop' }]);
  rita = await api.person('rita', [{ role: 'release-manager', project: 'shop' }]);
  const only = (attribute: string, operator: string, value: string) => ({
    environments: ['production'],
    conditions: [{ attribute, operator, values: [value] }],
  });
  await api.pipeline('gradual', [
    phase('staff', { rules: [{ environments: ['staging'] }, only('email', 'ends_with', '@example.com')] }),
    phase('pro', { rules: [only('plan', '=', 'pro')], requiredReview: {} }),
    phase('production', { rules: [{ environments: ['production'] }] }),
  ]);
  await api.pipeline('opted-out-too', [
    phase('all', { rules: [{ environments: ['development', 'staging', 'production'] }] }),
  ]);
});

afterAll(() => api.close());

const codeOf = ({ status, body }: Answer) => `${status} ${body.code ?? body.state}`;
const pathOf = (flag: string) => `/v1/projects/shop/flags/${flag}`;
const settings = (definition: FlagDefinition) => ({ kind: 'gate', definition });

/** Who gets the new definition where: names of contexts by environment. */
async function reached(flag: string): Promise<Record<EnvironmentName, string[]>> {
  const seen = await Promise.all(
    ENVIRONMENTS.map(async (environment) => {
      const names = [];
      for (const [name, context] of Object.entries(CONTEXTS)) {
        if ((await api.sees(environment, context))[flag] === true) names.push(name);
      }
      return [environment, names] as const;
    }),
  );
  return Object.fromEntries(seen) as Record<EnvironmentName, string[]>;
}

const ALL = ['STAFF', 'PRO', 'PLAIN', 'NOBODY'];
const NONE: Record<EnvironmentName, string[]> = { development: [], staging: [], production: [], preview: [] };
const EVERYWHERE = { development: ALL, staging: ALL, production: ALL, preview: ALL };
const AFTER_STAFF = { ...NONE, staging: ALL, production: ['STAFF'] };
const AFTER_PRO = { ...NONE, staging: ALL, production: ['STAFF', 'PRO'] };
const AFTER_PRODUCTION = { ...NONE, staging: ALL, production: ALL };

/** A release in the bake of that phase of `gradual`. */
async function bakingIn(current: 'staff' | 'pro' | 'production', changes: object | string): Promise<string> {
  const id = await ada.starts('gradual', changes);
  await api.reaches(id, 'baking', 'staff');
  if (current !== 'staff') {
    await rita.acts(id, 'skip');
    await rita.acts(id, 'approve');
  }
  if (current === 'production') await rita.acts(id, 'skip');
  expect(await rita.release(id)).toMatchObject({ state: 'baking', currentPhase: current });
  return id;
}

describe('FLG-3: while a release runs', () => {
  it('a context gets the new definition from the phase that reaches it, and everyone else the old one', async () => {
    const flag = await api.flag();
    expect(await reached(flag)).toEqual(NONE);

    const id = await ada.starts('gradual', flag);
    await api.reaches(id, 'baking', 'staff');
    expect(await reached(flag)).toEqual(AFTER_STAFF);
    await rita.acts(id, 'pause');
    expect(await reached(flag)).toEqual(AFTER_STAFF);
    await rita.acts(id, 'skip');
    expect(await rita.release(id)).toMatchObject({ state: 'waiting-for-review' });
    expect(await reached(flag)).toEqual(AFTER_STAFF);
    await rita.acts(id, 'approve');
    expect(await reached(flag)).toEqual(AFTER_PRO);
    await rita.acts(id, 'skip');
    expect(await reached(flag)).toEqual(AFTER_PRODUCTION);
    await rita.acts(id, 'skip');
    expect((await rita.release(id)).state).toBe('completed');
    expect(await reached(flag)).toEqual(EVERYWHERE);
  });

  it('REL-16: a phase that is left out reaches nobody before completion', async () => {
    const flag = await api.flag();
    const id = await bakingIn('staff', flag);
    await rita.acts(id, 'skip');
    await rita.acts(id, 'skip');

    expect(await rita.release(id)).toMatchObject({
      currentPhase: 'production',
      phases: [{}, { state: 'skipped' }, {}],
    });
    expect(await reached(flag)).toEqual(AFTER_PRODUCTION);
  });

  it.each(['staff', 'pro', 'production'] as const)(
    'REL-19: an abort in %s brings everyone back at once',
    async (current) => {
      const flag = await api.flag();
      const id = await bakingIn(current, flag);

      await rita.acts(id, 'abort');

      expect(await reached(flag)).toEqual(NONE);
      const { body } = await ada.get<Page<DriftBody>>(`/v1/releases/${id}/drift`);
      expect(body.items.map(({ item, environment, state }) => [item, environment, state])).toEqual([
        [flag, 'staging', 'reverted'],
        [flag, 'production', 'reverted'],
      ]);
    },
  );

  it.each(['staff', 'pro', 'production'] as const)(
    'REL-20: a full roll-out in %s reaches everyone at once',
    async (current) => {
      const flag = await api.flag();
      const id = await bakingIn(current, flag);

      await rita.acts(id, 'full-rollout');

      expect(await reached(flag)).toEqual(EVERYWHERE);
      expect((await ada.get<Page<DriftBody>>(`/v1/releases/${id}/drift`)).body.items).toEqual([]);
    },
  );

  it('CHG-3: environments that the change does not name stay as they are, also after completion', async () => {
    const flag = await api.flag();
    const id = await bakingIn('staff', {
      changes: [{ flag, definition: ON, environments: ['production', 'preview'] }],
    });
    expect(await reached(flag)).toEqual({ ...NONE, production: ['STAFF'] });

    await rita.acts(id, 'full-rollout');

    expect(await reached(flag)).toEqual({ ...NONE, production: ALL, preview: ALL });
  });

  it('REL-1: the state before the release is what it finds when its turn comes', async () => {
    const flag = await api.flag();
    const first = await bakingIn('staff', flag);
    const second = await ada.starts('gradual', { changes: [{ flag, definition: OFF }], whenBusy: 'queue' });
    await rita.acts(first, 'full-rollout');
    await api.reaches(second, 'baking', 'staff');
    expect(await reached(flag)).toEqual({ ...EVERYWHERE, staging: [], production: ['PRO', 'PLAIN', 'NOBODY'] });

    await rita.acts(second, 'abort');

    expect(await reached(flag)).toEqual(EVERYWHERE);
  });

  it('FLG-5: old and new variants of one name are told apart inside, and clients see the plain name', async () => {
    const theme = (color: string) => ({
      state: 'ENABLED',
      variants: { main: { color }, spare: { color: 'none' } },
      defaultVariant: 'main',
    });
    await api.admin.put(pathOf('theme'), { kind: 'config', definition: theme('red') });
    await bakingIn('staff', { changes: [{ flag: 'theme', definition: theme('blue') }] });
    const ask = async (context: object) => {
      const response = await fetch(`${api.url}/ofrep/v1/evaluate/flags/theme`, {
        method: 'POST',
        headers: { authorization: `Bearer ${api.keyOf('production')}`, 'content-type': 'application/json' },
        body: JSON.stringify({ context }),
      });
      return response.json();
    };

    expect(await ask(STAFF)).toMatchObject({ key: 'theme', value: { color: 'blue' }, variant: 'main' });
    expect(await ask(PLAIN)).toMatchObject({ key: 'theme', value: { color: 'red' }, variant: 'main' });
  });
});

describe('FLG-3: one revision', () => {
  it.each([
    ['a phase', 'approve', 'staff'],
    ['an abort', 'abort', 'production'],
    ['completion', 'skip', 'production'],
  ] as const)('two flags of one release are never seen apart, while %s switches them', async (_, verb, current) => {
    const [a, b] = [await api.flag(), await api.flag()];
    const changes = [a, b].map((flag) => ({ flag, definition: ON }));
    const id = await bakingIn(current, { changes });
    if (verb === 'approve') await rita.acts(id, 'skip');
    const pairs: string[] = [];
    let isOver = false;
    const environment = verb === 'skip' ? 'preview' : 'production';
    const read = async () => {
      for (let reads = 0; !isOver && reads < 2_000; reads += 1) {
        const seen = await api.sees(environment, PRO);
        pairs.push(`${String(seen[a])} ${String(seen[b])}`);
      }
    };
    const readers = [read(), read(), read(), read()];
    await eventually('the first answers', () => pairs.length >= 8);

    await rita.acts(id, verb);
    const before = pairs.length;
    await eventually('answers after it', () => pairs.length >= before + 8);
    isOver = true;
    await Promise.all(readers);

    const [old, fresh] = verb === 'abort' ? ['true true', 'false false'] : ['false false', 'true true'];
    expect(pairs.filter((pair) => pair !== old && pair !== fresh)).toEqual([]);
    expect([pairs[0], pairs.at(-1)]).toEqual([old, fresh]);
  });

  it('whoever is answered reads what was decided: 10 switches, each seen at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const flag = await api.flag();
      const id = await bakingIn('staff', flag);
      await rita.acts(id, round % 2 === 0 ? 'full-rollout' : 'abort');
      expect((await api.sees('production', PLAIN))[flag]).toBe(round % 2 === 0);
    }
  });
});

describe('CHG-3: opted-out environments', () => {
  it('change at completion only, though a phase names them, and an abort leaves them alone', async () => {
    const [kept, done] = [await api.flag(), await api.flag()];
    const aborted = await ada.starts('opted-out-too', kept);
    const completed = await ada.starts('opted-out-too', done);
    await api.reaches(aborted, 'baking');
    await api.reaches(completed, 'baking');
    expect(await reached(kept)).toEqual(AFTER_PRODUCTION);

    await ada.put(`${pathOf(kept)}?environments=development`, settings(ON));
    await rita.acts(aborted, 'abort');
    await rita.acts(completed, 'skip');

    expect(await reached(kept)).toEqual({ ...NONE, development: ALL });
    expect(await reached(done)).toEqual(EVERYWHERE);
  });

  it('that were edited directly meanwhile are not overwritten: drift, on the release and in its events', async () => {
    const flag = await api.flag();
    const edited = { ...OFF, targeting: { if: [{ '==': [{ var: 'plan' }, 'pro'] }, 'on', 'off'] } };
    const id = await bakingIn('staff', flag);
    const put = await ada.put(`${pathOf(flag)}?environments=development`, settings(edited));
    expect(put.status).toBe(200);

    await rita.acts(id, 'full-rollout');

    expect(await reached(flag)).toEqual({ ...EVERYWHERE, development: ['PRO'] });
    const { body } = await ada.get<Page<DriftBody>>(`/v1/releases/${id}/drift`);
    expect(body).toEqual({
      items: [
        {
          item: flag,
          target: 'flag',
          environment: 'development',
          state: 'drifted',
          detail: expect.stringContaining('development'),
          nextAttemptAt: null,
        },
      ],
      next: null,
    });
    expect((await api.events(id)).filter(({ type }) => type === 'drift-found')).toMatchObject([
      { actor: null, release: id, data: { item: flag, environment: 'development' } },
    ]);
  });

  it('that were edited before the release’s turn came are what it began from', async () => {
    const flag = await api.flag();
    const first = await bakingIn('staff', flag);
    const second = await ada.starts('gradual', { changes: [{ flag, definition: ON }], whenBusy: 'queue' });
    await ada.put(`${pathOf(flag)}?environments=development`, settings({ ...OFF, defaultVariant: 'on' }));
    await ada.put(`${pathOf(flag)}?environments=development`, settings(OFF));
    await rita.acts(first, 'abort');
    await api.reaches(second, 'baking');

    await rita.acts(second, 'full-rollout');

    expect(await reached(flag)).toEqual(EVERYWHERE);
    expect((await ada.get<Page<DriftBody>>(`/v1/releases/${second}/drift`)).body.items).toEqual([]);
  });
});

describe('REL-4: a direct edit', () => {
  it('is for holders of FlagOverride alone, and audited as such', async () => {
    const flag = await api.flag();

    const refused = await ada.put<Answer['body']>(pathOf(flag), settings(ON));
    const alsoRefused = await rita.put<Answer['body']>(pathOf(flag), settings(ON));
    const done = await api.admin.put(pathOf(flag), settings(ON));

    expect([refused, alsoRefused].map(codeOf)).toEqual(Array(2).fill('409 flag.requires-pipeline'));
    expect(done.status).toBe(200);
    expect(await reached(flag)).toEqual(EVERYWHERE);
    const { items } = (await api.admin.get<Page<{ data: object }>>('/v1/audit?project=shop&limit=1')).body;
    expect(items[0]?.data).toMatchObject({ flag, override: true });
  });

  it('is for nobody while a release runs or waits for the flag', async () => {
    const flag = await api.flag();
    const id = await bakingIn('staff', flag);
    const queued = await ada.starts('gradual', { changes: [{ flag, definition: OFF }], whenBusy: 'queue' });

    for (const person of [ada, rita, api.admin]) {
      for (const query of ['', '?environments=production', '?environments=preview,development']) {
        const answer = await person.put<Answer['body']>(`${pathOf(flag)}${query}`, settings(ON));
        expect([query, codeOf(answer)]).toEqual([query, '409 flag.being-released']);
        expect(answer.body.facts).toEqual({ active: [id], queued: [queued] });
      }
    }
    expect(await reached(flag)).toEqual(AFTER_STAFF);

    await rita.acts(queued, 'abort');
    await rita.acts(id, 'abort');
    expect((await api.admin.put(pathOf(flag), settings(ON))).status).toBe(200);
  });

  it('that changes nothing is accepted at any time, and is none', async () => {
    const flag = await api.flag();
    const id = await bakingIn('staff', flag);
    const shown = await ada.get<{ definition: FlagDefinition; release: string; environments: unknown[] }>(pathOf(flag));

    const put = await ada.put<object>(pathOf(flag), shown.body);

    expect(shown.body).toMatchObject({
      definition: OFF,
      release: id,
      environments: [
        { environment: 'development', definition: OFF, release: null },
        { environment: 'staging', definition: OFF, release: id },
        { environment: 'production', definition: OFF, release: id },
        { environment: 'preview', definition: OFF, release: null },
      ],
    });
    expect([put.status, put.body]).toEqual([200, shown.body]);
    expect(put.headers.get('etag')).toBe(shown.headers.get('etag'));
    expect(await reached(flag)).toEqual(AFTER_STAFF);

    await rita.acts(id, 'full-rollout');
    const live = await ada.get<{ definition: FlagDefinition; release: string | null }>(pathOf(flag));
    expect(live.body).toMatchObject({ definition: ON, release: null });
    expect((await ada.put<object>(pathOf(flag), live.body)).body).toEqual(live.body);
  });

  it('of a race with a trigger one sees the other, however often', async () => {
    for (let round = 0; round < 10; round += 1) {
      const flag = await api.flag();
      const [edit, trigger] = await Promise.all([
        api.admin.put<Answer['body']>(pathOf(flag), settings(ON)),
        ada.triggers('gradual', flag),
      ]);

      expect(trigger.status).toBe(201);
      const before = await api.reaches(trigger.body.id, 'baking', 'staff');
      await rita.acts(before.id, 'abort');
      const expected = codeOf(edit) === '409 flag.being-released' ? NONE : EVERYWHERE;
      expect([200, 409]).toContain(edit.status);
      expect(await reached(flag)).toEqual(expected);
    }
  });

  it('also by deletion, is refused while a release runs', async () => {
    const flag = await api.flag();
    const id = await bakingIn('staff', flag);
    const remove = () =>
      fetch(`${api.url}${pathOf(flag)}`, { method: 'DELETE', headers: { authorization: `Bearer ${api.admin.token}` } });

    expect((await remove()).status).toBe(409);
    await rita.acts(id, 'abort');
    expect((await remove()).status).toBe(204);
    expect((await ada.release(id)).changes).toMatchObject([{ flag }]);
  });
});
