import type { Callback } from '../../../src/domain/accepted-action';
import { acceptCallback, type CallbackAccepted } from '../../../src/store/effects/accept-callback';
import { effectsUnderWay } from '../../../src/store/effects/effects-under-way';
import { failedEffects } from '../../../src/store/effects/failed-effects';
import { getService } from '../../../src/store/services/get-service';
import { manual, rollOut } from '../../domain/process-fixture';
import { newParts, phase, ReleaseStore, type ReleaseToTrigger } from '../../support/release-store';
import { onPostgres } from '../../support/test-store';
import { goOn, stepOf, undecided } from '../releases/release-steps';
import {
  abort,
  ACCEPTED,
  answer,
  BROKEN,
  deployment,
  DONE,
  drifted,
  effectOf,
  enter,
  failureOf,
  nextItem,
  nextSend,
  REFUSED,
  revertSend,
  versionOf,
} from './effect-steps';

const HOUR = 3_600_000;

let world: ReleaseStore;
let payments: string;
let release: string;
let at: number;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  payments = await world.putService('payments', { staging: 'http://127.0.0.1:1/payments' });
  await world.letCallBack(payments, HOUR);
  release = await world.trigger({
    phases: [phase('all', { bakeMs: HOUR })],
    services: { payments: '1.4.2' },
    beforeFlags: ['payments'],
  });
  await enter(world, release);
  at = Date.now();
});
afterEach(() => world.close());

const callBack = (
  key: string,
  callback: Callback = { state: 'succeeded' },
  detail: string | null = null,
): Promise<CallbackAccepted> =>
  world.store.write((unit) => acceptCallback(unit, { key, callback, detail, now: Date.now() }));

async function accepted(...said: Parameters<typeof callBack>): Promise<string> {
  const outcome = await callBack(...said);
  if (outcome.kind !== 'accepted') throw new Error(`The callback is ${outcome.kind}`);
  return outcome.actionId;
}

/** The apply is sent and answered with 202. */
async function awaited() {
  const sent = await nextSend(world, release, { now: at });
  await answer(world, sent, ACCEPTED, at);
  return sent;
}

const touched = async () => (await world.position(release)).touched.map(({ state }) => state);
const outcomeOf = async (actionId: string) => {
  const { status, refusal } = await world.action(actionId);
  return refusal?.refused ?? status;
};

describe('a 202 of a target that may call back', () => {
  it('PRO-6: leaves the apply under way until the time of its service has passed', async () => {
    const sent = await awaited();

    expect(sent).toMatchObject({ callbackTimeoutMs: HOUR, body: { data: { callbackUrl: null } } });
    expect(await effectOf(world, sent.key)).toMatchObject({
      ...{ status: 'under-way', awaitedUntil: at + HOUR, sendingUntil: null, nextAttemptAt: null, tries: 1 },
    });
    expect(await nextItem(world, release, { now: at + HOUR - 1 })).toEqual({ kind: 'awaited', until: at + HOUR });
    expect(await effectsUnderWay(world.store.read, { id: release })).toMatchObject([{ awaitedUntil: at + HOUR }]);
    expect([await versionOf(world, payments), await touched()]).toEqual([null, ['applying']]);
  });

  it('PRO-6: fails as broken when the target has not called back by then, and stays so', async () => {
    const sent = await awaited();

    const late = await nextItem(world, release, { now: at + HOUR });

    expect(late).toEqual({
      ...{ kind: 'failed', at: at + HOUR, detail: 'The target did not call back in time', errored: true },
    });
    expect(await effectOf(world, sent.key)).toMatchObject({ status: 'failed', errored: 1, endedAt: at + HOUR });
    expect(await touched()).toEqual(['failed']);
    expect(await nextItem(world, release, { now: at + HOUR + 1 })).toEqual(late);
    expect(await callBack(sent.key)).toEqual({ kind: 'settled' });
  });

  it('PRO-6: gives no more time when it comes twice, and nothing but a 2xx of the other send counts', async () => {
    const first = await nextSend(world, release, { now: at });
    const second = await nextSend(world, release, { now: at + 1 });
    await answer(world, first, ACCEPTED, at + 2);

    const kinds = [];
    for (const outcome of [ACCEPTED, BROKEN, REFUSED, drifted('7')]) {
      kinds.push((await answer(world, second, outcome, at + 1_000)).kind);
    }

    expect(kinds).toEqual(['elsewhere', 'elsewhere', 'elsewhere', 'elsewhere']);
    expect(await effectOf(world, first.key)).toMatchObject({
      ...{ status: 'under-way', awaitedUntil: at + 2 + HOUR, nextAttemptAt: null, detail: null },
    });
    expect((await answer(world, second, DONE, at + 1_000)).kind).toBe('done');
    expect(await versionOf(world, payments)).toBe('1.4.2');
  });

  it('WHK-4: is an answer: the revert of an abort is sent at once, and is told of no address', async () => {
    const sent = await awaited();
    await abort(world, release);

    const revert = await revertSend(world, release, 'payments');

    expect(revert).toMatchObject({ callbackTimeoutMs: null, body: { type: 'service.revert' } });
    expect(await effectOf(world, sent.key)).toMatchObject({ status: 'given-up' });
    expect(await callBack(sent.key)).toEqual({ kind: 'settled' });
  });

  it('PRO-6: is no matter of a service that answers at once', async () => {
    await world.store.write(({ sql }) => sql.updateTable('services').set({ callback: 0 }).execute());

    expect(await nextSend(world, release)).toMatchObject({ callbackTimeoutMs: null });
  });
});

