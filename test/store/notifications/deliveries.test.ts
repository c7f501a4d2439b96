import { MINUTE } from '../../../src/domain/instant';
import { claimDelivery } from '../../../src/store/notifications/claim-delivery';
import {
  countPendingDeliveries,
  dueDeliveries,
  type DueDelivery,
} from '../../../src/store/notifications/due-deliveries';
import { endTry } from '../../../src/store/notifications/end-try';
import { openStore, type Store } from '../../../src/store/store';
import { addSubscription, addUser, completed, queueTo } from '../../support/notification-store';
import { insertProject, NOON } from '../../support/store-fixtures';
import { onPostgres, openTestStore, type TestStore } from '../../support/test-store';

let storage: TestStore;
let store: Store;
let projectId: string;

beforeEach(async () => {
  storage = await openTestStore();
  store = storage.store;
  ({ projectId } = await insertProject(store));
});
afterEach(() => storage.dispose());

const URL = 'https://example.com/hook?token=s3cret';
const UNTIL = NOON + MINUTE;

async function firstDue(now = NOON): Promise<DueDelivery> {
  const [first] = (await dueDeliveries(store, now, 10)).due;
  if (!first) {
    throw new Error('Nothing is due');
  }
  return first;
}

const rows = () => store.read.selectFrom('deliveries').selectAll().orderBy('id').execute();
const changeSubscription = (id: string, change: { url?: string | null; email?: string | null; deletedAt?: number }) =>
  store.write(({ sql }) => sql.updateTable('subscriptions').set(change).where('id', '=', id).execute());
const changeUser = (id: string, change: { email?: string | null; deletedAt?: number }) =>
  store.write(({ sql }) => sql.updateTable('users').set(change).where('id', '=', id).execute());

describe('what is due', () => {
  it('NOT-1: is of each receiver so much at most, the oldest first, so that nobody’s backlog hides another’s', async () => {
    const busy = await addSubscription(store, { projectId, name: 'busy', url: URL });
    const quiet = await addSubscription(store, { projectId, name: 'quiet', url: URL });
    const old = await queueTo(store, projectId, Array(5).fill({ subscriptionId: busy.id }), completed, NOON - MINUTE);
    const young = await queueTo(store, projectId, [{ subscriptionId: quiet.id }]);
    await addUser(store, { name: 'ada' });
    await queueTo(store, projectId, [{ userId: 'ada' }], completed, NOON + 5);

    const { due, nextAt } = await dueDeliveries(store, NOON, 2);

    expect(due).toEqual([
      { id: old.deliveries[0], channel: 'webhook', receiver: busy.id, nextAttemptAt: NOON - MINUTE },
      { id: old.deliveries[1], channel: 'webhook', receiver: busy.id, nextAttemptAt: NOON - MINUTE },
      { id: young.deliveries[0], channel: 'webhook', receiver: quiet.id, nextAttemptAt: NOON },
    ]);
    expect(nextAt).toBe(NOON + 5);
    expect(await countPendingDeliveries(store)).toBe(7);
  });

  it('NOT-1: is not what has ended', async () => {
    await addUser(store, { name: 'ada' });
    await queueTo(store, projectId, [{ userId: 'ada' }]);
    const taken = await claimDelivery(store, await firstDue(), UNTIL);

    await endTry(store, taken ?? { id: '', until: 0 }, { kind: 'sent' }, NOON);

    expect(await dueDeliveries(store, UNTIL, 10)).toEqual({ due: [], nextAt: null });
    expect(await countPendingDeliveries(store)).toBe(0);
    expect(await rows()).toMatchObject([
      { status: 'sent', tries: 1, nextAttemptAt: null, detail: null, endedAt: NOON },
    ]);
  });
});

