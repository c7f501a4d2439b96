import { isTerminal } from '../../../src/domain/release';
import { recordAnswer } from '../../../src/store/effects/record-answer';
import { recordStep } from '../../../src/store/releases/record-step';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { onPostgres } from '../../support/test-store';
import { goOn, stepOf, undecided } from '../releases/release-steps';
import {
  abort,
  answer,
  BROKEN,
  deploy,
  deployment,
  DONE,
  effectOf,
  enter,
  nextItem,
  nextSend,
  revertSend,
  takeBack,
} from './effect-steps';

const HOUR = 3_600_000;
const baking = [phase('all', { bakeMs: HOUR })];

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

async function started(services: Record<string, string>, flags: string[] = []): Promise<string> {
  for (const service of Object.keys(services)) {
    await world.putService(service, { staging: `http://127.0.0.1:1/${service}` });
  }
  const release = await world.trigger({ phases: baking, services, flags });
  await enter(world, release);
  return release;
}

describe('two processes at the same time', () => {
  it('WHK-3: that begin the same send have the same key and sequence, and tell of it once', async () => {
    const release = await started({ payments: '1' });

    const sends = await Promise.all([1, 2, 3].map(() => nextSend(world, release)));

    expect(new Set(sends.map(({ key, body }) => JSON.stringify([key, body]))).size).toBe(1);
    expect(await effectOf(world, sends[0]?.key ?? '')).toMatchObject({ tries: 3 });
    expect((await world.eventTypes(release)).filter((type) => type === 'service-apply-started')).toHaveLength(1);
  });

  it('WHK-3: that begin the same revert have the same key and sequence', async () => {
    const release = await started({ payments: '1' });
    await deploy(world, release);
    await abort(world, release);

    const sends = await Promise.all([1, 2, 3].map(() => revertSend(world, release, 'payments')));

    expect(new Set(sends.map(({ key, body }) => JSON.stringify([key, body]))).size).toBe(1);
  });

  it('INV-1: that take a deployment through all of its items bring each about once', async () => {
    const release = await started({ payments: '1', stock: '7', search: '3' });
    const take = async (): Promise<void> => {
      for (
        let next = await nextItem(world, release);
        next.kind !== 'succeeded';
        next = await nextItem(world, release)
      ) {
        if (next.kind === 'send') {
          await answer(world, next.effect);
        }
      }
    };

    await Promise.all([take(), take()]);

    const types = await world.eventTypes(release);
    expect(types.filter((type) => type === 'service-apply-started')).toHaveLength(3);
    expect(types.filter((type) => type === 'service-applied')).toHaveLength(3);
    expect(await nextItem(world, release)).toMatchObject({ kind: 'succeeded' });
  });

  it('REL-30: of which one accepts an abort and the other begins a send, one sees the other', async () => {
    for (let round = 0; round < (onPostgres ? 8 : 3); round += 1) {
      const release = await started({ [`payments-${round}`]: '1' });

      const [, next] = await Promise.all([world.accept(release, 'abort'), nextItem(world, release)]);
      await goOn(world, release);

      const touched = (await world.position(release)).touched.length;
      expect({ round, kind: next.kind, touched }).toEqual(
        next.kind === 'send' ? { round, kind: 'send', touched: 1 } : { round, kind: 'stopped', touched: 0 },
      );
      expect(isTerminal(await world.position(release))).toBe(touched === 0);
    }
  });

  it('REL-19: of which one gives a service up and the other records its answer end the release, whichever is first', async () => {
    for (let round = 0; round < (onPostgres ? 8 : 3); round += 1) {
      const service = `payments-${round}`;
      const release = await started({ [service]: '1' });
      await deploy(world, release);
      await abort(world, release);
      const sent = await revertSend(world, release, service);
      await world.accept(release, 'accept-drift', { item: { service, environment: null } });

      await Promise.all([goOn(world, release), answer(world, sent, round % 2 === 0 ? DONE : BROKEN)]);

      expect(await world.shown(release)).toBe('aborted');
      expect(await takeBack(world, release, service, { now: Date.now() + HOUR })).toEqual({ kind: 'stopped' });
      const { status, nextAttemptAt } = await effectOf(world, sent.key);
      expect({ isOver: status !== 'under-way', nextAttemptAt }).toEqual({ isOver: true, nextAttemptAt: null });
    }
  });

  it('WHK-4: that send to one target for two releases in turn give every key a sequence of its own', async () => {
    await world.putService('payments', { staging: 'http://127.0.0.1:1/payments' });
    for (let round = 0; round < 5; round += 1) {
      const release = await world.trigger({ phases: baking, services: { payments: String(round) }, flags: [] });
      await enter(world, release);
      await deploy(world, release, deployment());
      await abort(world, release);
      const sent = await revertSend(world, release, 'payments');
      await world.accept(release, 'accept-drift', { item: { service: 'payments', environment: null } });
      await Promise.all([goOn(world, release), answer(world, sent)]);
    }

    const rows = await world.store.read.selectFrom('effects').select('sequence').execute();
    expect(rows).toHaveLength(10);
    expect(new Set(rows.map(({ sequence }) => sequence)).size).toBe(10);
  });

  // A deadlock would be noticed a second later, and one of the two would run again.
  it('REL-19: of which one records an abort and the other an answer do not wait for each other', async () => {
    const ran = { steps: 0, answers: 0 };
    const rounds = onPostgres ? 10 : 3;
    for (let round = 0; round < rounds; round += 1) {
      const release = await started({ [`payments-${round}`]: '1', [`stock-${round}`]: '1' });
      const sent = await nextSend(world, release);
      await world.accept(release, 'abort');
      const step = await stepOf(world, release, { mailbox: await undecided(world, release) });

      await Promise.all([
        world.store.write((unit) => {
          ran.steps += 1;
          return recordStep(unit, step);
        }),
        world.store.write((unit) => {
          ran.answers += 1;
          return recordAnswer(unit, { key: sent.key, sent, outcome: DONE }, Date.now());
        }),
      ]);
    }

    expect(ran).toEqual({ steps: rounds, answers: rounds });
  });
});
