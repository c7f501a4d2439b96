import { APPLY_TRIES_MAX } from '../../../src/domain/retry';
import { eventually } from '../../support/eventually';
import {
  phase,
  ReleaseApi,
  type Answer,
  type DeploymentBody,
  type DriftBody,
  type EventBody,
  type Page,
  type Person,
  type ReleaseBody,
  type WhyBody,
} from '../../support/release-api';
import { ON } from '../../support/store-fixtures';
import { startVersionTarget, type Delivery, type VersionTarget } from '../../support/version-target';
import { startRawTarget, stopTargets } from '../../targets/webhooks/webhook-target';

let api: ReleaseApi;
let target: VersionTarget;
/** An endpoint that hangs up on everybody. */
let dead: string;
let ada: Person;
let rita: Person;
let vera: Person;
let tom: Person;
let names = 0;

beforeAll(async () => {
  // Not a port without a listener: somebody else on this machine might get it.
  dead = (await startRawTarget((socket) => socket.destroy())).url;
  target = await startVersionTarget();
  api = await ReleaseApi.start();
  ada = await api.person('ada', [{ role: 'developer', project: 'shop' }]);
  rita = await api.person('rita', [{ role: 'release-manager', project: 'shop' }]);
  vera = await api.person('vera', [{ role: 'viewer', project: 'shop' }]);
  tom = await api.person('tom');
  await api.admin.put('/v1/teams/operations', { members: ['tom'] });
  await api.pipeline('plain', [phase('one', to('staging')), phase('two', to('production'))]);
  await api.pipeline('everywhere', [phase('all', to('staging', 'production'))]);
  await api.pipeline('narrow', [phase('few', { rules: [{ environments: ['staging'], conditions: [tenth] }] })]);
  await api.pipeline('opted-out', [phase('all', to('development'))]);
  await api.pipeline('teamed', [
    phase('one', to('staging')),
    phase('two', { ...to('production'), requiredReview: { teams: ['operations'] } }),
  ]);
});

afterEach(() => target.meet(null));

afterAll(async () => {
  await api.close();
  await stopTargets();
});

const tenth = { operator: 'percentage', values: [10] };
const to = (...environments: string[]) => ({ rules: [{ environments }] });
const codeOf = ({ status, body }: Answer) => `${status} ${body.code ?? body.state}`;
const pathsOf = ({ body }: Answer) => (body.errors ?? []).map(({ path }) => path);
const missing = (answer: Answer) => `${codeOf(answer)} ${String(answer.body.facts?.['permission'])}`;

/** Makes a service with a name that no other test has, with endpoints of the target; its name. */
async function service(...environments: string[]): Promise<string> {
  names += 1;
  const name = `service-${names}`;
  const there = environments.length > 0 ? environments : ['staging', 'production'];
  await move(name, Object.fromEntries(there.map((environment) => [environment, target.urlOf(name, environment)])), 201);
  return name;
}

async function move(name: string, endpoints: Record<string, string>, status = 200): Promise<void> {
  expect((await api.admin.put(`/v1/projects/shop/services/${name}`, { endpoints })).status).toBe(status);
}

const starts = (pipeline: string, ...changes: object[]) => ada.starts(pipeline, { changes });

const releasesOf = async (name: string) =>
  (await api.admin.get<Page<ReleaseBody>>(`/v1/releases?service=${name}`)).body.items;

const whyOf = async (id: string, person = vera) => (await person.get<WhyBody>(`/v1/releases/${id}/why`)).body;

const driftOf = async (id: string, person = vera) =>
  (await person.get<Page<DriftBody>>(`/v1/releases/${id}/drift`)).body.items;

const deploymentsOf = async (id: string) =>
  (await vera.get<Page<DeploymentBody>>(`/v1/releases/${id}/deployments`)).body.items;

const accept = (person: Person, id: string, item: string, body: object = { reason: 'Gone for good' }, headers = {}) =>
  person.post(`/v1/releases/${id}/drift/${item}/accept`, body, headers);

/** Whom a delivery is for, so that one test's misbehaviour is no other's. */
const isFor = ({ data }: Delivery, name: string, environment?: string) =>
  data.service === name && (environment === undefined || data.environment === environment);

