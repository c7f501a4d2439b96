import type { Notification } from '../../src/domain/notification-data';
import { DeliverySender, type DeliverySenderTimes } from '../../src/notifications/delivery-sender';
import { createNotifier, type Notifier } from '../../src/notifications/notifier';
import { createLog } from '../../src/api/log';
import { createSecretBox } from '../../src/store/secret-box';
import { StoreUnavailable } from '../../src/store/store-error';
import type { Mail, Mailer, MailOutcome } from '../../src/targets/mail/mailer';
import { createSmtpMailer } from '../../src/targets/mail/smtp-mailer';
import { createAddressPolicy, type AddressPolicy } from '../../src/targets/http/address-policy';
import { Webhook } from 'standardwebhooks';
import { eventually } from '../support/eventually';
import { addSubscription, addUser, completed, queueTo } from '../support/notification-store';
import { startSmtpReceiver } from '../support/smtp-receiver';
import { insertProject } from '../support/store-fixtures';
import { testPolicy, testSecretBox } from '../support/test-services';
import { openTestStore, type TestStore } from '../support/test-store';
import { closedPort, startTarget, stopTargets, type WebhookTarget } from '../targets/webhooks/webhook-target';

const PUBLIC_URL = 'https://sluice.example.com';

let storage: TestStore;
let projectId: string;
let senders: DeliverySender[] = [];
let logged: string[] = [];
/** While set, no statement that writes gets through. */
let isFull = false;

beforeEach(async () => {
  logged = [];
  isFull = false;
  storage = await openTestStore({
    beforeStatement: (sql) => {
      if (isFull && /^update/i.test(sql)) {
        throw new StoreUnavailable(new Error('The disk is full'));
      }
    },
  });
  ({ projectId } = await insertProject(storage.store, 'shop'));
});
afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.stop()));
  await stopTargets();
  await storage.dispose();
});

interface SenderParts {
  mailer?: Mailer;
  policy?: AddressPolicy;
  secretBox?: ReturnType<typeof createSecretBox>;
  times?: Partial<DeliverySenderTimes>;
  wrap?: (notifier: Notifier) => Notifier;
}

function startSender({
  mailer = new Mailbox(),
  policy = testPolicy,
  secretBox = testSecretBox,
  times,
  wrap,
}: SenderParts = {}) {
  const notifier = createNotifier({ secretBox, mailer, policy, publicUrl: PUBLIC_URL, now: Date.now });
  const sender = new DeliverySender({
    store: storage.store,
    notifier: wrap ? wrap(notifier) : notifier,
    log: createLog('debug', { write: (line: string) => void logged.push(line) }),
    now: Date.now,
    times: { webhookMs: 1_000, mailMs: 1_000, marginMs: 500, sweepMs: 60_000, stopMs: 2_000, ...times },
  });
  senders.push(sender);
  return sender;
}

/** Takes mail as it is told to, and keeps it. */
class Mailbox implements Mailer {
  readonly mails: Mail[] = [];
  constructor(private readonly answer: (mail: Mail) => MailOutcome | Promise<MailOutcome> = () => ({ kind: 'sent' })) {}
  async send(mail: Mail): Promise<MailOutcome> {
    this.mails.push(mail);
    return this.answer(mail);
  }
  close(): void {}
}

const hook = (name: string, url: string) => addSubscription(storage.store, { projectId, name, url });
const queue = (deliveries: Parameters<typeof queueTo>[2], notification?: Notification) =>
  queueTo(storage.store, projectId, deliveries, notification, Date.now());
const rows = () => storage.store.read.selectFrom('deliveries').selectAll().orderBy('id').execute();

/** Waits until that many deliveries have ended so. */
const ended = (status: 'sent' | 'failed', count = 1) =>
  eventually(`${count} deliveries are ${status}`, async () => {
    const found = (await rows()).filter((row) => row.status === status);
    return found.length === count && found;
  });

/** What was received; it has come with a signature that is right. */
function envelopeOf({ requests }: WebhookTarget, index: number, secret: string): { id: string; type: string } {
  const { body = '', headers = {} } = requests[index] ?? {};
  return new Webhook(secret).verify(body, headers as Record<string, string>) as { id: string; type: string };
}