describe('taking a delivery', () => {
  it('NOT-1: gives it to one of many who want it at once', async () => {
    await addUser(store, { name: 'ada' });
    await queueTo(store, projectId, [{ userId: 'ada' }]);
    const due = await firstDue();

    const taken = await Promise.all(Array.from({ length: 8 }, (_, index) => claimDelivery(store, due, UNTIL + index)));

    expect(taken.filter((each) => each !== null)).toHaveLength(1);
    expect(await rows()).toMatchObject([{ tries: 1 }]);
    expect((await dueDeliveries(store, NOON, 10)).due).toEqual([]);
  });

  if (onPostgres) {
    it('NOT-1: gives it to one of two processes', async () => {
      await addUser(store, { name: 'ada' });
      await queueTo(store, projectId, Array(20).fill({ userId: 'ada' }));
      const second = await openStore(storage.location);
      const { due } = await dueDeliveries(store, NOON, 20);

      const taken = await Promise.all(
        due.map((each) => Promise.all([claimDelivery(store, each, UNTIL), claimDelivery(second, each, UNTIL + 1)])),
      );

      expect(taken.map((both) => both.filter((each) => each !== null).length)).toEqual(due.map(() => 1));
      await second.close();
    });
  }

  it('NOT-1: lets it be taken again when whoever took it said nothing in time', async () => {
    await addUser(store, { name: 'ada' });
    const { id, deliveries } = await queueTo(store, projectId, [{ userId: 'ada' }]);
    const lost = await claimDelivery(store, await firstDue(), UNTIL);

    const again = await claimDelivery(store, await firstDue(UNTIL), UNTIL + MINUTE);
    const late = await endTry(store, lost ?? { id: '', until: 0 }, { kind: 'failed', detail: 'Late' }, UNTIL);

    expect(again).toMatchObject({ id: deliveries[0], tries: 2, notification: { id, createdAt: NOON, ...completed } });
    expect(late).toBe(false);
    expect(await rows()).toMatchObject([{ status: 'pending', detail: null }]);
  });

  it('NOT-1: takes addresses as they are by then', async () => {
    const hook = await addSubscription(store, { projectId, name: 'hook', url: URL });
    await addUser(store, { name: 'ada', email: 'old@example.com' });
    await queueTo(store, projectId, [{ subscriptionId: hook.id }, { userId: 'ada', recipient: 'old@example.com' }]);
    await changeSubscription(hook.id, { url: 'https://example.com/mended' });
    await changeUser('ada', { email: 'new@example.com' });
    const { due } = await dueDeliveries(store, NOON, 10);

    const taken = await Promise.all(due.map((each) => claimDelivery(store, each, UNTIL)));

    expect(taken.map((each) => each?.to)).toMatchObject([
      { channel: 'webhook', url: 'https://example.com/mended', subscriptionId: hook.id },
      { channel: 'email', address: 'new@example.com' },
    ]);
    expect((await rows()).map(({ recipient }) => recipient)).toEqual(['https://example.com/mended', 'new@example.com']);
  });

  it.each([
    ['a subscription that was deleted', (id: string) => changeSubscription(id, { deletedAt: NOON })],
    [
      'a subscription that is of mail by now',
      (id: string) => changeSubscription(id, { url: null, email: 'a@b.example' }),
    ],
  ])('NOT-2: finds nobody to send to in %s', async (_, change) => {
    const hook = await addSubscription(store, { projectId, name: 'hook', url: URL });
    await queueTo(store, projectId, [{ subscriptionId: hook.id, recipient: URL }]);
    await change(hook.id);

    const taken = await claimDelivery(store, await firstDue(), UNTIL);

    expect(taken?.to).toMatchObject({ channel: 'none', why: expect.stringMatching(/subscription/) as string });
    expect(await rows()).toMatchObject([{ recipient: URL }]);
  });

  it.each([
    ['who was deleted', { deletedAt: NOON }],
    ['without a mail address by now', { email: null }],
  ])('NOT-1: finds nobody to send to in a user %s', async (_, change) => {
    await addUser(store, { name: 'ada' });
    await queueTo(store, projectId, [{ userId: 'ada' }]);
    await changeUser('ada', change);

    const taken = await claimDelivery(store, await firstDue(), UNTIL);

    expect(taken?.to).toMatchObject({ channel: 'none' });
  });
});

describe('after a try', () => {
  it('NOT-1: a delivery waits for the next one, and says why', async () => {
    await addUser(store, { name: 'ada' });
    await queueTo(store, projectId, [{ userId: 'ada' }]);
    const taken = await claimDelivery(store, await firstDue(), UNTIL);

    const noted = await endTry(
      store,
      taken ?? { id: '', until: 0 },
      { kind: 'again', detail: 'The server is busy', nextAttemptAt: NOON + 1_000 },
      NOON,
    );

    expect(noted).toBe(true);
    expect(await rows()).toMatchObject([
      { status: 'pending', tries: 1, nextAttemptAt: NOON + 1_000, detail: 'The server is busy', endedAt: null },
    ]);
  });
});
