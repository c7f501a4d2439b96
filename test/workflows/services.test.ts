import type { Caller } from '../../src/api/caller';
import { releaseView } from '../../src/api/releases/release-view';
import { isTerminal } from '../../src/domain/release';
import { listDrift } from '../../src/store/releases/list-drift';
import { readRelease } from '../../src/store/releases/read-release';
import { closedPort, stopTargets } from '../targets/webhooks/webhook-target';
import { eventually } from '../support/eventually';
import { phase, review } from '../support/release-store';
import type { ReleaseWorld } from '../support/release-world';
import { startVersionTarget, type VersionTarget } from '../support/version-target';
import { worldPerTest } from '../support/world-per-test';

const HOUR = 3_600_000;
const toStaging = { rules: [{ environments: ['staging'], conditions: [] }] };
const toProduction = { rules: [{ environments: ['production'], conditions: [] }] };
const both = { rules: [{ environments: ['staging', 'production'], conditions: [] }] };

/** Reads what everybody may read. */
const OLGA: Caller = {
  ...{ userId: 'olga', user: 'olga', tokenId: 'token', madeBy: null, teamIds: [], teams: [], expiresAt: null },
  rights: { user: [{ role: 'administrator', project: null }], token: null },
  isGlobalAdministrator: true,
  may: () => true,
};

let world: ReleaseWorld;
let target: VersionTarget;

worldPerTest((opened) => {
  world = opened;
});
beforeEach(async () => {
  target = await startVersionTarget();
  world.startDispatcher();
  await world.startWorker();
});
afterEach(() => stopTargets());

/** A service whose endpoints are the target's. */
async function service(name: string, environments = ['staging', 'production']): Promise<string> {
  return world.putService(
    name,
    Object.fromEntries(environments.map((environment) => [environment, target.urlOf(name, environment)])),
  );
}

async function driftOf(release: string) {
  const row = await world.store.read.selectFrom('releases').selectAll().where('id', '=', release).executeTakeFirst();
  const touched = row ? await listDrift(world.store.read, row) : [];
  return touched.map(({ item, environment, state }) => `${item} ${environment} ${state}`);
}

async function overlays(release: string): Promise<number> {
  const rows = await world.store.read
    .selectFrom('overlays')
    .select('flagId')
    .where('releaseId', '=', release)
    .execute();
  return rows.length;
}

/** Where clients of the flag see the release. */
async function shownIn(release: string): Promise<string[]> {
  const rows = await world.store.read
    .selectFrom('overlays')
    .innerJoin('environments', 'environments.id', 'overlays.environmentId')
    .select('environments.slug')
    .where('releaseId', '=', release)
    .orderBy('environments.slug')
    .execute();
  return rows.map(({ slug }) => slug);
}

async function ends(release: string): Promise<string> {
  const state = await eventually(
    `${release} ends`,
    async () => {
      const position = await world.position(release);
      return isTerminal(position) && position;
    },
    20_000,
  );
  return state.stage;
}

const sent = () =>
  target.effects.map(({ type, data }) => `${type} ${data.service} ${data.environment} ${data.version}`);

describe('a release of flags and services', () => {
  it('CHG-1: brings services out in the listed order, and completes', async () => {
    await service('payments');
    await service('stock');

    const release = await world.trigger({
      phases: [phase('first', toStaging), phase('second', toProduction)],
      services: { payments: '1.4.2', stock: '7' },
    });

    expect(await ends(release)).toBe('completed');
    expect(sent()).toEqual([
      'service.apply payments staging 1.4.2',
      'service.apply stock staging 7',
      'service.apply payments production 1.4.2',
      'service.apply stock production 7',
    ]);
    expect(target.deliveries).toHaveLength(4);
  });

  it('REL-19: an abort takes flags back at once and services in reverse order', async () => {
    await service('payments');
    await service('stock');
    target.setVersion('payments', 'staging', null);
    const release = await world.trigger({
      phases: [phase('first', { ...toStaging, bakeMs: HOUR })],
      services: { payments: '1.4.2', stock: '7' },
    });
    await world.bakes(release, 0);
    expect(await overlays(release)).toBe(1);

    await world.act(release, 'abort');

    expect(await overlays(release)).toBe(0);
    expect(await ends(release)).toBe('aborted');
    expect(sent().slice(2)).toEqual(['service.revert stock staging null', 'service.revert payments staging null']);
    expect(await driftOf(release)).toEqual([
      'new-checkout staging reverted',
      'stock staging reverted',
      'payments staging reverted',
    ]);
  });

  it('REL-19: goes on asking a dead endpoint, and gives it up when a person accepts the drift', async () => {
    const payments = await service('payments', ['production']);
    await service('stock', ['production']);
    const release = await world.trigger({
      phases: [phase('first', { ...toProduction, bakeMs: HOUR })],
      services: { payments: '2', stock: '7' },
    });
    await world.bakes(release, 0);
    await world.moveService(payments, 'production', `http://127.0.0.1:${await closedPort()}/`);
    target = await startVersionTarget();

    await world.act(release, 'abort');
    await eventually('payments is asked twice', async () => {
      const row = await world.store.read
        .selectFrom('effects')
        .selectAll()
        .where('direction', '=', 'revert')
        .where('tries', '>=', 2)
        .executeTakeFirst();
      return row !== undefined;
    });
    expect(await world.shown(release)).toBe('aborting');
    expect(await world.act(release, 'accept-drift', { item: { service: 'stocks', environment: null } })).toBe(
      'drift.not-reverting',
    );
    expect(await world.act(release, 'accept-drift', { item: { service: 'payments', environment: null } })).toBe(
      'applied',
    );

    expect(await driftOf(release)).toContain('payments production drifted');
  });

  it('REL-22: a failed service fails the phase, and a retry sends what has not arrived', async () => {
    await service('payments');
    await service('stock');
    target.meet(({ data }, response) => {
      if (data.service === 'stock' && data.environment === 'production') {
        response.writeHead(400).end();
        return true;
      }
      return undefined;
    });
    const release = await world.trigger({ phases: [phase('all', both)], services: { payments: '2', stock: '7' } });
    await world.reaches(release, 'failed');
    target.meet(null);

    await world.act(release, 'retry');

    expect(await ends(release)).toBe('completed');
    expect(sent().sort()).toEqual([
      'service.apply payments production 2',
      'service.apply payments staging 2',
      'service.apply stock production 7',
      'service.apply stock staging 7',
    ]);
  });

  it('REL-20: a full roll-out brings services everywhere before the flags lose their filter', async () => {
    await service('payments');
    const release = await world.trigger({
      phases: [phase('first', { ...toStaging, bakeMs: HOUR }), phase('second', { ...toProduction, bakeMs: HOUR })],
      services: { payments: '2' },
    });
    await world.bakes(release, 0);

    await world.act(release, 'full-rollout');

    expect(await ends(release)).toBe('completed');
    expect(sent()).toEqual(['service.apply payments staging 2', 'service.apply payments production 2']);
  });
});