describe('webhooks', () => {
  it('NOT-1: are signed envelopes under the id of the notification', async () => {
    const target = await startTarget((response) => response.writeHead(204).end());
    const { id: subscriptionId, secret } = await hook('chat', target.url);
    startSender();

    const { id } = await queue([{ subscriptionId }]);

    await ended('sent');
    expect(envelopeOf(target, 0, secret)).toMatchObject({
      ...{ specversion: '1.0', id, source: `${PUBLIC_URL}/v1/projects/shop`, type: 'sluice.release-completed' },
      data: { url: `${PUBLIC_URL}/releases/${completed.data.release}` },
    });
    expect(target.requests).toHaveLength(1);
    expect(target.requests[0]).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json', 'webhook-id': id },
    });
    expect(await rows()).toMatchObject([{ tries: 1, detail: null, nextAttemptAt: null }]);
  });

  it('NOT-1: are sent again under the same id after a 500, with the same body', async () => {
    const statuses = [500, 200];
    const target = await startTarget((response) => response.writeHead(statuses.shift() ?? 500).end());
    const { id: subscriptionId, secret } = await hook('chat', target.url);
    startSender();

    const { id } = await queue([{ subscriptionId }]);

    await ended('sent');
    expect([0, 1].map((index) => envelopeOf(target, index, secret).id)).toEqual([id, id]);
    expect(new Set(target.requests.map(({ body }) => body)).size).toBe(1);
    expect(await rows()).toMatchObject([{ tries: 2 }]);
  });

  it('NOT-1: are given up at once after a 410', async () => {
    const target = await startTarget((response) => response.writeHead(410).end());
    const { id: subscriptionId } = await hook('chat', target.url);
    startSender();

    await queue([{ subscriptionId }]);

    expect(await ended('failed')).toMatchObject([
      { tries: 1, nextAttemptAt: null, detail: expect.stringMatching(/answered 410/) as string },
    ]);
    expect(target.requests).toHaveLength(1);
  });

  it.each([401, 403, 404, 412, 302])(
    'NOT-1: are sent again after a %i, as a receiver that is being deployed may answer anything',
    async (status) => {
      const statuses = [status, 200];
      const target = await startTarget((response) =>
        response.writeHead(statuses.shift() ?? 500, { location: '/elsewhere' }).end(),
      );
      const { id: subscriptionId } = await hook('chat', target.url);
      startSender();

      await queue([{ subscriptionId }]);

      await ended('sent');
      expect(await rows()).toMatchObject([{ tries: 2 }]);
      expect(target.requests.map(({ path }) => path)).not.toContain('/elsewhere');
    },
  );

  it('WHK-2: go to no private address', async () => {
    const target = await startTarget((response) => response.end());
    const { id: subscriptionId } = await hook('chat', target.url);
    startSender({ policy: createAddressPolicy([]) });

    await queue([{ subscriptionId }]);

    expect(await ended('failed')).toMatchObject([{ detail: expect.stringMatching(/private or reserved/) as string }]);
    expect(target.sockets).toEqual([]);
  });

  it('NOT-1: whose secret does not open are tried again, as the key may be put back', async () => {
    const target = await startTarget((response) => response.end());
    const { id: subscriptionId } = await hook('chat', target.url);
    startSender({ secretBox: createSecretBox('another key than the one it was sealed with') });

    await queue([{ subscriptionId }]);

    await eventually('it was tried', async () => (await rows())[0]?.detail?.includes('SLUICE_SECRET_KEY'));
    expect(await rows()).toMatchObject([{ status: 'pending' }]);
    expect(target.requests).toEqual([]);
  });

  it('NOT-2: of a subscription that was deleted are given up', async () => {
    const target = await startTarget((response) => response.end());
    const { id: subscriptionId } = await hook('chat', target.url);
    await queue([{ subscriptionId }]);
    await storage.store.write(({ sql }) => sql.updateTable('subscriptions').set({ deletedAt: 1 }).execute());

    startSender();

    expect(await ended('failed')).toMatchObject([{ detail: 'The subscription was deleted' }]);
    expect(target.requests).toEqual([]);
  });
});

