import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';

import { TEMPORAL_PID_FILE } from '../../src/main/temporal/embedded-server';
import { openStore } from '../../src/store/store';
import { repeatsSecret } from '../../src/targets/http/repeats-secret';
import { eventually } from '../support/eventually';
import { startHttpEndpoint, type HttpEndpoint } from '../support/http-endpoint';
import { connectTemporal } from '../support/release-world';
import { startService, type ServiceProcess } from '../support/service-process';
import { startSmtpReceiver, type SmtpReceiver } from '../support/smtp-receiver';
import { OFF, ON } from '../support/store-fixtures';
import { removeDir, tempDir } from '../support/temp-dir';
import { everyCell } from '../support/written-in';
import { ALLOW_LOOPBACK } from './receiving-end';

jest.setTimeout(120_000);

/** What JSON and addresses write in another way than it is. */
const SECRET = 'Pl4nted "top" secret/+?&x';
/** Goes the same ways and may be seen: what is looked into is found where it is written. */
const PLAIN = 'planted-and-plain';
const ECHO = 'Octopus.Action[Call].Output.echo';

interface Interruption {
  id: string;
  state: string;
  instructions: string;
  deployment: string;
}

let service: ServiceProcess;
let endpoint: HttpEndpoint;
let chat: HttpEndpoint;
let mail: SmtpReceiver;

beforeAll(async () => {
  [endpoint, chat, mail] = await Promise.all([startHttpEndpoint(), startHttpEndpoint(), startSmtpReceiver()]);
  const env = { ...ALLOW_LOOPBACK, SMTP_URL: mail.url, SMTP_FROM: 'Sluice <sluice@example.com>' };
  service = await startService({ dataDir: tempDir(), env });
});
afterAll(async () => {
  await service.stop();
  await Promise.all([endpoint.stop(), chat.stop(), mail.stop()]);
  removeDir(service.dataDir);
});

async function put(where: string, body: object): Promise<void> {
  const response = await service.request('PUT', where, body);
  expect({ where, status: response.status, said: response.ok || (await response.text()) }).toEqual({
    where,
    status: 201,
    said: true,
  });
}

async function text(where: string): Promise<string> {
  const response = await service.request('GET', where);
  expect({ where, status: response.status }).toEqual({ where, status: 200 });
  return response.text();
}

const json = async <T>(where: string): Promise<T> => JSON.parse(await text(where)) as T;

/** Waits for what the release asks next, and answers it; the interruption as it was asked. */
async function answers(release: string, result: string): Promise<Interruption> {
  const asked = await eventually(
    `release ${release} asks a person`,
    async () => {
      const { items } = await json<{ items: Interruption[] }>(`/v1/interruptions?release=${release}&state=pending`);
      return items[0];
    },
    30_000,
  );
  await service.request('POST', `/v1/interruptions/${asked.id}/take`, {});
  const answered = await service.request('POST', `/v1/interruptions/${asked.id}/submit`, { result, notes: 'seen' });
  expect([200, 202]).toContain(answered.status);
  return asked;
}

const mentions = (name: string) => `#{${name}} and #{Region}`;

/** A variable in every place that can name one, and an endpoint that says it again in every way it can. */
const process = () => [
  {
    name: 'Call',
    kind: 'http',
    url: endpoint.url,
    headers: { 'x-token': '#{Secret}', 'x-region': '#{Region}' },
    body: { token: '#{Secret}' },
    outputs: { echo: 'got', encoded: 'encoded', id: 'id' },
  },
  { name: 'Again', kind: 'http', url: endpoint.url, body: mentions(ECHO), headers: { 'content-type': 'text/plain' } },
  {
    name: 'Check',
    kind: 'manual',
    instructions: `${mentions('Secret')}, ${mentions(ECHO)}, build #{Action[Call].Output.id}`,
    runWhen: { expression: `vars["Secret"].contains("top") && vars["${ECHO}"].startsWith("you sent Pl4nted")` },
  },
  {
    name: 'Mail',
    kind: 'email',
    to: ['grace@example.com'],
    subject: mentions('Secret'),
    body: `${mentions('Secret')}\n\n${mentions(ECHO)}`,
  },
  { name: 'Address', kind: 'email', to: [`#{${ECHO}}@example.com`], subject: 'x', body: 'x' },
  { name: 'Post', kind: 'notify', url: chat.url, text: `${mentions('Secret')}, ${mentions(ECHO)}`, runWhen: 'always' },
  {
    name: 'Number',
    kind: 'notify',
    url: chat.url,
    text: 'never',
    runWhen: { expression: 'int(vars["Secret"]) > 1' },
  },
  { name: 'Wrong', kind: 'http', url: endpoint.url, headers: { 'x-token': '#{Secret}' }, runWhen: 'always' },
];

