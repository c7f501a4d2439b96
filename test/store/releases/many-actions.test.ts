import { undeliveredOf } from '../../../src/store/dispatch/undelivered';
import { markDelivered } from '../../../src/store/dispatch/mark-delivered';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { claim, enterFirstPhase, record, stepOf } from './release-steps';

const MANY = 120;

let world: ReleaseStore;
let release: string;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  release = await world.trigger({ phases: [phase('all', { bakeMs: 3_600_000 })] });
  await enterFirstPhase(world, release);
});
afterEach(() => world.close());

const acceptMany = async () => {
  for (let number = 1; number <= MANY; number += 1) {
    await world.accept(release, number % 2 === 1 ? 'pause' : 'unpause');
  }
};

describe('more actions than one message may hold', () => {
  it('REL-28: are told in parts, each when the one before is decided, and all decided in order', async () => {
    await acceptMany();

    const first = await undeliveredOf(world.store, release);
    const told = first?.actions ?? [];
    expect(told.length).toBeLessThan(MANY);
    await markDelivered(world.store, {
      ...{ releaseId: release, epoch: 1, start: true, wake: 0, at: Date.now() },
      actions: told.map(({ id }) => id),
    });
    expect(await undeliveredOf(world.store, release)).toBeNull();

    let mailbox = told;
    while (mailbox.length > 0) {
      const recorded = await record(world, await stepOf(world, release, { mailbox }));
      mailbox = recorded.recorded ? recorded.actions : [];
    }
    expect((await world.position(release)).decided).toBe(MANY);
    const decided = (await world.events(release)).filter(({ type }) => type === 'action-applied');
    expect(decided.map(({ data }) => data['number'])).toEqual(Array.from({ length: MANY }, (_, index) => index + 1));
  });

  it('REL-25: are all refused when the release ends before them', async () => {
    const abort = await world.accept(release, 'abort');
    await acceptMany();
    const claimed = await claim(world, release);
    const mailbox = claimed.claimed ? claimed.actions.filter(({ id }) => id === abort) : [];

    await record(world, await stepOf(world, release, { mailbox }));

    expect(await world.shown(release)).toBe('aborted');
    const left = await world.store.read.selectFrom('actions').select('id').where('status', '=', 'undecided').execute();
    expect(left).toEqual([]);
  });
});
