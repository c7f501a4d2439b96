import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { goOn } from '../releases/release-steps';
import {
  abort,
  answer,
  bringBack,
  BROKEN,
  DONE,
  drifted,
  effectOf,
  enter,
  nextItem,
  nextSend,
  REFUSED,
  revertSend,
  takeBack,
  versionOf,
} from './effect-steps';

const HOUR = 3_600_000;
const MINUTE = 60_000;

let world: ReleaseStore;
let payments: string;
let release: string;
let at: number;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  payments = await world.putService('payments', { staging: 'http://127.0.0.1:1/payments' });
  release = await world.trigger({
    phases: [phase('all', { bakeMs: HOUR })],
    services: { payments: '1.4.2' },
    beforeFlags: ['payments'],
  });
  await enter(world, release);
  at = Date.now();
});
afterEach(() => world.close());

const touched = async () => (await world.position(release)).touched.map(({ state }) => state);

/** An abort whose revert of `payments` is sent; what `payments` had was never known. */
async function reverting() {
  await answer(world, await nextSend(world, release));
  await abort(world, release);
  at = Date.now();
  return revertSend(world, release, 'payments', { now: at });
}

const giveUp = async () => {
  await world.accept(release, 'accept-drift', { item: { service: 'payments', environment: null } });
  await goOn(world, release);
};

describe('the answer to an apply', () => {
  it('WHK-1: that is done ends the effect, tells the version, and is told of', async () => {
    const sent = await nextSend(world, release, { now: at });

    expect(await answer(world, sent, DONE, at + 5)).toEqual({ kind: 'done', at: at + 5 });

    expect(await effectOf(world, sent.key)).toMatchObject({
      ...{ status: 'done', errored: 0, tries: 1, detail: null, endedAt: at + 5 },
      ...{ sendingUntil: null, nextAttemptAt: null },
    });
    expect(await versionOf(world, payments)).toBe('1.4.2');
    expect(await touched()).toEqual(['applied']);
    expect((await world.events(release)).at(-1)).toMatchObject({
      type: 'service-applied',
      at: at + 5,
      actorId: null,
      data: { phase: 'all', service: 'payments', environment: 'staging' },
    });
  });

  it('PRO-5: that is broken is followed by four more tries, longer and longer apart, and then by failure', async () => {
    const waits: number[] = [];
    let now = at;
    for (let tries = 1; tries < 5; tries += 1) {
      const recorded = await answer(world, await nextSend(world, release, { now }), BROKEN, now);
      expect(recorded.kind).toBe('later');
      waits.push(recorded.at - now);
      now = recorded.at;
    }

    const last = await answer(world, await nextSend(world, release, { now }), BROKEN, now);

    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(last).toEqual({ kind: 'failed', at: now, detail: 'The target answered 503', errored: true });
    expect(await touched()).toEqual(['failed']);
    expect(await nextItem(world, release, { now })).toEqual(last);
  });

  it('PRO-5: that asks for more patience gets it; for less it does not', async () => {
    const patient = await answer(
      world,
      await nextSend(world, release, { now: at }),
      { kind: 'broken', detail: 'The target answered 429', retryAfterMs: 20_000 },
      at,
    );
    const hasty = await answer(
      world,
      await nextSend(world, release, { now: patient.at }),
      { kind: 'broken', detail: 'The target answered 429', retryAfterMs: 0 },
      patient.at,
    );

    expect([patient, hasty]).toEqual([
      { kind: 'later', at: at + 20_000 },
      { kind: 'later', at: at + 22_000 },
    ]);
  });

  it('PRO-5: that is no fails it at once, and is told of with what the target said', async () => {
    const sent = await nextSend(world, release);

    const recorded = await answer(world, sent, REFUSED);

    expect(recorded).toMatchObject({ kind: 'failed', detail: 'The target answered 400', errored: false });
    expect(await effectOf(world, sent.key)).toMatchObject({ status: 'failed', errored: 0, endedAt: recorded.at });
    expect(await versionOf(world, payments)).toBeNull();
    expect((await world.events(release)).at(-1)).toMatchObject({
      type: 'service-apply-failed',
      data: { phase: 'all', service: 'payments', environment: 'staging', detail: 'The target answered 400' },
    });
  });

  it('WHK-5: that finds another version fails it, is not tried again, and tells what is there', async () => {
    const sent = await nextSend(world, release);

    expect(await answer(world, sent, drifted('9'))).toMatchObject({ kind: 'failed', errored: false });

    expect(await effectOf(world, sent.key)).toMatchObject({ status: 'drifted', nextAttemptAt: null });
    expect(await versionOf(world, payments)).toBe('9');
    expect(await touched()).toEqual(['drifted']);
    expect(await nextItem(world, release)).toMatchObject({ kind: 'failed' });
  });

  it('WHK-5: that finds another version and does not say which changes nothing that is known', async () => {
    await answer(world, await nextSend(world, release), drifted(undefined));

    expect(await versionOf(world, payments)).toBeNull();
  });

  it('INV-1: that comes twice counts once', async () => {
    const sent = await nextSend(world, release, { now: at });
    const first = await answer(world, sent, DONE, at + 1);
    const events = await world.events(release);

    expect((await answer(world, sent, DONE, at + 2)).kind).toBe(first.kind);

    expect(await world.events(release)).toEqual(events);
    expect(await effectOf(world, sent.key)).toMatchObject({ status: 'done', endedAt: at + 1 });
  });

  it('INV-1: that comes twice at the same time counts once', async () => {
    const sent = await nextSend(world, release);

    await Promise.all([answer(world, sent), answer(world, sent), answer(world, sent)]);

    expect((await world.eventTypes(release)).filter((type) => type === 'service-applied')).toHaveLength(1);
  });

  it('WHK-3: that is done stands, whatever an earlier send of the same key comes to', async () => {
    const first = await nextSend(world, release, { now: at });
    const second = await nextSend(world, release, { now: at + 100 });
    await answer(world, second, DONE, at + 200);

    await answer(world, first, REFUSED, at + 300);

    expect(await effectOf(world, first.key)).toMatchObject({ status: 'done', endedAt: at + 200 });
    expect(await touched()).toEqual(['applied']);
    expect(await versionOf(world, payments)).toBe('1.4.2');
    expect(await world.eventTypes(release)).not.toContain('service-apply-failed');
  });

  it('REL-22: that is no stands with its detail, although an earlier send of the same key was done', async () => {
    const first = await nextSend(world, release, { now: at });
    const second = await nextSend(world, release, { now: at + 100 });
    const failed = await answer(world, second, REFUSED, at + 200);

    await answer(world, first, DONE, at + 300);

    expect(await nextItem(world, release)).toEqual(failed);
    expect(await touched()).toEqual(['failed']);
    expect(await versionOf(world, payments)).toBe('1.4.2');
  });
});