describe('a callback', () => {
  it('PRO-6: that tells of success ends the apply, tells the version, and the deployment goes on', async () => {
    const sent = await awaited();
    const before = await getService(world.store.read, world.projectId, 'payments');

    const action = await accepted(sent.key, { state: 'succeeded', currentVersion: '1.4.2' }, '12 of 12 are up');
    await goOn(world, release);

    expect(await outcomeOf(action)).toBe('applied');
    expect(await effectOf(world, sent.key)).toMatchObject({
      ...{ status: 'done', detail: null, awaitedUntil: null, errored: 0, tries: 1 },
    });
    expect([await versionOf(world, payments), await touched()]).toEqual(['1.4.2', ['applied']]);
    expect((await getService(world.store.read, world.projectId, 'payments'))?.version).toBeGreaterThan(
      before?.version ?? 0,
    );
    expect(await nextItem(world, release)).toEqual({ kind: 'flags-applied' });
    expect((await world.events(release)).slice(-3, -1)).toMatchObject([
      {
        ...{ type: 'action-applied', actorId: 'service:payments' },
        data: { action, verb: 'callback', reason: '12 of 12 are up' },
      },
      {
        ...{ type: 'service-applied', actorId: 'service:payments' },
        data: { phase: 'all', service: 'payments', environment: 'staging', action, reason: '12 of 12 are up' },
      },
    ]);
  });

  it('PRO-6: that tells of failure fails it with what the target said, and not as broken', async () => {
    const sent = await awaited();

    await accepted(sent.key, { state: 'failed', currentVersion: '1.4.1' }, 'Health check failed');
    await goOn(world, release);

    expect(await effectOf(world, sent.key)).toMatchObject({
      ...{ status: 'failed', detail: 'Health check failed', errored: 0, awaitedUntil: null },
    });
    expect([await versionOf(world, payments), await touched()]).toEqual(['1.4.1', ['failed']]);
    expect(await failedEffects(world.store.read, { id: release })).toMatchObject([{ detail: 'Health check failed' }]);
    expect(await nextItem(world, release)).toMatchObject({
      ...{ kind: 'failed', detail: 'The target called back that it failed', errored: false },
    });
  });

  it('PRO-6: is taken before the 202, which then changes nothing', async () => {
    const sent = await nextSend(world, release, { now: at });
    const action = await accepted(sent.key);
    await goOn(world, release);

    const recorded = await answer(world, sent, ACCEPTED, at + 5);

    expect([await outcomeOf(action), recorded.kind]).toEqual(['applied', 'elsewhere']);
    expect(await effectOf(world, sent.key)).toMatchObject({ status: 'done', awaitedUntil: null, sendingUntil: null });
    expect(await nextItem(world, release)).toEqual({ kind: 'flags-applied' });
  });

  it.each<[string, typeof DONE]>([
    ['a 200', DONE],
    ['a 400', REFUSED],
    ['a 412', drifted('7')],
    ['a 503', BROKEN],
  ])('PRO-6: counts, whatever %s says about the same request afterwards', async (_, outcome) => {
    const sent = await nextSend(world, release, { now: at });
    await accepted(sent.key, { state: 'failed', currentVersion: '1.4.1' });

    const before = await answer(world, sent, outcome, at + 5);
    const meanwhile = await nextItem(world, release, { now: at + 5 });
    await goOn(world, release);
    const after = await answer(world, sent, outcome, at + 10);

    expect([before.kind, after.kind]).toEqual(['elsewhere', 'elsewhere']);
    expect(meanwhile).toMatchObject({ kind: 'stopped', actions: [{ verb: 'callback' }] });
    expect(await effectOf(world, sent.key)).toMatchObject({ status: 'failed', sendingUntil: null });
    expect([await versionOf(world, payments), await touched()]).toEqual(['1.4.1', ['failed']]);
    expect((await world.eventTypes(release)).filter((type) => type === 'service-apply-failed')).toHaveLength(1);
  });

  it('PRO-6: that was accepted in time is not out of time when it is decided', async () => {
    const sent = await awaited();
    const action = await accepted(sent.key);

    const late = await nextItem(world, release, { now: at + 2 * HOUR });
    await goOn(world, release);

    expect(late).toMatchObject({ kind: 'stopped', actions: [{ id: action, verb: 'callback' }] });
    expect([await outcomeOf(action), await touched()]).toEqual(['applied', ['applied']]);
  });

  it('PRO-6: is taken while the request is to be sent again, which is not done then', async () => {
    const sent = await nextSend(world, release, { now: at });
    const { at: again } = await answer(world, sent, BROKEN, at);

    await accepted(sent.key);
    const meanwhile = await nextItem(world, release, { now: again });
    await goOn(world, release);

    expect(meanwhile.kind).toBe('stopped');
    expect(await nextItem(world, release, { now: again })).toEqual({ kind: 'flags-applied' });
    expect(await effectOf(world, sent.key)).toMatchObject({ status: 'done', tries: 1 });
  });

  it('REL-25: said again before it is decided it is the same action; another one is too late', async () => {
    const sent = await awaited();
    const first = await accepted(sent.key, { state: 'failed' }, 'Out of memory');

    expect(await accepted(sent.key, { state: 'failed' }, 'Out of memory')).toBe(first);
    expect(await callBack(sent.key, { state: 'failed' }, 'Out of disk')).toEqual({ kind: 'settled' });
    expect(await callBack(sent.key, { state: 'succeeded' }, 'Out of memory')).toEqual({ kind: 'settled' });

    await goOn(world, release);

    expect(await callBack(sent.key, { state: 'failed' }, 'Out of memory')).toEqual({ kind: 'settled' });
    expect((await undecided(world, release)).length).toBe(0);
  });

  it('REL-32: that an abort was accepted before does not count', async () => {
    const sent = await awaited();
    await world.accept(release, 'abort');
    const action = await accepted(sent.key);

    await goOn(world, release);

    expect(await outcomeOf(action)).toBe('callback.settled');
    expect(await effectOf(world, sent.key)).toMatchObject({ status: 'given-up' });
    expect(await touched()).toEqual(['reverting']);
  });

  it('REL-30: decided by a workflow that has not heard of the send yet counts all the same', async () => {
    const before = await world.position(release);
    const sent = await nextSend(world, release);
    const action = await accepted(sent.key);

    const step = await stepOf(world, release, { mailbox: await undecided(world, release) });
    await goOn(world, release);

    expect(before.touched).toEqual([]);
    expect(step.step.events).toMatchObject([{ type: 'service-applied', by: 'service:payments', action }]);
    expect(await touched()).toEqual(['applied']);
  });

  it('REL-22: of an attempt that has failed is too late for the next one', async () => {
    const first = await awaited();
    const late = await nextItem(world, release, { now: at + HOUR });
    if (late.kind !== 'failed') throw new Error(late.kind);
    await goOn(world, release, { finished: [failureOf(deployment(), late)], now: at + HOUR });
    await world.accept(release, 'retry', { at: at + HOUR });
    await goOn(world, release, { now: at + HOUR });
    const second = await nextSend(world, release, { attempt: 2, now: at + HOUR });

    expect(await callBack(first.key)).toEqual({ kind: 'settled' });
    expect((await callBack(second.key)).kind).toBe('accepted');
  });

  it('WHK-5: of success with another version than was asked for is none', async () => {
    const sent = await awaited();

    expect(await callBack(sent.key, { state: 'succeeded', currentVersion: '1.4.1' })).toEqual({
      kind: 'other-version',
    });
    expect(await callBack(sent.key, { state: 'succeeded', currentVersion: null })).toEqual({ kind: 'other-version' });
    expect((await undecided(world, release)).length).toBe(0);
  });

  it('INV-7: about what was never sent, or about a revert, is unknown', async () => {
    await answer(world, await nextSend(world, release));
    await abort(world, release);
    const revert = await revertSend(world, release, 'payments');

    expect(await callBack(revert.key)).toEqual({ kind: 'unknown' });
    expect(await callBack(`${revert.key}x`)).toEqual({ kind: 'unknown' });
  });

  it('INV-7: leaves what the target says for people out of what a workflow is told', async () => {
    const sent = await awaited();
    await accepted(sent.key, { state: 'failed' }, 'The password was hunter2');

    const step = await stepOf(world, release, { mailbox: await undecided(world, release) });
    await goOn(world, release);

    expect(JSON.stringify([step, await nextItem(world, release)])).not.toContain('hunter2');
  });

  it('REL-28: of which several come at once is accepted once, and settles once', async () => {
    for (let round = 0; round < (onPostgres ? 8 : 2); round += 1) {
      const service = `stock-${round}`;
      await world.putService(service, { staging: 'http://127.0.0.1:1/stock' });
      const other = await world.trigger({ phases: [phase('all')], services: { [service]: '7' }, flags: [] });
      await enter(world, other);
      const sent = await nextSend(world, other);

      const said = await Promise.all([
        callBack(sent.key, { state: 'succeeded' }),
        callBack(sent.key, { state: 'failed' }),
        answer(world, sent, DONE),
      ]);
      await goOn(world, other);

      const kinds = said.map(({ kind }) => kind);
      const isByAnswer = kinds[2] === 'done';
      expect({ round, taken: kinds.filter((kind) => kind === 'accepted').length }).toEqual({
        ...{ round, taken: isByAnswer ? 0 : 1 },
      });
      const ends = (await world.eventTypes(other)).filter((type) => /^service-appl(ied|y-failed)$/.test(type));
      expect(ends).toHaveLength(1);
    }
  });
});