describe('a release whose phase fails', () => {
  const refused = (service: string, environment: string) =>
    target.meet(({ type, data }, response) => {
      if (type === 'service.apply' && data.service === service && data.environment === environment) {
        response.writeHead(403).end();
        return true;
      }
      return undefined;
    });

  it('REL-22: is aborted by itself where its pipeline says so, and takes back what was touched', async () => {
    await service('payments');
    await service('stock');
    refused('stock', 'staging');

    const release = await world.trigger({
      phases: [phase('first', { ...toStaging, bakeMs: HOUR })],
      onFailure: 'abort',
      services: { payments: '2', stock: '7' },
    });

    expect(await ends(release)).toBe('aborted');
    expect(sent()).toEqual(['service.apply payments staging 2', 'service.revert payments staging null']);
    expect(await driftOf(release)).toEqual([
      'new-checkout staging reverted',
      'stock staging reverted',
      'payments staging reverted',
    ]);
    expect(await overlays(release)).toBe(0);
    const aborting = (await world.events(release)).find(({ type }) => type === 'release-aborting');
    expect(aborting?.data).toMatchObject({ cause: 'phase-failed' });
  });

  it('REL-16: skipped, switches back the flags of the failed deployment alone', async () => {
    await service('payments');
    refused('payments', 'production');
    const release = await world.trigger({
      phases: [phase('first', both), phase('second', { ...toStaging, bakeMs: HOUR })],
      services: { payments: '2' },
    });
    await world.reaches(release, 'failed');
    expect(await shownIn(release)).toEqual(['production', 'staging']);

    expect(await world.act(release, 'skip')).toBe('applied');

    expect(await shownIn(release)).toEqual(['staging']);
    await world.bakes(release, 1);
    expect((await world.position(release)).phases[0]).toMatchObject({ progress: { status: 'skipped' }, partial: true });
    await world.act(release, 'abort');
    expect(await ends(release)).toBe('aborted');
    expect(await shownIn(release)).toEqual([]);
    // Both environments were deployed to at once, so that either may have been touched first.
    expect((await driftOf(release)).sort()).toEqual([
      'new-checkout staging reverted',
      'payments production reverted',
      'payments staging reverted',
    ]);
  });

  it('REL-22: with drift is retried under another key when somebody has mended it, and not overwritten before', async () => {
    await service('payments');
    target.setVersion('payments', 'staging', 'of-somebody-else');
    const release = await world.trigger({ phases: [phase('all', toStaging)], services: { payments: '2' } });
    await world.reaches(release, 'failed');

    await world.act(release, 'retry');
    await eventually('it has failed again', async () => {
      const types = await world.eventTypes(release);
      return types.filter((type) => type === 'phase-failed').length === 2;
    });
    expect(target.versionOf('payments', 'staging')).toBe('of-somebody-else');
    target.setVersion('payments', 'staging', null);
    await world.act(release, 'retry');

    expect(await ends(release)).toBe('completed');
    expect(target.versionOf('payments', 'staging')).toBe('2');
    expect(target.deliveries.map(({ data }) => data.attempt)).toEqual([1, 2, 3]);
    expect(new Set(target.deliveries.map(({ id }) => id)).size).toBe(3);
  });
});

describe('a release that is completed', () => {
  it('REL-24: leaves services as they are where their phase was skipped, and lists them', async () => {
    await service('payments');
    const release = await world.trigger({
      phases: [
        phase('first', toStaging),
        phase('second', { ...toProduction, requiredReview: review() }),
        phase('third', { ...toStaging, bakeMs: HOUR }),
      ],
      services: { payments: '2' },
    });
    await world.reaches(release, 'waiting-for-review', 1);

    await world.act(release, 'skip');
    await world.bakes(release, 2);
    await world.act(release, 'skip');

    expect(await ends(release)).toBe('completed');
    expect(sent()).toEqual(['service.apply payments staging 2']);
    expect(target.versionOf('payments', 'production')).toBeNull();
    expect(await overlays(release)).toBe(0);
    const record = await readRelease(world.store.read, release);
    const shown = record && (await releaseView(world.store, record, OLGA, Date.now()));
    expect(shown?.changes).toMatchObject([
      { flag: 'new-checkout' },
      { service: 'payments', environments: ['staging', 'production'], deployed: ['staging'] },
    ]);
  });
});
