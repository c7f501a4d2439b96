import type { NotificationType } from '../../../src/domain/notification';
import { readAudit } from '../../../src/store/audit/read-audit';
import { createSecretBox } from '../../../src/store/secret-box';
import { deleteSubscription } from '../../../src/store/subscriptions/delete-subscription';
import { findSubscription, type SubscriptionRow } from '../../../src/store/subscriptions/find-subscription';
import { subscriptionsFor } from '../../../src/store/subscriptions/list-subscriptions';
import { putSubscription, type SubscriptionToPut } from '../../../src/store/subscriptions/put-subscription';
import { openSubscriptionSecret } from '../../../src/store/subscriptions/subscription-secret';
import { insertProject, NOON, type ProjectFixture } from '../../support/store-fixtures';
import { openTestStore, type TestStore } from '../../support/test-store';
import { placesOf } from '../../support/written-in';

const URL = 'https://hooks.example.com/planted-path?key=planted-query';
const secretBox = createSecretBox('a-key-for-tests-of-at-least-32-characters');
const otherBox = createSecretBox('another-key-for-tests-of-at-least-32-characters');

let test: TestStore;
let project: ProjectFixture;

beforeAll(async () => {
  test = await openTestStore();
});
beforeEach(async () => {
  project = await insertProject(test.store);
});
afterAll(() => test.dispose());

const accepted = { by: 'ada', at: NOON, judge: () => undefined };

async function put(changes: Partial<SubscriptionToPut> = {}) {
  const outcome = await test.store.write((unit) =>
    putSubscription(unit, {
      ...{ projectId: project.projectId, slug: 'on-call', url: URL, email: null, events: [], secretBox, ...accepted },
      ...changes,
    }),
  );
  return outcome.kind === 'gone' ? { kind: outcome.kind, secret: null } : outcome;
}

const byMail = { url: null, email: 'ada@example.com' };
const remove = (slug = 'on-call') =>
  test.store.write((unit) => deleteSubscription(unit, { projectId: project.projectId, slug, ...accepted }));

async function row(slug = 'on-call'): Promise<SubscriptionRow> {
  const found = await findSubscription(test.store.read, project.projectId, slug);
  if (!found) throw new Error(`no ${slug}`);
  return found;
}

async function events() {
  const filter = { projectIds: [project.projectId] };
  return (await readAudit(test.store.read, filter, { order: 'ascending', limit: 100 })).entries;
}

describe('putSubscription', () => {
  it('HTTP-7: creates, keeps, changes, and tells each change once, without secret and address', async () => {
    const first = await put({ events: ['review-due', 'defect-raised', 'review-due'] });
    const same = await put({ events: ['defect-raised', 'review-due'] });
    const moved = await put({ url: 'http://127.0.0.1:9/other', events: ['review-due'] });

    expect([first.kind, same.kind, moved.kind]).toEqual(['created', 'unchanged', 'changed']);
    expect(await row()).toMatchObject({ url: 'http://127.0.0.1:9/other', events: '["review-due"]', version: 2 });
    const { id: subscriptionId } = await row();
    const common = { subscription: 'on-call', subscriptionId, channel: 'webhook' };
    expect((await events()).map(({ type, data }) => [type, data])).toEqual([
      [
        'subscription-created',
        { ...common, origin: 'https://hooks.example.com', events: ['defect-raised', 'review-due'] },
      ],
      ['subscription-changed', { ...common, origin: 'http://127.0.0.1:9', events: ['review-due'] }],
    ]);
  });

  it('NOT-2: makes a secret once, which stays when the address changes', async () => {
    const first = await put();
    const same = await put();
    const moved = await put({ url: 'https://example.com' });

    expect(first.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect([same.secret, moved.secret]).toEqual([null, null]);
    expect(openSubscriptionSecret(secretBox, await row())).toBe(first.secret);
  });

  it('NOT-2: has none for mail; it is erased with the address, and another one is made with the next', async () => {
    const mail = await put({ slug: 'mail', ...byMail });
    const first = await put();
    const turned = await put(byMail);
    const [without, erased] = [await row('mail'), await row()];
    const back = await put();

    expect([mail.secret, turned.secret, without.sealed, erased.sealed, erased.url]).toEqual([
      ...[null, null, null, null, null],
    ]);
    expect(openSubscriptionSecret(secretBox, without)).toBeNull();
    expect(back.secret).toMatch(/^whsec_/);
    expect(back.secret).not.toBe(first.secret);
    expect(openSubscriptionSecret(secretBox, await row())).toBe(back.secret);
  });

  it('INV-7: a sealed secret opens in no other row and under no other key', async () => {
    await put();
    await put({ slug: 'other' });
    const [mine, other] = [await row(), await row('other')];

    expect(() => openSubscriptionSecret(secretBox, { ...mine, sealed: other.sealed })).toThrow();
    expect(() => openSubscriptionSecret(otherBox, mine)).toThrow();
  });

  it('is left as it was when its judge throws', async () => {
    await put();
    const before = await row();
    const judge = () => {
      throw new Error('no');
    };

    await expect(put({ ...byMail, judge })).rejects.toThrow('no');

    expect(await row()).toEqual(before);
  });

  it('of several at once creates one, with one secret', async () => {
    const outcomes = await Promise.all([put(), put(), put()]);

    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['created', 'unchanged', 'unchanged']);
    const secrets = outcomes.flatMap(({ secret }) => secret ?? []);
    expect(secrets).toEqual([openSubscriptionSecret(secretBox, await row())]);
    expect((await events()).map(({ type }) => type)).toEqual(['subscription-created']);
  });
});

describe('subscriptionsFor', () => {
  it('NOT-2: gives those of the project that name the type, or none', async () => {
    const named = (...types: NotificationType[]) => ({ events: types });
    await put({ slug: 'all' });
    await put({ slug: 'reviews', ...byMail, ...named('review-due') });
    await put({ slug: 'defects', ...named('defect-raised', 'defect-resolved') });
    await put({ slug: 'deleted' });
    await remove('deleted');
    const other = await insertProject(test.store);
    await put({ projectId: other.projectId });
    const slugsFor = async (type: NotificationType) =>
      (await subscriptionsFor(test.store.read, project.projectId, type)).map(({ slug }) => slug).sort();

    expect(await slugsFor('review-due')).toEqual(['all', 'reviews']);
    expect(await slugsFor('defect-resolved')).toEqual(['all', 'defects']);
    expect(await slugsFor('phase-failed')).toEqual(['all']);
  });
});

describe('deleteSubscription', () => {
  it('HTTP-7: is soft, erases address and secret, and the name is not given again', async () => {
    await put();

    expect(await remove()).toEqual({ kind: 'deleted' });

    expect(await row()).toMatchObject({ url: null, email: null, sealed: null, deletedAt: NOON });
    expect([(await remove()).kind, (await put()).kind, (await remove('never')).kind]).toEqual([
      ...['gone', 'gone', 'unknown'],
    ]);
    expect((await events()).map(({ type }) => type)).toEqual(['subscription-created', 'subscription-deleted']);
  });
});

it('INV-7: the secret is nowhere in the store, and an address in no event', async () => {
  const { secret } = await put();

  expect(await placesOf(String(secret).slice('whsec_'.length), test.store)).toEqual([]);
  expect(await placesOf('planted-', test.store)).toContain('subscriptions');
  expect(await placesOf('planted-', test.store)).not.toContain('events');
});
