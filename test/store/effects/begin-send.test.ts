import { effectsUnderWay } from '../../../src/store/effects/effects-under-way';
import { openSecret, addSecret } from '../../../src/store/services/service-secrets';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { testSecretBox } from '../../support/test-services';
import { goOn } from '../releases/release-steps';
import {
  abort,
  answer,
  BROKEN,
  DONE,
  drifted,
  bringBack,
  deploy,
  deployment,
  effectOf,
  enter,
  nextItem,
  nextSend,
  REFUSED,
  revertSend,
  takeBack,
} from './effect-steps';

const HOUR = 3_600_000;
const TIMEOUT = 2_000;
const URL_THERE = 'http://127.0.0.1:1/payments';
const both = [phase('all', { bakeMs: HOUR, rules: [{ environments: ['staging', 'production'], conditions: [] }] })];

let world: ReleaseStore;
let payments: string;
let at: number;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  payments = await world.putService('payments', { staging: URL_THERE, production: URL_THERE }, TIMEOUT);
  at = Date.now();
});
afterEach(() => world.close());

async function started(version = '1.4.2', phases = [phase('all', { bakeMs: HOUR })]): Promise<string> {
  const release = await world.trigger({ phases, services: { payments: version }, flags: [], whenBusy: 'queue' });
  await enter(world, release);
  return release;
}

/** A release that is over: the service has that version. */
async function released(version: string): Promise<void> {
  const release = await started(version, [phase('all')]);
  await deploy(world, release);
  expect(await world.shown(release)).toBe('completed');
}

const removeEndpoint = (environment: string) =>
  world.store.write(({ sql }) =>
    sql
      .deleteFrom('serviceEndpoints')
      .where('serviceId', '=', payments)
      .where('environmentId', '=', world.environments[environment] ?? '')
      .execute(),
  );

const putEndpoint = (environment: string, url: string) =>
  world.store.write(({ sql }) =>
    sql
      .insertInto('serviceEndpoints')
      .values({ serviceId: payments, environmentId: world.environments[environment] ?? '', url })
      .execute(),
  );

async function projectName(): Promise<string> {
  const row = await world.store.read.selectFrom('projects').select('slug').executeTakeFirstOrThrow();
  return row.slug;
}

describe('what is sent', () => {
  it('WHK-1: holds all that the contract names, in its order, and nothing else', async () => {
    const release = await started();

    const { key, url, timeoutMs, until, secrets, body } = await nextSend(world, release, { now: at + 10_000 });

    expect({ key, url, timeoutMs, until }).toEqual({
      key: `${release}/-/all/staging/payments/apply/1`,
      url: URL_THERE,
      timeoutMs: TIMEOUT,
      until: at + 10_000 + TIMEOUT,
    });
    expect(secrets).toHaveLength(1);
    expect(body).toEqual({
      type: 'service.apply',
      timestamp: new Date(at + 10_000).toISOString(),
      data: {
        project: await projectName(),
        service: 'payments',
        environment: 'staging',
        tenant: null,
        release,
        track: null,
        phase: 'all',
        attempt: 1,
        sequence: at + 10_000,
        version: '1.4.2',
        previousVersion: null,
        expectedVersion: null,
        callbackUrl: null,
      },
    });
    expect([Object.keys(body), Object.keys(body.data)]).toEqual([
      ['type', 'timestamp', 'data'],
      [
        ...['project', 'service', 'environment', 'tenant', 'release', 'track', 'phase', 'attempt', 'sequence'],
        ...['version', 'previousVersion', 'expectedVersion', 'callbackUrl'],
      ],
    ]);
  });

  it('WHK-5: names what the service had before the release, as expected too', async () => {
    await released('1.4.1');
    const release = await started('1.4.2');

    const { body } = await nextSend(world, release);

    expect(body.data).toMatchObject({ version: '1.4.2', previousVersion: '1.4.1', expectedVersion: '1.4.1' });
  });

  it('WHK-3: names the phase as it is called, percent-encoded', async () => {
    const release = await started('1', [phase('early (10 %)/Ä', { bakeMs: HOUR })]);

    const { key, body } = await nextSend(world, release);

    expect(key).toBe(`${release}/-/early%20%2810%20%25%29%2F%C3%84/staging/payments/apply/1`);
    expect(body.data.phase).toBe('early (10 %)/Ä');
  });

  it('WHK-3: is the same on a retry but for its address, time limit and secrets, which are those of now', async () => {
    const release = await started();
    const first = await nextSend(world, release, { now: at });
    await answer(world, first, BROKEN, at + 100);
    await world.moveService(payments, 'staging', 'http://127.0.0.1:2/moved');
    await world.store.write(async (unit) => {
      await unit.sql.updateTable('services').set({ timeoutMs: 9_000 }).where('id', '=', payments).execute();
      const service = { id: payments, slug: 'payments' };
      const { projectId } = world;
      await addSecret(unit, { projectId, service, secretBox: testSecretBox, by: 'ada', at: at + 200 });
    });

    const again = await nextSend(world, release, { now: at + 5_000 });

    expect([again.key, again.body]).toEqual([first.key, first.body]);
    expect(again).toMatchObject({ url: 'http://127.0.0.1:2/moved', timeoutMs: 9_000, until: at + 14_000 });
    expect(again.secrets).toHaveLength(2);
    expect(again.secrets[1]).toEqual(first.secrets[0]);
    expect(new Set(again.secrets.map((secret) => openSecret(testSecretBox, secret))).size).toBe(2);
  });
});

