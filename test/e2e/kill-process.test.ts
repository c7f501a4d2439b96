import { eventually } from '../support/eventually';
import { startHttpEndpoint, type HttpEndpoint } from '../support/http-endpoint';
import type { ActionBody, EventBody, Page } from '../support/release-api';
import { startSmtpReceiver, type SmtpReceiver } from '../support/smtp-receiver';
import { KilledService } from './killed-service';
import { ALLOW_LOOPBACK } from './receiving-end';

// As in kill-service.test.ts one service is killed again and again, and goes on with whatever the round before left.
jest.setTimeout(150_000);

/** A deadline that is still to come when everything else of a round is there, and passes while all is down. */
const DEADLINE_MS = 20_000;
/** Longer than a kill takes; after it a request that nobody answers is sent again. */
const TIMEOUT = '10s';

interface Interruption {
  id: string;
  state: string;
  responsibleUser: string | null;
  result: string | null;
  submittedBy: string | null;
  deadline: string | null;
  endedAt: string | null;
}

let service: KilledService;
let endpoint: HttpEndpoint;
let mail: SmtpReceiver;

beforeAll(async () => {
  endpoint = await startHttpEndpoint();
  mail = await startSmtpReceiver();
  service = await KilledService.start({
    ...ALLOW_LOOPBACK,
    SMTP_URL: mail.url,
    SMTP_FROM: 'Sluice <sluice@example.com>',
  });
});
afterAll(async () => {
  await Promise.all([endpoint.stop(), mail.stop()]);
  await service.end();
});

const phaseOf = (more: object = {}) => ({ name: 'all', bakeMs: 0, rules: [{ environments: ['staging'] }], ...more });
const manual = { name: 'Check dashboards', kind: 'manual', instructions: 'Look at #{Octopus.Environment.Name}.' };
const http = { name: 'Build', kind: 'http', timeout: TIMEOUT, outputs: { id: 'build.id' } };

/** A release that runs this process in one phase, accepted. */
async function released(process: object[], more: object = {}): Promise<string> {
  return service.accepted(await service.prepare([phaseOf(more)], { process }));
}

async function interruptionsOf(release: string): Promise<Interruption[]> {
  return (await service.get<Page<Interruption>>(`/v1/interruptions?release=${release}`)).items;
}

/** Waits until the release asks a person. */
async function asked(release: string): Promise<Interruption> {
  return eventually(
    `release ${release} asks a person`,
    async () => (await interruptionsOf(release)).find(({ state }) => state === 'pending'),
    45_000,
  );
}

async function take({ id }: Interruption): Promise<void> {
  expect((await service.post(`/v1/interruptions/${id}/take`, {})).status).toBe(200);
}

const proceed = ({ id }: Interruption) =>
  service.post(`/v1/interruptions/${id}/submit`, { result: 'proceed', notes: 'All green' });

/** Taken, and decided now or when somebody is there to. */
async function answer(interruption: Interruption): Promise<void> {
  const response = await proceed(interruption);
  if (response.status === 202) {
    const { id } = (await response.json()) as ActionBody;
    expect((await service.outcomeOf(id)).state).toBe('applied');
  } else {
    expect(response.status).toBe(200);
  }
}

/** What an http step or a mail of a release is known by at the other end. */
const requestsFor = (path: string) => endpoint.requests.filter((request) => request.path.endsWith(path));
const mailsAbout = (subject: string) => mail.mails.filter((each) => each.subject === subject);

/** Every step and interruption of a release is told of once, besides what holds for all releases. */
async function expectToldOnce(release: string): Promise<EventBody[]> {
  await service.expectNothingTwiceNorEarly(release);
  const events = await service.events(release);
  const told = events
    .filter(({ type }) => /^(step|interruption|condition)-/.test(type))
    .map(({ type, data }) => JSON.stringify([type, data['environment'], data['step'], data['title'], data['try']]));
  expect(told).toEqual([...new Set(told)]);
  return events;
}

let round = 0;

/** One release at each moment at which a process can be met. */
async function bringAbout() {
  round += 1;
  const path = `/round-${round}`;
  const subject = `Round ${round}`;

  endpoint.answer('hang', { status: 200, body: JSON.stringify({ build: { id: `b-${round}` } }) });
  const calling = await released([{ ...http, url: `http://127.0.0.1:${endpoint.port}${path}` }]);
  mail.behave('take-silently');
  const mailing = await released([
    { name: 'Tell', kind: 'email', to: ['grace@example.com'], subject, body: 'It is *out*.' },
  ]);
  await eventually('the endpoint has been asked', () => requestsFor(path).length > 0);
  await eventually('the mail has been sent', () => mailsAbout(subject).length > 0);

  const taken = await released([manual]);
  const submitted = await released([manual]);
  const raised = await released([manual, { name: 'Roll out', kind: 'roll-out' }], {
    requiredReview: { authorMayApprove: true },
  });
  const asks = { taken: await asked(taken), submitted: await asked(submitted) };
  await Promise.all([take(asks.taken), take(asks.submitted), service.reaches(raised, 'waiting-for-review')]);
  const deadline = await released([
    { ...manual, deadline: { afterMs: DEADLINE_MS, outcome: 'proceed' } },
    { name: 'After', kind: 'manual', instructions: 'Go on?', runWhen: 'failure' },
  ]);
  const due = Date.parse((await asked(deadline)).deadline ?? '');

  // Accepted, and Temporal does not hear of it: the answer, and the approval that makes the other release ask.
  service.freezeTemporal();
  const [answered, approved] = await Promise.all([proceed(asks.submitted), service.act(raised, 'approve')]);
  expect([answered.status, approved.status]).toEqual([202, 202]);
  const { id: action } = (await answered.json()) as ActionBody;
  return { calling, mailing, taken, submitted, raised, deadline, due, action, path, subject, asks };
}