describe('an answer that comes late', () => {
  it('REL-19: to an apply that an abort has given up tells the version, and brings nothing else about', async () => {
    const sent = await nextSend(world, release);
    await abort(world, release);
    const events = await world.events(release);

    await answer(world, sent, DONE);

    expect(await effectOf(world, sent.key)).toMatchObject({ status: 'given-up', sendingUntil: null });
    expect(await versionOf(world, payments)).toBe('1.4.2');
    expect(await touched()).toEqual(['reverting']);
    expect(await world.events(release)).toEqual(events);
  });

  it('REL-19: to an apply that an abort has given up begins no other try', async () => {
    const sent = await nextSend(world, release);
    await abort(world, release);

    await answer(world, sent, BROKEN);

    expect(await effectOf(world, sent.key)).toMatchObject({ status: 'given-up', nextAttemptAt: null });
  });

  it('WHK-4: to what is not the newest that was sent to the target does not change what is known', async () => {
    const apply = await nextSend(world, release, { now: at });
    await abort(world, release);
    const revert = await revertSend(world, release, 'payments', { now: apply.until });
    await answer(world, revert, DONE, apply.until + 1);
    expect(await versionOf(world, payments)).toBeNull();

    await answer(world, apply, DONE, apply.until + 2);
    await answer(world, apply, drifted('9'), apply.until + 3);

    expect(await versionOf(world, payments)).toBeNull();
  });

  it('REL-19: to a revert that a person has given up, after the end of the release, changes nothing of it', async () => {
    const sent = await reverting();
    await giveUp();
    expect(await world.shown(release)).toBe('aborted');
    const [events, position] = [await world.events(release), await world.position(release)];

    expect(await answer(world, sent, DONE, at + 50)).toEqual({ kind: 'done', at: at + 50 });

    expect(await world.events(release)).toEqual(events);
    expect(await world.position(release)).toEqual(position);
    expect(await effectOf(world, sent.key)).toMatchObject({ status: 'given-up' });
    expect(await versionOf(world, payments)).toBeNull();
  });

  it('REL-19: to a revert that a person has given up begins no other try, whatever it says', async () => {
    const sent = await reverting();
    await giveUp();

    for (const outcome of [BROKEN, REFUSED, drifted('9')]) {
      await answer(world, sent, outcome);
      expect(await effectOf(world, sent.key)).toMatchObject({ status: 'given-up', nextAttemptAt: null });
    }
    expect(await takeBack(world, release, 'payments', { now: at + HOUR })).toEqual({ kind: 'stopped' });
  });

  it('to an effect that nobody knows is loud', async () => {
    const sent = await nextSend(world, release);

    await expect(answer(world, { ...sent, key: 'no/such/key' })).rejects.toThrow();
  });
});