/** The target answers this service with that status until the end of the test. */
function refuses(name: string, status: number, environment?: string): void {
  target.meet((delivery, response) => {
    if (!isFor(delivery, name, environment)) {
      return undefined;
    }
    response.writeHead(status).end();
    return true;
  });
}

/** A release of one service that is being aborted and does not come back, as its endpoint is dead. */
async function reverting(): Promise<{ id: string; name: string }> {
  const name = await service('staging');
  const id = await starts('plain', { service: name, version: '2' });
  await api.reaches(id, 'baking', 'one');
  await move(name, { staging: dead });
  await rita.asks(id, 'abort');
  await asked(id);
  return { id, name };
}

/** Waits until the revert of a release has been tried and is to be tried again. */
async function asked(id: string): Promise<DriftBody> {
  return eventually('the revert is to be tried again', async () =>
    (await driftOf(id)).find(({ nextAttemptAt }) => nextAttemptAt !== null),
  );
}

describe('a trigger with services', () => {
  it('CHG-1: is answered with what it pins: where each service goes, and that it is nowhere yet', async () => {
    const name = await service('staging', 'production', 'preview');
    const flag = await api.flag();
    const changes = [
      { service: name, version: '1.4.2' },
      { flag, definition: ON },
    ];

    const { status, body } = await ada.triggers('plain', { changes });

    expect(status).toBe(201);
    expect(body.changes).toEqual([
      { service: name, version: '1.4.2', environments: ['staging', 'production'], deployed: [] },
      { flag, definition: ON, environments: ['development', 'staging', 'production', 'preview'] },
    ]);
    const [triggered] = await api.events(body.id);
    expect(triggered).toMatchObject({
      type: 'release-triggered',
      data: {
        digest: body.digest,
        changes: [{ service: name, version: '1.4.2', environments: ['staging', 'production'] }, { flag }],
      },
    });
  });

  it('HTTP-4, CHG-2: is refused with every fault at once, each with its path, and nothing is written', async () => {
    const [payments, stock, search] = [await service(), await service(), await service()];
    const elsewhere = await service('preview');
    const none = await service();
    await move(none, {});

    const answer = await ada.triggers('plain', {
      changes: [
        { service: 'ghost', version: '1' },
        { service: elsewhere, version: '1' },
        { service: none, version: '1' },
        { service: payments, version: '1', environments: ['production', 'preview'] },
        { service: payments, version: '1\n' },
        { service: stock, version: '  ', environments: [] },
        { service: search, version: 'x'.repeat(201), environments: ['moon', 'staging', 'staging'] },
        { flag: 'ghost', definition: ON },
      ],
    });

    expect(codeOf(answer)).toBe('400 release.invalid');
    expect(pathsOf(answer)).toEqual([
      'changes[0].service',
      'changes[1].service',
      'changes[2].service',
      'changes[3].environments[1]',
      'changes[4].service',
      'changes[4].version',
      'changes[5].version',
      'changes[5].environments',
      'changes[6].version',
      'changes[6].environments[0]',
      'changes[6].environments[2]',
      'changes[7].flag',
    ]);
    expect((answer.body.errors ?? [])[1]?.message).toContain('preview');
    expect(await Promise.all([payments, stock, search, elsewhere].map(releasesOf))).toEqual([[], [], [], []]);
  });

  it('CHG-2: is refused by a pipeline whose rules all have conditions: no service goes there', async () => {
    const name = await service();

    const answer = await ada.triggers('narrow', { changes: [{ service: name, version: '1' }] });

    expect([codeOf(answer), ...pathsOf(answer)]).toEqual(['400 release.invalid', 'changes[0].service']);
  });

  it.each([
    ['a service of another type', { service: 7, version: '1' }, 'changes[0].service'],
    ['no version', { service: 'a' }, 'changes[0].version'],
    ['a version of another type', { service: 'a', version: 1 }, 'changes[0].version'],
    [
      'environments of another type',
      { service: 'a', version: '1', environments: 'staging' },
      'changes[0].environments',
    ],
    ['what only flags have', { service: 'a', version: '1', definition: ON }, 'changes[0].definition'],
    ['both a flag and a service', { service: 'a', flag: 'b', version: '1', definition: ON }, 'changes[0]'],
  ])('INV-8: is refused with %s', async (_, change, path) => {
    const answer = await ada.triggers('plain', { changes: [change] });

    expect(codeOf(answer)).toBe('400 request.invalid');
    expect(pathsOf(answer).some((each) => each.startsWith(path))).toBe(true);
  });

  it('CHG-1: is refused with more than 50 changes', async () => {
    const changes = Array.from({ length: 51 }, (_, index) => ({ service: `many-${index}`, version: '1' }));

    const answer = await ada.triggers('plain', { changes });

    expect([answer.status, ...pathsOf(answer)]).toEqual([400, 'changes']);
  });

  it('CHG-1: has one digest, whatever the order of environments; another version or order has another', async () => {
    const [a, b] = [await service(), await service()];
    const digestOf = async (...changes: object[]) => {
      const id = await ada.starts('plain', { changes, whenBusy: 'queue' });
      return (await ada.release(id)).digest;
    };
    const [first, second] = [
      { service: a, version: '1', environments: ['staging', 'production'] },
      { service: b, version: '1' },
    ];

    const digest = await digestOf(first, second);

    expect(await digestOf({ ...first, environments: ['production', 'staging'] }, second)).toBe(digest);
    expect(await digestOf({ service: a, version: '1' }, second)).toBe(digest);
    expect(await digestOf(second, first)).not.toBe(digest);
    expect(await digestOf({ ...first, version: '2' }, second)).not.toBe(digest);
    expect(await digestOf({ ...first, environments: ['staging'] }, second)).not.toBe(digest);
  });

  it('HTTP-6: is repeated with its key, and refused with that key for another version', async () => {
    const name = await service();
    const key = { 'idempotency-key': `build-of-${name}` };
    const body = { changes: [{ service: name, version: '1' }] };
    const first = await ada.triggers('plain', body, key);

    const again = await ada.triggers('plain', body, key);
    const other = await ada.triggers('plain', { changes: [{ service: name, version: '2' }] }, key);

    expect([first.status, again.status, again.body.id]).toEqual([201, 200, first.body.id]);
    expect(codeOf(other)).toBe('422 idempotency.mismatch');
    expect(await releasesOf(name)).toHaveLength(1);
  });

  it('REL-3: is refused while the service is in another release, naming that and those that wait', async () => {
    const name = await service();
    const flag = await api.flag();
    const active = await starts('plain', { service: name, version: '1' });
    const queued = await ada.starts('plain', { changes: [{ service: name, version: '2' }], whenBusy: 'queue' });

    const changes = [
      { flag, definition: ON },
      { service: name, version: '3' },
    ];
    const answer = await rita.triggers('plain', { changes });

    expect(codeOf(answer)).toBe('409 release.busy');
    expect(answer.body.facts).toEqual({ active: [active], queued: [queued] });
    expect((await whyOf(queued)).blockers).toMatchObject([{ kind: 'queue', releases: [active] }]);
    const shown = await vera.get<{ release: string; queued: string[] }>(`/v1/projects/shop/services/${name}`);
    expect(shown.body).toMatchObject({ release: active, queued: [queued] });
    await rita.acts(active, 'abort');
    await api.reaches(queued, 'baking', 'one');
  });

  it('PIPE-6: starts a release also where only an opted-out environment is named', async () => {
    const name = await service('development');

    const { status, body } = await ada.triggers('opted-out', {
      changes: [{ service: name, version: '1', environments: ['development'] }],
    });

    expect(status).toBe(201);
    await api.reaches(body.id, 'baking');
    expect(target.versionOf(name, 'development')).toBe('1');
  });

  it('PIPE-6: starts a release when a service stands beside a flag of opted-out environments', async () => {
    const [name, flag] = [await service('development'), await api.flag()];

    const id = await starts(
      'opted-out',
      { flag, definition: ON, environments: ['development'] },
      { service: name, version: '1' },
    );

    await api.reaches(id, 'baking');
    expect((await api.sees('development'))[flag]).toBe(false);
    await rita.acts(id, 'full-rollout');
    expect((await api.sees('development'))[flag]).toBe(true);
  });

  it('SEC-1: takes the permission to trigger', async () => {
    const name = await service();
    const body = { changes: [{ service: name, version: '1' }] };

    expect(missing(await vera.triggers('plain', body))).toBe('403 request.forbidden ReleaseTrigger');
    expect(codeOf(await tom.triggers('plain', body))).toBe('404 project.unknown');
    expect(await releasesOf(name)).toEqual([]);
  });
});