describe('a receiver in trouble', () => {
  it('NOT-1: that is dead keeps nobody else waiting, and gets what is due to it when it is back', async () => {
    const port = await closedPort();
    const dead = await hook('dead', `http://127.0.0.1:${port}/`);
    const quick = await startTarget((response) => response.end());
    const { id: subscriptionId } = await hook('quick', quick.url);
    startSender();

    await queue([...Array(20).fill({ subscriptionId: dead.id }), { subscriptionId }]);

    await ended('sent');
    expect((await rows()).filter(({ status }) => status === 'pending')).toHaveLength(20);
    await storage.store.write(({ sql }) =>
      sql.updateTable('subscriptions').set({ url: quick.url }).where('id', '=', dead.id).execute(),
    );
    await ended('sent', 21);
  });

  it('NOT-1: that hangs is asked for one thing at a time, while others get all of theirs', async () => {
    let [open, most] = [0, 0];
    const slow = await startTarget((response) => {
      open += 1;
      most = Math.max(most, open);
      response.on('close', () => (open -= 1));
    });
    const quick = await startTarget((response) => response.end());
    const slowHook = await hook('slow', slow.url);
    const { id: subscriptionId } = await hook('quick', quick.url);
    startSender({ times: { webhookMs: 30_000, stopMs: 10 } });

    await queue(Array(20).fill({ subscriptionId: slowHook.id }));
    await queue(Array(100).fill({ subscriptionId }));

    await ended('sent', 100);
    expect(quick.requests).toHaveLength(100);
    expect([slow.requests.length, most]).toEqual([1, 1]);
  });

  it('NOT-1: and seven more like it do not keep a ninth waiting once they are known', async () => {
    const hanging = await startTarget(() => undefined);
    const hooks = await Promise.all(
      Array.from({ length: 8 }, (_, index) => hook(`hanging-${index}`, `${hanging.url}&number=${index}`)),
    );
    let askedBefore = 0;
    const quick = await startTarget((response) => {
      askedBefore = hanging.requests.length;
      response.end();
    });
    const { id: subscriptionId } = await hook('quick', quick.url);
    startSender({ times: { webhookMs: 300, stopMs: 10 } });
    await queue(hooks.flatMap(({ id }) => Array(10).fill({ subscriptionId: id })));
    await eventually('all are known to hang', () => hanging.requests.length > 8);

    await queue([{ subscriptionId }]);

    await ended('sent');
    // All of the others' are older, and would have come first.
    expect(askedBefore).toBeLessThan(40);
  });
});

describe('mail', () => {
  const address = 'ada@example.com';
  beforeEach(() => addUser(storage.store, { name: 'ada', email: address }));

  it('NOT-1: goes to the person', async () => {
    const mailbox = new Mailbox();
    startSender({ mailer: mailbox });

    const { id } = await queue([{ userId: 'ada' }]);

    await ended('sent');
    expect(mailbox.mails).toMatchObject([{ to: [address], subject: expect.stringMatching(/^\[shop\] /) as string }]);
    expect(mailbox.mails[0]?.messageId).toContain(id);
  });

  it('NOT-1: is sent again with the same Message-ID after a passing failure', async () => {
    const outcomes: MailOutcome[] = [{ kind: 'broken', detail: 'The server is busy' }, { kind: 'sent' }];
    const mailbox = new Mailbox(() => outcomes.shift() ?? { kind: 'broken', detail: '' });
    startSender({ mailer: mailbox });

    await queue([{ userId: 'ada' }]);

    await ended('sent');
    expect(mailbox.mails).toHaveLength(2);
    expect(new Set(mailbox.mails.map(({ messageId }) => messageId)).size).toBe(1);
  });

  it('NOT-1: that the server refuses is given up, and logged without the address', async () => {
    startSender({ mailer: new Mailbox(() => ({ kind: 'refused', detail: 'There is no such mailbox' })) });

    await queue([{ userId: 'ada' }]);

    expect(await ended('failed')).toMatchObject([{ tries: 1, detail: 'There is no such mailbox' }]);
    await eventually('it is logged', () => logged.some((line) => line.includes('was not delivered')));
    expect(logged.join('')).not.toContain(address);
  });

  it('NOT-1: to a server that hangs keeps no webhook waiting, and is tried again', async () => {
    const mailbox = new Mailbox(() => new Promise(() => undefined));
    const quick = await startTarget((response) => response.end());
    const { id: subscriptionId } = await hook('quick', quick.url);
    startSender({ mailer: mailbox, times: { mailMs: 300 } });

    await queue([...Array(20).fill({ userId: 'ada' }), ...Array(20).fill({ subscriptionId })]);

    await ended('sent', 20);
    await eventually('a mail is given another try', async () =>
      (await rows()).some(({ detail }) => detail === 'The mail was not taken in time'),
    );
  });

  it('NOT-1: that cannot even be made keeps no other from being sent', async () => {
    const mailbox = new Mailbox();
    startSender({ mailer: mailbox });

    await queue([{ userId: 'ada' }], { type: 'review-due', data: {} } as unknown as Notification);
    await queue([{ userId: 'ada' }]);

    await ended('sent');
    await eventually('the other was tried', async () => (await rows())[0]?.detail?.startsWith('It could not be made'));
  });
});

