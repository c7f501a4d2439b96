/** What only a process of its own shows: whom it trusts is fixed at its start, and it can be stopped. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { newSigningSecret } from '../../../src/store/secret-hash';
import type { WebhookRequest } from '../../../src/targets/webhooks/send-webhook';
import { programRunning } from '../../support/ts-program';
import { listen, stopTargets } from './webhook-target';

const CERTIFICATE = path.join(__dirname, 'tls/certificate.pem');
const credentials = { cert: readFileSync(CERTIFICATE), key: readFileSync(path.join(__dirname, 'tls/key.pem')) };

const source = (name: string) => path.resolve(__dirname, '../../../src/targets', name);
const program = programRunning(`
  import { createAddressPolicy } from '${source('http/address-policy')}';
  import { sendWebhook } from '${source('webhooks/send-webhook')}';
  void sendWebhook(JSON.parse(process.argv[2]!), {
    policy: createAddressPolicy(['127.0.0.0/8']),
    now: Date.now,
    lookup: async () => [{ address: '127.0.0.1', family: 4 }],
  }).then((outcome) => process.stdout.write(JSON.stringify(outcome)));
`);
const senders: ChildProcess[] = [];

afterEach(async () => {
  for (const sender of senders.splice(0)) sender.kill('SIGKILL');
  await stopTargets();
});
afterAll(() => program.remove());

/** Every name leads to the loopback interface; `TRUSTING` makes the tests' certificate one that is vouched for. */
function startSender(request: Partial<WebhookRequest>, env: Record<string, string>) {
  const all = { id: 'the/key', body: '{}', secrets: [newSigningSecret()], timeoutMs: 20_000, version: '1.5.0' };
  const args = [...program.args, JSON.stringify({ ...all, ...request })];
  const sender = spawn(process.execPath, args, {
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  senders.push(sender);
  const parts: Buffer[] = [];
  sender.stdout.on('data', (part: Buffer) => parts.push(part));
  const outcome = once(sender, 'close').then(() => JSON.parse(Buffer.concat(parts).toString()) as unknown);
  return { sender, outcome };
}

const TRUSTING = { NODE_EXTRA_CA_CERTS: CERTIFICATE };

describe('a process that sends', () => {
  it.each([
    ['fits', 'example.invalid', TRUSTING, { kind: 'done' }],
    [
      'is for another name',
      'other.invalid',
      TRUSTING,
      {
        kind: 'broken',
        detail: "The target's certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID)",
        retryAfterMs: null,
      },
    ],
    [
      'nobody vouches for, though Node is told not to mind',
      'example.invalid',
      { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      {
        kind: 'broken',
        detail: "The target's certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)",
        retryAfterMs: null,
      },
    ],
  ])('WHK-2: judges a certificate that %s', async (_which, host, env, expected) => {
    const ids: unknown[] = [];
    const server = createServer(credentials, (request, response) => {
      ids.push(request.headers['webhook-id']);
      response.end();
    });
    const { port } = await listen(server);

    const { outcome } = startSender({ url: `https://${host}:${port}/` }, env);

    expect(await outcome).toEqual(expected);
    expect(ids).toEqual(expected.kind === 'done' ? ['the/key'] : []);
  });

  it('WHK-4: and was stopped until its time was up writes nothing when it goes on', async () => {
    const timeoutMs = 1_000;
    let requests = 0;
    let continueSender: () => void = () => undefined;
    const server = createServer(
      {
        ...credentials,
        // Half-way through the handshake: when the process goes on, the other half of it is there already.
        SNICallback: (_name, answer) => {
          sender.kill('SIGSTOP');
          void sleep(2 * timeoutMs)
            .then(() => answer(null, createSecureContext(credentials)))
            .then(() => sleep(timeoutMs / 2))
            .then(() => continueSender());
        },
      },
      (_request, response) => {
        requests += 1;
        response.end();
      },
    );
    const { port } = await listen(server);
    const { sender, outcome } = startSender({ url: `https://example.invalid:${port}/`, timeoutMs }, TRUSTING);
    continueSender = () => sender.kill('SIGCONT');

    expect(await outcome).toEqual({ kind: 'broken', detail: 'No answer came in time', retryAfterMs: null });
    expect(requests).toBe(0);
  });
});