describe('a release with services', () => {
  it('REL-24: shows where each service has arrived, in lists too, and at its end where it has not', async () => {
    const name = await service();
    const id = await starts('teamed', { service: name, version: '1.4.2' });
    await api.reaches(id, 'baking', 'one');
    const shown = { service: name, version: '1.4.2', environments: ['staging', 'production'], deployed: ['staging'] };
    expect((await vera.release(id)).changes).toEqual([shown]);
    expect((await releasesOf(name))[0]?.changes).toEqual([shown]);
    await rita.acts(id, 'skip');
    await api.reaches(id, 'waiting-for-review', 'two');
    await tom.acts(id, 'approve');
    await api.reaches(id, 'baking', 'two');

    await rita.acts(id, 'skip');

    const completed = await api.reaches(id, 'completed');
    expect(completed.changes).toEqual([{ ...shown, deployed: ['staging', 'production'] }]);
    const read = await vera.get<{ versions: object }>(`/v1/projects/shop/services/${name}`);
    expect(read.body.versions).toMatchObject({ staging: '1.4.2', production: '1.4.2', preview: null });
  });

  it('REL-24: leaves a service as it is where its phase was skipped', async () => {
    const name = await service();
    const pipeline = await api.pipeline(`skipping-${name}`, [
      phase('one', to('staging')),
      phase('two', { ...to('production'), requiredReview: { authorMayApprove: true } }),
      phase('three', to('preview')),
    ]);
    const id = await starts(pipeline, { service: name, version: '2' });
    await api.reaches(id, 'baking', 'one');
    await rita.acts(id, 'skip');
    await api.reaches(id, 'waiting-for-review', 'two');
    await rita.acts(id, 'skip', { reason: 'Later' });
    await api.reaches(id, 'baking', 'three');

    await rita.acts(id, 'skip');

    const { changes } = await api.reaches(id, 'completed');
    expect(changes).toMatchObject([{ environments: ['staging', 'production'], deployed: ['staging'] }]);
    expect(target.versionOf(name, 'production')).toBeNull();
  });

  it('HTTP-5: is found by the name of a service, and only by that', async () => {
    const [name, other, flag] = [await service(), await service(), await api.flag()];
    const first = await starts('plain', { service: name, version: '1' });
    await api.reaches(first, 'baking');
    await rita.acts(first, 'abort');
    await api.reaches(first, 'aborted');
    const second = await starts('plain', { flag, definition: ON }, { service: name, version: '2' });
    await starts('plain', { service: other, version: '1' });

    expect((await releasesOf(name)).map(({ id }) => id)).toEqual([second, first]);
    expect(await releasesOf(flag)).toEqual([]);
    const live = await api.admin.get<Page<ReleaseBody>>(`/v1/releases?service=${name}&live=true`);
    expect(live.body.items.map(({ id }) => id)).toEqual([second]);
    const byFlag = await api.admin.get<Page<ReleaseBody>>(`/v1/releases?flag=${flag}&service=${name}`);
    expect(byFlag.body.items.map(({ id }) => id)).toEqual([second]);
  });

  it('REL-26: says which target has not taken its version, since when, and when it is asked again', async () => {
    const name = await service('staging');
    refuses(name, 503);
    const id = await starts('plain', { service: name, version: '2' });

    const { blockers, earliestNextTransition } = await eventually('the target is to be asked again', async () => {
      const why = await whyOf(id);
      return why.blockers.some(({ nextAttemptAt }) => nextAttemptAt !== null) && why;
    });

    expect(blockers).toMatchObject([
      { kind: 'roll-out', phase: 'one', service: null },
      {
        ...{ kind: 'target', phase: 'one', service: name, environment: 'staging', remedies: [] },
        detail: expect.stringContaining('503') as string,
      },
    ]);
    const [, blocker] = blockers;
    expect(Date.parse(blocker?.nextAttemptAt ?? '')).toBeGreaterThan(Date.parse(blocker?.since ?? ''));
    expect(earliestNextTransition).toBe(blocker?.nextAttemptAt);
    target.meet(null);
    await api.reaches(id, 'baking');
    expect((await whyOf(id)).blockers.map(({ kind }) => kind)).toEqual(['bake-timer']);
  });

  it('REL-22: shows how each deployment ended: refused, broken, or aborted by a person', async () => {
    const name = await service();
    refuses(name, 400, 'production');
    const id = await starts('everywhere', { service: name, version: '2' });
    await api.reaches(id, 'failed', 'all');
    expect((await whyOf(id)).blockers).toMatchObject([
      {
        ...{ kind: 'failed', phase: 'all' },
        // The last phase: there is nothing to skip to.
        remedies: ['retry', 'abort'].map((action) => ({ action, heldBy: expect.arrayContaining(['rita']) as unknown })),
      },
    ]);
    refuses(name, 503, 'production');
    await rita.acts(id, 'retry');
    await nearlyOutOfTries(id);
    await api.reaches(id, 'failed', 'all');
    refuses(name, 503, 'production');
    await rita.acts(id, 'retry');

    await rita.asks(id, 'abort', { reason: 'Enough' });

    await api.reaches(id, 'aborting');
    const shown = (await deploymentsOf(id)).reverse();
    expect(shown.map(({ environment, attempt, state, errored }) => [environment, attempt, state, errored])).toEqual([
      ['staging', 1, 'succeeded', false],
      ['production', 1, 'failed', false],
      ['production', 2, 'failed', true],
      ['production', 3, 'aborted', false],
    ]);
    expect(shown.map(({ endedBy }) => endedBy)).toEqual([null, null, null, { user: 'rita', notes: 'Enough' }]);
    expect(shown.map(({ steps }) => [steps[0]?.state, steps[0]?.error])).toEqual([
      ['succeeded', null],
      ['failed', 'The target answered 400'],
      ['failed', 'The target answered 503'],
      ['aborted', null],
    ]);
    expect(shown.every(({ endedAt }) => endedAt !== null)).toBe(true);
    target.meet(null);
    await api.reaches(id, 'aborted');
  });

  /** Sixteen seconds of waiting are left out: its next try is the last. */
  async function nearlyOutOfTries(id: string): Promise<void> {
    await eventually('the target is to be asked again', async () => {
      const { numUpdatedRows } = await api.store.write(({ sql }) =>
        sql
          .updateTable('effects')
          .set({ tries: APPLY_TRIES_MAX - 1 })
          .where('releaseId', '=', id)
          .where('nextAttemptAt', 'is not', null)
          .executeTakeFirst(),
      );
      return numUpdatedRows > 0n;
    });
  }

  it('INV-4: has its whole life in the audit, by names, without addresses and secrets', async () => {
    const [name, flag] = [await service('staging'), await api.flag()];
    const id = await starts('plain', { service: name, version: '2' }, { flag, definition: ON });
    await api.reaches(id, 'baking', 'one');
    await rita.asks(id, 'abort', { reason: 'Wrong version' });
    await api.reaches(id, 'aborted');

    const events = await api.events(id);

    expect(events.map(({ type, actor }) => [type, actor])).toEqual([
      ['release-triggered', 'ada'],
      ['release-started', null],
      ['phase-started', null],
      ['service-apply-started', null],
      ['service-applied', null],
      ['flags-applied', null],
      ['deployment-succeeded', null],
      ['bake-started', null],
      ['action-applied', 'rita'],
      ['release-aborting', 'rita'],
      ['flags-reverted', null],
      ['service-revert-started', null],
      ['service-reverted', null],
      ['release-aborted', null],
    ]);
    const of = { service: name, environment: 'staging' };
    const dataOf = (type: string) => events.find((event) => event.type === type)?.data;
    expect(dataOf('service-apply-started')).toEqual({ ...of, phase: 'one', attempt: 1, version: '2' });
    expect(dataOf('service-applied')).toEqual({ ...of, phase: 'one' });
    expect(dataOf('release-aborting')).toMatchObject({ cause: 'person', reason: 'Wrong version' });
    expect(dataOf('service-reverted')).toEqual(of);
    expect(JSON.stringify(events)).not.toContain('127.0.0.1');
    const audit = await api.admin.get<Page<EventBody>>(`/v1/audit?release=${id}&limit=200`);
    expect(audit.body.items.map(({ type }) => type).reverse()).toEqual(events.map(({ type }) => type));
  });
});