describe('a service without an endpoint', () => {
  it('WHK-1: fails its deployment at once, as something that a person has to mend', async () => {
    const release = await started();
    await removeEndpoint('staging');

    const failed = await nextItem(world, release, { now: at });

    expect(failed).toMatchObject({ kind: 'failed', detail: 'payments has no endpoint there', errored: false });
    const [effect] = await world.store.read.selectFrom('effects').selectAll().execute();
    expect(effect).toMatchObject({ status: 'failed', tries: 1, sendingUntil: null, nextAttemptAt: null });
    expect((await world.eventTypes(release)).slice(-2)).toEqual(['phase-started', 'service-apply-failed']);
    expect(await nextItem(world, release, { now: at + HOUR })).toEqual(failed);
  });

  it('REL-19: is not touched by that: there is nothing to take back', async () => {
    const release = await started();
    await removeEndpoint('staging');
    await deploy(world, release);
    expect(await world.shown(release)).toBe('failed');

    await abort(world, release);

    expect((await world.position(release)).touched).toEqual([]);
    expect(await world.shown(release)).toBe('aborted');
  });

  it('REL-19: is asked again for as long as it takes, and goes back when the endpoint is mended', async () => {
    const release = await started();
    await deploy(world, release);
    await abort(world, release);
    await removeEndpoint('staging');
    at = Date.now();
    expect(await takeBack(world, release, 'payments', { now: at })).toEqual({ kind: 'later', at: at + 1_000 });
    expect(await takeBack(world, release, 'payments', { now: at + 1_000 })).toEqual({ kind: 'later', at: at + 3_000 });
    expect(await effectsUnderWay(world.store.read, { id: release })).toMatchObject([
      { direction: 'revert', tries: 2, detail: 'payments has no endpoint there', nextAttemptAt: at + 3_000 },
    ]);

    await putEndpoint('staging', URL_THERE);

    expect(await revertSend(world, release, 'payments', { now: at + 3_000 })).toMatchObject({ url: URL_THERE });
    await bringBack(world, release, 'payments');
    expect(await world.shown(release)).toBe('aborted');
  });
});

describe('a service without a secret', () => {
  it('WHK-1: fails its deployment at once, and nothing goes out unsigned', async () => {
    const release = await started();
    await world.store.write(({ sql }) => sql.deleteFrom('serviceSecrets').execute());

    expect(await nextItem(world, release)).toMatchObject({
      kind: 'failed',
      detail: 'payments has no secret to sign with',
      errored: false,
    });
  });

  it('WHK-1: is not sent to with one that signs no more', async () => {
    const release = await started();
    await world.store.write(({ sql }) =>
      sql
        .updateTable('serviceSecrets')
        .set({ expiresAt: at - 1 })
        .execute(),
    );

    expect(await nextItem(world, release, { now: at })).toMatchObject({ kind: 'failed' });
  });
});