it('VAR-4: of a sensitive variable endpoints alone hear, also where they say it again', async () => {
  await put('/v1/projects/shop', {});
  await put('/v1/projects/shop/environments/staging', { order: 1, requiresPipeline: true });
  await put('/v1/projects/shop/variables/Secret', { value: SECRET, sensitive: true });
  await put('/v1/projects/shop/variables/Region', { value: PLAIN });
  await put('/v1/projects/shop/flags/gate', { kind: 'gate', definition: OFF });
  const phases = [{ name: 'all', bakeMs: 0, rules: [{ environments: ['staging'] }] }];
  await put('/v1/projects/shop/pipelines/asked', { phases, process: process(), guidedFailure: true });
  const stream = await follow('/v1/events');
  const echo = { 'content-type': 'application/json', 'x-echo': encodeURIComponent(SECRET) };
  endpoint.answer(
    {
      status: 200,
      headers: echo,
      body: JSON.stringify({
        got: `you sent ${SECRET}`,
        encoded: Buffer.from(`x:${SECRET}`).toString('base64'),
        id: 'b-1',
      }),
    },
    { status: 200, body: SECRET },
    { status: 500, headers: echo, body: SECRET },
    { status: 400, headers: echo, body: JSON.stringify({ error: `bad token ${SECRET}` }) },
  );

  const triggered = await service.request('POST', '/v1/projects/shop/pipelines/asked/releases', {
    changes: [{ flag: 'gate', definition: ON }],
  });
  const { id: release } = (await triggered.json()) as { id: string };
  const asked = await answers(release, 'proceed');
  const failures = [await answers(release, 'fail'), await answers(release, 'fail'), await answers(release, 'fail')];
  await eventually(
    'the release has failed',
    async () => (await json<{ state: string }>(`/v1/releases/${release}`)).state === 'failed',
  );

  // Endpoints got it, whole, from the variable and from what an earlier one had said.
  expect(endpoint.requests[0]?.headers['x-token']).toBe(SECRET);
  expect(JSON.parse(endpoint.requests[0]?.body ?? '')).toEqual({ token: SECRET });
  expect(endpoint.requests[1]?.body).toBe(`you sent ${SECRET} and ${PLAIN}`);

  // People did not: they see that there is something.
  expect(asked.instructions).toContain('build b-1');
  expect(failures.map(({ instructions }) => instructions)).toEqual([
    'Step Address has failed: Recipient 1 names a sensitive variable, which no mail holds',
    expect.stringContaining('Step Number has failed: Its condition cannot be evaluated'),
    'Step Wrong has failed: The endpoint answered 400',
  ]);
  expect(mail.mails).toHaveLength(1);
  expect(mail.mails[0]).toMatchObject({
    subject: `******** and ${PLAIN}`,
    html: expect.stringContaining(`<p>******** and ${PLAIN}</p>`) as unknown,
  });
  expect(chat.requests.map(({ body }) => body)).toEqual([
    JSON.stringify({ text: `******** and ${PLAIN}, ******** and ${PLAIN}` }),
  ]);
  const seen = new Map<string, string>([
    ['mail', JSON.stringify(mail.mails)],
    ['raw mail', mail.mails.map(({ raw }) => raw).join()],
    ['chat', JSON.stringify(chat.requests)],
  ]);

  const places = [
    ...['/metrics', '/openapi.json', '/v1/releases', `/v1/releases/${release}`, `/v1/releases/${release}/why`],
    ...['events', 'deployments', 'drift'].map((of) => `/v1/releases/${release}/${of}`),
    ...['', '/variables', '/log'].map((of) => `/v1/deployments/${asked.deployment}${of}`),
    ...[asked, ...failures].map(({ id }) => `/v1/interruptions/${id}`),
    ...['/v1/interruptions', '/v1/audit?project=shop', '/v1/audit/export?project=shop', '/v1/audit/export'],
    ...['/v1/projects/shop/variables', '/v1/projects/shop/variables/Secret', '/v1/projects/shop/pipelines/asked'],
  ];
  for (const place of places) {
    seen.set(place, await text(place));
  }
  seen.set('stream', stream.end());
  seen.set('history', await historyOf(release));
  expect((await service.request('POST', '/v1/backup', {})).status).toBe(201);
  await service.stop();
  seen.set('log', service.output());
  const store = await openStore({ dataDir: service.dataDir });
  for (const [table, cells] of await everyCell(store)) {
    seen.set(`table ${table}`, cells.join('\n'));
  }
  await store.close();
  const files = filesIn(service.dataDir);
  files.forEach((file) => seen.set(`file ${file}`, readFileSync(path.join(service.dataDir, file)).toString('latin1')));

  expect([...seen].flatMap(([place, content]) => (repeatsSecret(content, SECRET) ? [place] : []))).toEqual([]);
  expect(JSON.parse(seen.get(`/v1/deployments/${asked.deployment}/variables`) ?? '')).toMatchObject({
    items: expect.arrayContaining([
      { name: ECHO, value: null, sensitive: true, source: 'output' },
      { name: 'Octopus.Action[Call].Output.encoded', value: null, sensitive: true, source: 'output' },
      { name: 'Octopus.Action[Call].Output.id', value: 'b-1', sensitive: false, source: 'output' },
    ]) as unknown,
  });

  // What may be seen is found by the same look, in each kind of place.
  const found = [...seen].flatMap(([place, content]) => (repeatsSecret(content, PLAIN) ? [place] : []));
  expect(found).toEqual(
    expect.arrayContaining([
      ...['mail', 'raw mail', 'chat', 'table variables', 'table deploymentVariables', 'table interruptions'],
      ...['/v1/projects/shop/variables', `/v1/interruptions/${asked.id}`],
      ...[`/v1/deployments/${asked.deployment}/variables`, 'file sluice.db'],
    ]),
  );
  const naming = [...seen].flatMap(([place, content]) => (content.includes(release) ? [place] : []));
  expect(naming).toEqual(expect.arrayContaining(['stream', 'history', 'log', '/v1/audit/export?project=shop']));
  expect(files.some((file) => file.includes('temporal') && naming.includes(`file ${file}`))).toBe(true);
});