describe('giving up a service that does not come back', () => {
  it('REL-19: is decided and answered with the release, which ends when nothing else is left', async () => {
    const { id, name } = await reverting();

    const { status, body } = await accept(rita, id, name, { reason: 'The machine burnt down' });

    expect([status, body.id]).toEqual([200, id]);
    await api.reaches(id, 'aborted');
    expect(await driftOf(id)).toEqual([
      {
        ...{ item: name, target: 'service', environment: 'staging', state: 'drifted', nextAttemptAt: null },
        detail: expect.any(String) as string,
      },
    ]);
    const events = await api.events(id);
    const accepted = events.find(({ type }) => type === 'drift-accepted');
    expect(accepted).toMatchObject({
      actor: 'rita',
      data: { service: name, environment: 'staging', reason: 'The machine burnt down' },
    });
    expect(events.find(({ type, data }) => type === 'action-applied' && data['verb'] === 'accept-drift')).toMatchObject(
      {
        actor: 'rita',
        data: { reason: 'The machine burnt down' },
      },
    );
  });

  it('REL-26: is what why offers, with when the service is asked next and who may give it up', async () => {
    const { id, name } = await reverting();

    const { state, blockers, earliestNextTransition } = await eventually('it waits for its next try', async () => {
      const why = await whyOf(id);
      return why.blockers[0]?.nextAttemptAt != null && why;
    });

    expect(state).toBe('aborting');
    expect(blockers).toMatchObject([
      {
        ...{ kind: 'revert', service: name, environment: 'staging', phase: null },
        detail: expect.stringContaining(`${name} in staging is not back after`) as string,
        remedies: [{ action: 'accept-drift', permission: 'ReleaseControl', teams: [] }],
      },
    ]);
    expect(blockers[0]?.since).not.toBeNull();
    expect(earliestNextTransition).not.toBeNull();
    const [remedy] = blockers[0]?.remedies ?? [];
    expect(remedy?.heldBy).toEqual(expect.arrayContaining(['admin', 'rita']));
    expect(remedy?.heldBy).not.toEqual(expect.arrayContaining(['vera']));
    expect(JSON.stringify(blockers)).not.toContain(new URL(dead).port);
    await accept(rita, id, name);
  });

  it('REL-19: is not needed when its endpoint is mended', async () => {
    const { id, name } = await reverting();

    await move(name, { staging: target.urlOf(name, 'staging') });

    await api.reaches(id, 'aborted');
    expect(await driftOf(id)).toMatchObject([{ item: name, state: 'reverted', nextAttemptAt: null }]);
    expect(target.versionOf(name, 'staging')).toBeNull();
  });

  it('REL-25: is answered with 202 without a worker, and applied when there is one', async () => {
    const { id, name } = await reverting();
    await api.stopWorker();
    let answer: Answer;
    try {
      answer = await accept(rita, id, name, { reason: 'Nobody is there' });
    } finally {
      await api.startWorker();
    }

    const location = answer.headers.get('location') ?? '';
    expect([answer.status, location]).toEqual([202, expect.stringMatching(/^\/v1\/actions\//)]);
    expect(answer.body).toMatchObject({
      verb: 'accept-drift',
      state: 'pending',
      by: 'rita',
      reason: 'Nobody is there',
    });
    expect(await api.outcome(location)).toMatchObject({ verb: 'accept-drift', state: 'applied', problem: null });
    await api.reaches(id, 'aborted');
  });

  it('REL-19: is refused for what is not on its way back', async () => {
    const [a, b] = [await service('staging', 'production'), await service('staging')];
    const id = await starts('everywhere', { service: a, version: '2' }, { service: b, version: '2' });
    await api.reaches(id, 'baking');
    const early = await accept(rita, id, a);
    await move(a, { staging: dead, production: target.urlOf(a, 'production') });
    await rita.asks(id, 'abort');
    await eventually(
      'all but one are back',
      async () => {
        const states = (await driftOf(id)).map(({ state }) => state);
        return states.filter((state) => state === 'reverted').length === 2;
      },
      30_000,
    );

    const back = await accept(rita, id, b);
    const backThere = await accept(rita, id, a, { reason: 'Why', environment: 'production' });
    const nowhere = await accept(rita, id, a, { reason: 'Why', environment: 'moon' });
    const given = await accept(rita, id, a, { reason: 'Why', environment: 'staging' });
    await api.reaches(id, 'aborted');
    const late = await accept(rita, id, a);

    expect([early, back, backThere, nowhere].map(codeOf)).toEqual(Array<string>(4).fill('409 drift.not-reverting'));
    expect(early.body.allowed).toEqual(['pause', 'skip', 'abort', 'full-rollout']);
    expect(given.status).toBe(200);
    expect(codeOf(late)).toBe('409 release.ended');
  }, 60_000);

  it('HTTP-4: is refused for what the release does not change, and for a release that nobody knows', async () => {
    const [name, other, flag] = [await service('staging'), await service(), await api.flag()];
    const id = await starts('plain', { flag, definition: ON }, { service: name, version: '2' });

    expect(codeOf(await accept(rita, id, other))).toBe('404 drift.unknown');
    expect(codeOf(await accept(rita, id, flag))).toBe('404 drift.unknown');
    expect(codeOf(await accept(rita, 'none', name))).toBe('404 release.unknown');
    expect((await api.eventTypes(id)).filter((type) => type.startsWith('action-'))).toEqual([]);
  });

  it.each([
    ['no reason', {}, 'reason'],
    ['a blank reason', { reason: ' \t ' }, 'reason'],
    ['a reason that is too long', { reason: 'x'.repeat(2_001) }, 'reason'],
    ['another field', { reason: 'Why', everywhere: true }, 'everywhere'],
    ['an environment that is no name', { reason: 'Why', environment: 'No Name' }, 'environment'],
    ['a time that is none', { reason: 'Why', expiresAfter: 'soon' }, 'expiresAfter'],
  ])('REL-25: is refused with %s', async (_, body, path) => {
    const name = await service('staging');
    const id = await starts('plain', { service: name, version: '2' });

    const answer = await accept(rita, id, name, body);

    expect([codeOf(answer), ...pathsOf(answer)]).toEqual(['400 request.invalid', path]);
    expect((await api.eventTypes(id)).filter((type) => type.startsWith('action-'))).toEqual([]);
  });

  it('HTTP-6: is asked once for each key; the key stands for that service and that reason', async () => {
    const { id, name } = await reverting();
    const key = { 'idempotency-key': `give-up-${name}` };
    const first = await accept(rita, id, name, { reason: 'Why' }, key);

    const again = await accept(rita, id, name, { reason: 'Why' }, key);
    const other = await accept(rita, id, name, { reason: 'Another' }, key);

    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(codeOf(other)).toBe('422 idempotency.mismatch');
    await api.reaches(id, 'aborted');
    expect((await api.eventTypes(id)).filter((type) => type === 'drift-accepted')).toHaveLength(1);
  });

  it('SEC-4: takes ReleaseControl: viewers, authors and members of a reviewing team see it all and may not', async () => {
    const name = await service('staging', 'production');
    const id = await starts('teamed', { service: name, version: '2' });
    await api.reaches(id, 'baking', 'one');
    await move(name, { staging: dead, production: dead });
    await rita.asks(id, 'abort');
    await asked(id);

    for (const person of [vera, ada, tom]) {
      expect([person.name, missing(await accept(person, id, name))]).toEqual([
        person.name,
        '403 request.forbidden ReleaseControl',
      ]);
      expect(await driftOf(id, person)).toMatchObject([{ item: name, state: 'reverting' }]);
      expect((await whyOf(id, person)).blockers).toMatchObject([{ kind: 'revert', service: name }]);
    }
    const stranger = await api.person(`stranger-of-${name}`);
    expect(codeOf(await accept(stranger, id, name))).toBe('404 release.unknown');
    expect((await rita.release(id)).allowed).toEqual([]);
    expect((await accept(rita, id, name)).status).toBe(200);
    const denied = await api.admin.get<Page<EventBody>>('/v1/audit?project=shop&actor=vera&limit=1');
    expect(denied.body.items).toMatchObject([{ type: 'permission-missing', actor: 'vera' }]);
  });
});

describe('an abort of flags and services', () => {
  it('REL-19: brings all of it back, and waits for the one that is dead until a person gives it up', async () => {
    const [payments, stock] = [await service('production'), await service('production')];
    const gate = await api.flag();
    const config = `config-of-${payments}`;
    const limits = (max: number) => ({
      state: 'ENABLED',
      variants: { limits: { max } },
      defaultVariant: 'limits',
    });
    const made = await api.admin.put(`/v1/projects/shop/flags/${config}`, { kind: 'config', definition: limits(10) });
    expect(made.status).toBe(201);
    const pipeline = await api.pipeline(`to-production-${payments}`, [phase('all', to('production'))]);
    const id = await starts(
      pipeline,
      { flag: gate, definition: ON },
      { flag: config, definition: limits(500) },
      { service: payments, version: '1.4.2' },
      { service: stock, version: '7' },
    );
    await api.reaches(id, 'baking', 'all');
    expect(await api.sees('production')).toMatchObject({ [gate]: true, [config]: { max: 500 } });
    expect([payments, stock].map((name) => target.versionOf(name, 'production'))).toEqual(['1.4.2', '7']);
    await move(payments, { production: dead });

    const aborted = await rita.asks(id, 'abort', { reason: 'Orders are lost' });

    // The flags are back when the caller knows.
    expect([aborted.status, aborted.body.state]).toEqual([200, 'aborting']);
    expect(await api.sees('production')).toMatchObject({ [gate]: false, [config]: { max: 10 } });
    await eventually('the other service is back', () => target.versionOf(stock, 'production') === null);
    const first = await asked(id);
    const next = await eventually('the dead one is tried again', async () => {
      const again = await asked(id);
      return again.nextAttemptAt !== first.nextAttemptAt && again;
    });
    expect(Date.parse(next.nextAttemptAt ?? '')).toBeGreaterThan(Date.parse(first.nextAttemptAt ?? ''));
    const why = await whyOf(id);
    expect(why.blockers).toMatchObject([{ kind: 'revert', service: payments, environment: 'production' }]);
    expect(why.blockers[0]?.detail).toMatch(/not back after \d+ tr/);
    expect(await states(id)).toEqual([
      [gate, 'production', 'reverted'],
      [config, 'production', 'reverted'],
      [stock, 'production', 'reverted'],
      [payments, 'production', 'reverting'],
    ]);
    expect((await api.admin.release(id)).state).toBe('aborting');

    const given = await accept(rita, id, payments, { reason: 'The host is gone' });

    expect(given.status).toBe(200);
    const { phases, changes, endedAt } = await api.reaches(id, 'aborted');
    expect([phases[0]?.state, endedAt === null]).toEqual(['reverted', false]);
    expect(changes.slice(2)).toMatchObject([{ deployed: [] }, { deployed: [] }]);
    expect((await states(id)).at(-1)).toEqual([payments, 'production', 'drifted']);
    expect((await whyOf(id)).blockers).toEqual([]);
    // Its targets are free.
    await api.reaches(await starts(pipeline, { service: stock, version: '8' }), 'baking');
  });

  const states = async (id: string) =>
    (await driftOf(id)).map(({ item, environment, state }) => [item, environment, state]);
});