describe('the answer to a revert', () => {
  it('REL-19: that is done ends it, and tells what is there again', async () => {
    const sent = await reverting();
    expect(await versionOf(world, payments)).toBe('1.4.2');

    expect(await answer(world, sent, DONE, at + 5)).toEqual({ kind: 'done', at: at + 5 });

    expect(await effectOf(world, sent.key)).toMatchObject({ status: 'done', endedAt: at + 5 });
    expect(await versionOf(world, payments)).toBeNull();
  });

  it('REL-19: that is anything but drift is followed by another try, at most five minutes later, for ever', async () => {
    let now = at;
    await reverting();
    const waits: number[] = [];
    for (let tries = 1; tries <= 14; tries += 1) {
      const sent = await revertSend(world, release, 'payments', { now });
      const recorded = await answer(world, sent, tries % 2 === 0 ? REFUSED : BROKEN, now);
      expect(recorded.kind).toBe('later');
      waits.push(recorded.at - now);
      now = recorded.at;
    }

    expect(waits.slice(0, 3)).toEqual([2_000, 4_000, 8_000]);
    expect(waits.slice(-3)).toEqual([5 * MINUTE, 5 * MINUTE, 5 * MINUTE]);
    expect(await touched()).toEqual(['reverting']);
    await bringBackAt(now);
    expect(await world.shown(release)).toBe('aborted');
  });

  it('WHK-5: that is drift ends it; what is there is known and not overwritten', async () => {
    const sent = await reverting();

    const recorded = await answer(world, sent, drifted('9'), at + 5);

    expect(recorded).toEqual({ kind: 'drifted', at: at + 5, detail: 'The target has another version than expected' });
    expect(await effectOf(world, sent.key)).toMatchObject({ status: 'drifted', nextAttemptAt: null });
    expect(await versionOf(world, payments)).toBe('9');
    expect(await takeBack(world, release, 'payments', { now: at + HOUR })).toEqual(recorded);
  });

  async function bringBackAt(now: number) {
    const { at: ended } = await answer(world, await revertSend(world, release, 'payments', { now }), DONE, now);
    await goOn(world, release, {
      finished: [
        {
          job: { kind: 'revert', service: 'payments', environment: 'staging' },
          at: ended,
          outcome: 'reverted',
        },
      ],
    });
  }
});

describe('what the next release finds', () => {
  it('REL-1: is what the service has, and not what was only asked for', async () => {
    await answer(world, await nextSend(world, release), REFUSED);
    await abort(world, release);
    await bringBack(world, release, 'payments');
    const next = await world.trigger({ phases: [phase('all')], services: { payments: '2' }, flags: [] });
    await enter(world, next);

    expect((await nextSend(world, next)).body.data).toMatchObject({ previousVersion: null, expectedVersion: null });
  });
});
