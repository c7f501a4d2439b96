import { Webhook } from 'standardwebhooks';
import type { NotificationType } from '../../src/domain/notification';
import { eventually } from '../support/eventually';
import { startHttpEndpoint, type EndpointRequest, type HttpEndpoint } from '../support/http-endpoint';
import type { Page } from '../support/release-api';
import { startSmtpReceiver, type SmtpReceiver } from '../support/smtp-receiver';
import { KilledService } from './killed-service';
import { ALLOW_LOOPBACK } from './receiving-end';

jest.setTimeout(180_000);

/** A mail that was taken to be sent is nobody else's for a minute and a half, a webhook for forty seconds. */
const LAPSED_MS = 120_000;

interface Delivery {
  channel: 'email' | 'webhook';
  state: 'pending' | 'sent' | 'failed';
  tries: number;
}

let service: KilledService;
let endpoint: HttpEndpoint;
let mail: SmtpReceiver;
let secret: string;

beforeAll(async () => {
  endpoint = await startHttpEndpoint();
  mail = await startSmtpReceiver();
  service = await KilledService.start({
    ...ALLOW_LOOPBACK,
    SMTP_URL: mail.url,
    SMTP_FROM: 'Sluice <sluice@example.com>',
  });
  const events: NotificationType[] = ['interruption-raised', 'release-completed'];
  const hook = { url: `http://127.0.0.1:${endpoint.port}/hook`, events };
  ({ secret } = await service.put<{ secret: string }>('/v1/projects/shop/subscriptions/hook', hook));
  await service.put('/v1/projects/shop/subscriptions/desk', { email: 'desk@example.com', events });
});
afterAll(async () => {
  await Promise.all([endpoint.stop(), mail.stop()]);
  await service.end();
});

const manual = { name: 'Check dashboards', kind: 'manual', instructions: 'Look at the errors.' };

const prepare = () =>
  service.prepare([{ name: 'all', bakeMs: 0, rules: [{ environments: ['staging'] }] }], { process: [manual] });

/** The id of the one notification of that type about a release. */
async function notificationOf(release: string, type: NotificationType): Promise<string> {
  return eventually(
    `${type} of ${release} is told`,
    async () => {
      const path = `/v1/projects/shop/notifications?release=${release}&type=${type}`;
      const { items } = await service.get<Page<{ id: string }>>(path);
      expect(items.length).toBeLessThanOrEqual(1);
      return items[0]?.id;
    },
    45_000,
  );
}

async function deliveriesOf(notification: string): Promise<Delivery[]> {
  const path = `/v1/projects/shop/notifications/${notification}`;
  return (await service.get<{ deliveries: Delivery[] }>(path)).deliveries;
}

/** Waits until everybody has taken it. */
async function arrives(notification: string): Promise<Delivery[]> {
  return eventually(
    `notification ${notification} has arrived`,
    async () => {
      const deliveries = await deliveriesOf(notification);
      return deliveries.every(({ state }) => state === 'sent') && deliveries;
    },
    LAPSED_MS,
  );
}

const webhooksOf = (notification: string) =>
  endpoint.requests.filter(({ headers }) => headers['webhook-id'] === notification);
/** Of one release: a mail's own id says nothing of what it is about. */
const mailsOf = (release: string, subject: RegExp) =>
  mail.mails.filter((each) => subject.test(each.subject) && each.subject.includes(release));
const SUBJECTS = { 'interruption-raised': /Decision needed/, 'release-completed': /Completion/ };

/** What a receiver can rely on, however often it is told: one id, one text, one signature that holds for each. */
function expectTheSame(webhooks: readonly EndpointRequest[]): void {
  expect(new Set(webhooks.map(({ body }) => body)).size).toBe(1);
  for (const { body, headers } of webhooks) {
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual(JSON.parse(body));
  }
}

/** Decides what the release asks, and waits for its end. */
async function decide(release: string): Promise<void> {
  const { id } = await eventually(
    `release ${release} asks a person`,
    async () => {
      const { items } = await service.get<Page<{ id: string; state: string }>>(`/v1/interruptions?release=${release}`);
      return items.find(({ state }) => state === 'pending');
    },
    45_000,
  );
  expect((await service.post(`/v1/interruptions/${id}/take`, {})).status).toBe(200);
  const answer = await service.post(`/v1/interruptions/${id}/submit`, { result: 'proceed', notes: 'All green' });
  expect([200, 202]).toContain(answer.status);
  await service.reaches(release, 'completed');
}

it('NOT-1: killed while a webhook and a mail are under way, both are sent again under the same id', async () => {
  endpoint.answer('hang');
  mail.behave('take-silently');
  const release = await service.accepted(await prepare());
  const raised = await notificationOf(release, 'interruption-raised');
  const asking = () => mailsOf(release, SUBJECTS['interruption-raised']);
  await eventually('both receivers have read it', () => webhooksOf(raised).length > 0 && asking().length > 0);

  await service.kill9();
  await service.startAgain();

  // Nobody waits for receivers that do not answer: the release goes on to its end.
  await decide(release);
  const completed = await notificationOf(release, 'release-completed');
  expect((await deliveriesOf(completed)).map(({ state }) => state)).toEqual(['pending', 'pending']);

  endpoint.answer({ status: 200 });
  mail.behave('take');
  for (const socket of [...endpoint.sockets, ...mail.sockets]) socket.destroy();

  for (const { channel, tries } of await arrives(raised)) {
    expect({ channel, isRepeated: tries > 1 }).toEqual({ channel, isRepeated: true });
  }
  await arrives(completed);
  expect(webhooksOf(raised).length).toBeGreaterThan(1);
  expectTheSame(webhooksOf(raised));
  expect(asking().length).toBeGreaterThan(1);
  expect(new Set(asking().map(({ headers }) => headers['message-id'])).size).toBe(1);
  await service.expectNothingTwiceNorEarly(release);
});

it('NOT-1: killed at any moment, everybody is told of everything, under one id each', async () => {
  endpoint.answer({ status: 200 });
  mail.behave('take');
  const names = await Promise.all(Array.from({ length: 6 }, prepare));
  const releases: string[] = [];

  for (const [index, name] of names.entries()) {
    releases.push(await service.accepted(name));
    // Somewhere between the start of this one and the last receiver's answer, by however fast the machine is.
    if (index % 2 === 1) {
      await service.kill9();
      await service.startAgain();
    }
  }
  for (const release of releases) await decide(release);

  for (const release of releases) {
    for (const type of ['interruption-raised', 'release-completed'] as const) {
      const notification = await notificationOf(release, type);
      await arrives(notification);
      expectTheSame(webhooksOf(notification));
      expect(new Set(mailsOf(release, SUBJECTS[type]).map(({ headers }) => headers['message-id'])).size).toBe(1);
    }
  }
});