describe('a target that somebody may still be sending to', () => {
  it('WHK-4: gets nothing else until the time limit of that has passed', async () => {
    const release = await started();
    const sent = await nextSend(world, release, { now: at });
    await abort(world, release);

    // Asked for again in a second: it may be answered long before its limit.
    expect(await takeBack(world, release, 'payments', { now: at + 10 })).toEqual({ kind: 'later', at: at + 1_010 });
    expect(await takeBack(world, release, 'payments', { now: sent.until - 1 })).toEqual({
      kind: 'later',
      at: sent.until,
    });

    const reverting = await revertSend(world, release, 'payments', { now: sent.until });
    expect(reverting.body.data.sequence).toBeGreaterThan(sent.body.data.sequence);
  });

  it('WHK-4: leaves no trace of what had to wait', async () => {
    const release = await started();
    await nextSend(world, release, { now: at });
    await abort(world, release);
    const sequence = () => world.store.read.selectFrom('serviceVersions').selectAll().execute();
    const before = await sequence();

    await takeBack(world, release, 'payments', { now: at + 10 });

    expect(await sequence()).toEqual(before);
    expect(await effectsUnderWay(world.store.read, { id: release })).toEqual([]);
  });

  it.each([DONE, REFUSED, BROKEN, drifted('9')])(
    'WHK-4: gets the next as soon as it has answered, also with $kind',
    async (outcome) => {
      const release = await started();
      const sent = await nextSend(world, release, { now: at });
      await abort(world, release);
      await answer(world, sent, outcome, at + 10);

      expect(await takeBack(world, release, 'payments', { now: at + 11 })).toMatchObject({ kind: 'send' });
    },
  );

  it('WHK-4: gets nothing else before the time limit of what was sent and found no answer', async () => {
    const release = await started();
    const sent = await nextSend(world, release, { now: at });
    await abort(world, release);
    const outcome = { kind: 'broken', detail: 'Hung up', retryAfterMs: null, isOpen: true } as const;

    await answer(world, sent, outcome, at + 10);

    expect(await takeBack(world, release, 'payments', { now: sent.until - 1 })).toEqual({
      kind: 'later',
      at: sent.until,
    });
  });

  it('WHK-4: waits also for what an earlier release has sent and given up', async () => {
    const first = await started('1');
    await deploy(world, first);
    await abort(world, first);
    at = Date.now();
    const sent = await revertSend(world, first, 'payments', { now: at });
    await world.accept(first, 'accept-drift', { item: { service: 'payments', environment: null } });
    await goOn(world, first);
    expect(await world.shown(first)).toBe('aborted');
    const second = await started('2');

    expect(await nextItem(world, second, { now: sent.until - 1 })).toEqual({ kind: 'later', at: sent.until });

    expect(await world.eventTypes(second)).not.toContain('service-apply-started');
    expect(await nextItem(world, second, { now: sent.until })).toMatchObject({ kind: 'send' });
  });

  it('WHK-4: keeps no other environment waiting, and no other service', async () => {
    await world.putService('stock', { staging: URL_THERE });
    const release = await started('1', both);
    await nextSend(world, release, { now: at });
    const other = await world.trigger({ phases: both, flags: [], services: { stock: '7' } });
    await enter(world, other);

    expect(await nextItem(world, release, { environment: 'production', now: at })).toMatchObject({ kind: 'send' });
    expect(await nextItem(world, other, { now: at })).toMatchObject({ kind: 'send' });
  });

  it('WHK-4: counts from the last send of its key', async () => {
    const release = await started();
    await nextSend(world, release, { now: at });
    const again = await nextSend(world, release, { now: at + 1_500 });
    await abort(world, release);

    expect(await takeBack(world, release, 'payments', { now: again.until - 1 })).toEqual({
      kind: 'later',
      at: again.until,
    });
  });

  it('WHK-4: waits for the later of two sends of one key, though the earlier one was answered', async () => {
    const release = await started();
    const first = await nextSend(world, release, { now: at });
    const again = await nextSend(world, release, { now: at + 1_000 });
    await answer(world, first, REFUSED, at + 1_100);
    await abort(world, release, at + 1_100);

    expect(await takeBack(world, release, 'payments', { now: again.until - 1 })).toEqual({
      kind: 'later',
      at: again.until,
    });
  });

  it('WHK-4: waits for the earlier of two sends of one key, though the later one was answered', async () => {
    const release = await started();
    const first = await nextSend(world, release, { now: at });
    const again = await nextSend(world, release, { now: at + 1_000 });
    await answer(world, again, REFUSED, at + 1_100);
    await abort(world, release, at + 1_100);

    expect(await takeBack(world, release, 'payments', { now: first.until - 1 })).toEqual({
      kind: 'later',
      at: first.until,
    });
  });
});

describe('what is known of what is under way', () => {
  it('REL-26: names every effect that has not ended, with its tries, next attempt and last answer', async () => {
    const release = await started('1', both);
    const sent = await nextSend(world, release, { now: at });
    await nextSend(world, release, { environment: 'production', now: at + 1 });
    await answer(world, sent, BROKEN, at + 10);

    expect(await effectsUnderWay(world.store.read, { id: release })).toEqual([
      {
        ...{ service: 'payments', environment: 'staging', direction: 'apply', phase: 'all', tries: 1, since: at },
        ...{ nextAttemptAt: at + 1_010, awaitedUntil: null, detail: 'The target answered 503' },
      },
      {
        ...{ service: 'payments', environment: 'production', direction: 'apply', phase: 'all', tries: 1 },
        ...{ since: at + 1, nextAttemptAt: null, awaitedUntil: null, detail: null },
      },
    ]);
    expect(await effectsUnderWay(world.store.read, { id: 'another' })).toEqual([]);
  });

  it('INV-7: keeps no address and no secret with an effect', async () => {
    const release = await started();
    const { key, secrets } = await nextSend(world, release);
    await deploy(world, release, deployment());

    const kept = JSON.stringify([await effectOf(world, key), await world.events(release)]);

    expect(kept).toContain('payments');
    expect(kept).not.toContain('127.0.0.1');
    for (const secret of secrets) {
      expect(kept).not.toContain(secret.sealed);
      expect(kept).not.toContain(openSecret(testSecretBox, secret));
    }
  });
});