describe('mail by a real server', () => {
  it('NOT-1: arrives as text and HTML, and the second try of a mail has the Message-ID of the first', async () => {
    const receiver = await startSmtpReceiver();
    const mailer = createSmtpMailer({ url: receiver.url, from: 'Sluice <sluice@example.com>' });
    await addUser(storage.store, { name: 'ada' });
    let isLost = true;
    startSender({
      mailer,
      wrap: (notifier) => async (delivery, timeoutMs) => {
        const outcome = await notifier(delivery, timeoutMs);
        const answer = isLost
          ? ({ kind: 'broken', detail: 'Its answer was lost', retryAfterMs: null } as const)
          : outcome;
        isLost = false;
        return answer;
      },
    });

    await queue([{ userId: 'ada' }]);

    await ended('sent');
    const page = `${PUBLIC_URL}/releases/${completed.data.release}`;
    expect(receiver.mails).toHaveLength(2);
    expect(receiver.mails[0]).toMatchObject({
      ...{ to: ['ada@example.com'], subject: `[shop] Completion of release ${completed.data.release}` },
      ...{ text: expect.stringContaining(page) as string, html: expect.stringContaining(`href="${page}"`) as string },
    });
    expect(new Set(receiver.mails.map(({ headers }) => headers['message-id'])).size).toBe(1);
    mailer.close();
    await receiver.stop();
  });
});

describe('the sender', () => {
  it('NOT-1: sends again, under the same id, what a process that died had taken', async () => {
    const target = await startTarget((response) => response.end());
    const { id: subscriptionId, secret } = await hook('chat', target.url);
    // As a process does that is killed when the request is out: it never says what came of it.
    startSender({
      times: { webhookMs: 100, marginMs: 100, stopMs: 10 },
      wrap: (notifier) => async (delivery, timeoutMs) => {
        await notifier(delivery, timeoutMs);
        return new Promise(() => undefined);
      },
    });
    const { id } = await queue([{ subscriptionId }]);
    await eventually('it has arrived', () => target.requests.length === 1);
    await senders.pop()?.stop();
    expect(await rows()).toMatchObject([{ status: 'pending', tries: 1 }]);

    startSender();

    await ended('sent');
    expect([0, 1].map((index) => envelopeOf(target, index, secret).id)).toEqual([id, id]);
  });

  it('NOT-1: finds at its start what nobody announced to it', async () => {
    const mailbox = new Mailbox();
    await addUser(storage.store, { name: 'ada' });
    await queue([{ userId: 'ada' }]);

    startSender({ mailer: mailbox });

    await ended('sent');
    expect(mailbox.mails).toHaveLength(1);
  });

  it('NOT-1: sends everything once beside another on the same store', async () => {
    const mailbox = new Mailbox();
    await addUser(storage.store, { name: 'ada' });
    startSender({ mailer: mailbox });
    startSender({ mailer: mailbox });

    await queue(Array(120).fill({ userId: 'ada' }));

    await ended('sent', 120);
    expect(mailbox.mails).toHaveLength(120);
    expect((await rows()).every(({ tries }) => tries === 1)).toBe(true);
  });

  it('NOT-1: waits at a stop for what is under way, and begins nothing more', async () => {
    let answer = (): void => undefined;
    const mailbox = new Mailbox(() => new Promise((resolve) => (answer = () => resolve({ kind: 'sent' }))));
    await addUser(storage.store, { name: 'ada' });
    const sender = startSender({ mailer: mailbox, times: { mailMs: 20_000, stopMs: 20_000 } });
    await queue([{ userId: 'ada' }]);
    await eventually('it is under way', () => mailbox.mails.length === 1);

    const stopped = sender.stop();
    await queue([{ userId: 'ada' }]);
    answer();
    await stopped;

    expect((await rows()).map(({ status, tries }) => [status, tries])).toEqual([
      ['sent', 1],
      ['pending', 0],
    ]);
  });

  it('NOT-1: lets go at a stop of what does not end', async () => {
    const mailbox = new Mailbox(() => new Promise(() => undefined));
    await addUser(storage.store, { name: 'ada' });
    const sender = startSender({ mailer: mailbox, times: { mailMs: 500, stopMs: 10 } });
    await queue([{ userId: 'ada' }]);
    await eventually('it is under way', () => mailbox.mails.length === 1);

    await sender.stop();

    expect(await rows()).toMatchObject([{ status: 'pending', tries: 1 }]);
  });

  it('INV-9: goes on by itself when the store can be written again', async () => {
    const mailbox = new Mailbox();
    await addUser(storage.store, { name: 'ada' });
    await queue(Array(30).fill({ userId: 'ada' }));
    isFull = true;
    startSender({ mailer: mailbox, times: { sweepMs: 200 } });
    await eventually('it was tried', () => logged.some((line) => line.includes('could not be noted')));

    isFull = false;

    await ended('sent', 30);
    expect(mailbox.mails).toHaveLength(30);
    expect(logged.filter((line) => line.includes('could not be noted')).length).toBeLessThan(30);
  });
});