/** Follows the events from now on; `end` ends that and returns what came. */
async function follow(where: string): Promise<{ end: () => string }> {
  const stopping = new AbortController();
  const response = await fetch(`${service.baseUrl}${where}`, {
    headers: { authorization: `Bearer ${service.adminToken}` },
    signal: stopping.signal,
  });
  expect(response.status).toBe(200);
  let came = '';
  const read = async () => {
    for await (const part of response.body ?? []) {
      came += Buffer.from(part as Uint8Array).toString();
    }
  };
  read().catch(() => undefined);
  return {
    end: () => {
      stopping.abort();
      return came;
    },
  };
}

/** All that Temporal holds of the release's workflow, its payloads readable. */
async function historyOf(release: string): Promise<string> {
  const { port } = JSON.parse(readFileSync(path.join(service.dataDir, TEMPORAL_PID_FILE), 'utf8')) as { port: number };
  const { client, close } = await connectTemporal(`127.0.0.1:${port}`);
  try {
    const texts: string[] = [];
    for await (const { workflowId } of client.workflow.list()) {
      const history = historyToJSON(await client.workflow.getHandle(workflowId).fetchHistory());
      const payloads = [...history.matchAll(/"data":\s*"([^"]*)"/g)].map(([, data = '']) =>
        Buffer.from(data, 'base64'),
      );
      texts.push(history, Buffer.concat(payloads).toString());
    }
    expect(texts.join()).toContain(release);
    return texts.join('\n');
  } finally {
    await close();
  }
}

function filesIn(dir: string, under = ''): string[] {
  return readdirSync(path.join(dir, under)).flatMap((name) => {
    const file = path.join(under, name);
    return statSync(path.join(dir, file)).isDirectory() ? filesIn(dir, file) : [file];
  });
}