describe('a callback about a roll-out that is a step of a process', () => {
  const steps = async (of: string) =>
    (await world.position(of)).phases[0]?.deployments.map((each) => ({
      state: each.state,
      steps: each.steps?.map((step) => `${step.kind} ${step.state} ${step.try}`),
    }));

  /** Sends the apply of `stock` under this try, and has it answered with 202. */
  async function awaitedBy(of: string, tried: number) {
    const sent = await nextSend(world, of, { try: tried, now: at });
    await answer(world, sent, ACCEPTED, at);
    return sent;
  }

  const started = async (process: ReleaseToTrigger['process'] = [rollOut()], guidedFailure = false) => {
    const stock = await world.putService('stock', { staging: 'http://127.0.0.1:1/stock' });
    await world.letCallBack(stock, HOUR);
    const id = await world.trigger({
      ...{ phases: [phase('all', { bakeMs: HOUR })], flags: [], services: { stock: '7' } },
      ...{ process, guidedFailure },
    });
    await enter(world, id);
    return { id, stock };
  };

  it('PRO-6: counts while the deployment waits for a person, who is asked all the same', async () => {
    const { id, stock } = await started([manual(), rollOut({ start: 'with-previous' })]);
    const sent = await awaitedBy(id, 1);
    const before = await steps(id);

    const action = await accepted(sent.key);
    await goOn(world, id);
    const end = await nextItem(world, id);
    await goOn(world, id, { finished: [{ job: deployment({ try: 1 }), at: Date.now(), outcome: 'succeeded' }] });

    expect(before).toEqual([{ state: 'waiting', steps: ['manual waiting 1', 'roll-out running 1'] }]);
    expect([await outcomeOf(action), await versionOf(world, stock), end.kind]).toEqual(['applied', '7', 'succeeded']);
    expect(await steps(id)).toEqual([{ state: 'waiting', steps: ['manual waiting 1', 'roll-out succeeded 1'] }]);
  });

  it('INT-10: is about one try: it settles that and no other, and an earlier one’s is too late', async () => {
    const { id, stock } = await started([rollOut()], true);
    const first = await awaitedBy(id, 1);
    await accepted(first.key, { state: 'failed', currentVersion: null }, 'Out of memory');
    await goOn(world, id);
    const failed = await nextItem(world, id);
    if (failed.kind !== 'failed') throw new Error(failed.kind);
    await goOn(world, id, { finished: [failureOf(deployment({ try: 1 }), failed)] });
    const asked = await steps(id);
    await world.accept(id, 'submit', { answer: { interruption: 1, result: 'retry', hasNotes: false } });
    await goOn(world, id);
    const second = await awaitedBy(id, 2);

    const late = await callBack(first.key, { state: 'failed', currentVersion: null }, 'Out of memory');
    const action = await accepted(second.key);
    const meanwhile = await nextItem(world, id, { try: 2, now: at + 2 * HOUR });
    await goOn(world, id);

    expect(asked).toEqual([{ state: 'waiting', steps: ['roll-out waiting 1'] }]);
    expect([first.key, second.key].map((key) => key.split('/').at(-1))).toEqual(['1', '1.2']);
    expect([late.kind, meanwhile.kind, await outcomeOf(action)]).toEqual(['settled', 'stopped', 'applied']);
    expect(await effectOf(world, first.key)).toMatchObject({ status: 'failed', detail: 'Out of memory' });
    expect(await effectOf(world, second.key)).toMatchObject({ status: 'done', awaitedUntil: null });
    expect(await versionOf(world, stock)).toBe('7');
    expect((await nextItem(world, id, { try: 2 })).kind).toBe('succeeded');
  });
});