const down = (until: number) => eventually('the deadline has passed', () => Date.now() > until, 45_000);

const KILLS: [string, (until: number) => Promise<void>][] = [
  [
    'kill -9 of the service',
    async (until) => {
      await service.kill9();
      await down(until);
      await service.startAgain();
    },
  ],
  [
    'kill -9 of Temporal',
    async () => {
      await service.kill9Temporal();
    },
  ],
  [
    'kill -9 of both',
    async (until) => {
      await Promise.all([service.kill9Temporal(), service.kill9()]);
      await down(until);
      await service.startAgain();
    },
  ],
];

describe.each(KILLS)('after %s', (_, kill) => {
  it('INV-5, REL-29: processes go on from wherever they were, nothing is asked or told twice', async () => {
    const at = await bringAbout();
    expect(await interruptionsOf(at.raised)).toEqual([]);
    expect(await interruptionsOf(at.submitted)).toMatchObject([{ state: 'taken', result: null }]);

    await kill(at.due);
    mail.behave('take');
    mail.sockets.forEach((socket) => socket.destroy());

    // Nobody does anything: what was accepted is decided, what had begun ends.
    expect((await service.outcomeOf(at.action)).state).toBe('applied');
    await Promise.all(
      [at.submitted, at.calling, at.mailing, at.deadline].map((each) => service.reaches(each, 'completed')),
    );
    expect(await interruptionsOf(at.submitted)).toMatchObject([
      { id: at.asks.submitted.id, state: 'submitted', result: 'proceed', submittedBy: 'admin' },
    ]);

    // Whoever had it still has it, and what was about to be asked is asked once.
    expect(await interruptionsOf(at.taken)).toMatchObject([{ state: 'taken', responsibleUser: 'admin' }]);
    await answer(at.asks.taken);
    const raised = await asked(at.raised);
    await take(raised);
    await answer(raised);
    await Promise.all([at.taken, at.raised].map((each) => service.reaches(each, 'completed')));
    expect(await interruptionsOf(at.raised)).toHaveLength(1);

    // One effect for each key: the endpoint may be asked again, under the same one.
    const requests = requestsFor(at.path);
    expect(new Set(requests.map(({ key }) => key)).size).toBe(1);
    expect(requests[0]?.key).toContain(at.calling);
    expect(new Set(mailsAbout(at.subject).map(({ headers }) => headers['message-id'])).size).toBe(1);

    // At its own instant, however late it was noticed, and not before.
    const ended = (await expectToldOnce(at.deadline)).filter(({ type }) => type === 'interruption-deadline-passed');
    expect(ended.map((event) => Date.parse(event.at))).toEqual([at.due]);
    expect(await interruptionsOf(at.deadline)).toMatchObject([
      { state: 'submitted', result: 'proceed', submittedBy: null, endedAt: new Date(at.due).toISOString() },
    ]);
    for (const release of [at.calling, at.mailing, at.taken, at.submitted, at.raised]) {
      await expectToldOnce(release);
    }
  });
});

it('INV-1, INT-2: killed at any moment, every release asks once, calls under one key and ends', async () => {
  const path = '/anywhere';
  endpoint.answer({ status: 200, body: JSON.stringify({ build: { id: 1 } }) });
  const process = [
    { ...http, url: `http://127.0.0.1:${endpoint.port}${path}` },
    { ...manual, runWhen: { expression: 'vars["Action[Build].Output.id"] == "1"' } },
  ];
  const names = await Promise.all(Array.from({ length: 6 }, () => service.prepare([phaseOf()], { process })));
  const releases: string[] = [];

  for (const [index, name] of names.entries()) {
    releases.push(await service.accepted(name));
    // Somewhere between the start of this one and its question, by however fast the machine is.
    if (index % 2 === 1) {
      await service.kill9();
      await service.startAgain();
    }
  }

  for (const release of releases) {
    const interruption = await asked(release);
    await take(interruption);
    await answer(interruption);
    await service.reaches(release, 'completed');
    expect(await interruptionsOf(release)).toHaveLength(1);
    expect(new Set(requestsFor(path).flatMap(({ key }) => (key.includes(release) ? [key] : []))).size).toBe(1);
    await expectToldOnce(release);
  }
});
