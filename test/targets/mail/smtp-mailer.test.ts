import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import path from 'node:path';
import type { Mail, Mailer, MailOutcome } from '../../../src/targets/mail/mailer';
import { createSmtpMailer, type SmtpMailerOptions } from '../../../src/targets/mail/smtp-mailer';
import { createUnconfiguredMailer } from '../../../src/targets/mail/unconfigured-mailer';
import { eventually } from '../../support/eventually';
import { startSmtpReceiver, type SmtpReceiver, type SmtpReceiverOptions } from '../../support/smtp-receiver';

/** Long enough for everything that is to happen. */
const LONG_MS = 20_000;
/** For what never comes. */
const SHORT_MS = 300;

const MAIL: Mail = {
  to: ['ada@example.com', 'grace@example.com'],
  subject: 'Release 1.5.0 waits',
  text: 'Größe: **look**\n.\nend',
  html: '<p>Größe: <strong>look</strong></p>',
  messageId: '01J/-/everyone/production/Tell%20them/apply/1',
};

const ends: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function receiver(options: SmtpReceiverOptions = {}): Promise<SmtpReceiver> {
  const started = await startSmtpReceiver(options);
  ends.push(() => started.stop());
  return started;
}

function mailer(url: string, options: Partial<SmtpMailerOptions> = {}): Mailer {
  const created = createSmtpMailer({ url, from: 'Sluice <sluice@example.com>', timeoutMs: LONG_MS, ...options });
  ends.push(() => created.close());
  return created;
}

/** A server that speaks what `converse` writes. */
async function rawServer(converse: (socket: Socket) => void): Promise<{ url: string; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    converse(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

const tls = {
  key: readFileSync(path.join(__dirname, '..', 'webhooks', 'tls', 'key.pem')),
  cert: readFileSync(path.join(__dirname, '..', 'webhooks', 'tls', 'certificate.pem')),
};

describe('what is sent', () => {
  it('PRO-1: is one mail to each, as text and as HTML', async () => {
    const server = await receiver();

    const outcome = await mailer(server.url).send(MAIL);

    expect(outcome).toEqual({ kind: 'sent' });
    expect(server.mails).toMatchObject([
      {
        from: 'sluice@example.com',
        to: ['ada@example.com', 'grace@example.com'],
        subject: 'Release 1.5.0 waits',
        text: 'Größe: **look**\r\n.\r\nend',
        html: MAIL.html,
        headers: {
          from: 'Sluice <sluice@example.com>',
          to: 'ada@example.com, grace@example.com',
          'auto-submitted': 'auto-generated',
          'message-id': expect.stringMatching(/^<[0-9a-f]{64}@example\.com>$/) as string,
        },
      },
    ]);
    expect(server.mails[0]?.headers).not.toHaveProperty('x-mailer');
  });

  it('WHK-3: has the same id when it is sent again, and another for another key', async () => {
    const server = await receiver();
    const { send } = mailer(server.url);

    await send(MAIL);
    await send(MAIL);
    await send({ ...MAIL, messageId: 'another' });

    const [first, second, third] = server.mails.map(({ headers }) => headers['message-id']);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('VAR-4: is 7-bit on the wire, whatever its subject says', async () => {
    const server = await receiver();
    const subject = 'Größe → 部署 🚀 '.repeat(20).trim();

    await mailer(server.url, { from: 'Größe <sluice@example.com>' }).send({ ...MAIL, subject });

    expect(server.mails).toMatchObject([{ subject, headers: { from: 'Größe <sluice@example.com>' } }]);
    expect(server.mails[0]?.raw).toMatch(/^[\r\n\t\x20-\x7e]*$/);
    expect(server.mails[0]?.raw.split('\r\n').every((line) => line.length <= 998)).toBe(true);
  });

  it.each([
    'Hello\r\nBcc: eve@example.com',
    'Hello\nBcc: eve@example.com',
    'Hello\rBcc: eve@example.com',
    'Hello\r\n\r\n<script>',
    'Hello\u2028Bcc: eve@example.com\u0000\u0085',
    'Hello\r\n.\r\nMAIL FROM:<eve@example.com>',
  ])('VAR-4: has one line of subject, and no header of it: %j', async (subject) => {
    const server = await receiver();

    const outcome = await mailer(server.url).send({ ...MAIL, subject });

    expect(outcome).toEqual({ kind: 'sent' });
    expect(server.mails).toHaveLength(1);
    expect(server.mails[0]?.to).toEqual(MAIL.to);
    expect(server.mails[0]?.headers).not.toHaveProperty('bcc');
    expect(server.mails[0]?.subject).toMatch(/^Hello [^\p{Cc}\u2028]+$/u);
    expect(server.mails[0]?.text).toBe('Größe: **look**\r\n.\r\nend');
  });

  it('VAR-4: has a subject of bounded length', async () => {
    const server = await receiver();

    await mailer(server.url).send({ ...MAIL, subject: 'x'.repeat(100_000) });

    expect(server.mails[0]?.subject).toBe(`${'x'.repeat(499)}…`);
  });

  it('VAR-4: ends no mail and begins no other by its text', async () => {
    const server = await receiver();
    const text = 'a\r\n.\r\nMAIL FROM:<eve@example.com>\r\nRCPT TO:<eve@example.com>\r\nDATA\r\n..\r\nb';

    await mailer(server.url).send({ ...MAIL, text });

    expect(server.mails).toMatchObject([{ to: MAIL.to, text }]);
  });

  it.each([
    'ada@example.com, eve@example.com',
    'team: ada@example.com, eve@example.com;',
    'ada@example.com\r\nBcc: eve@example.com',
    'Ada <ada@example.com>',
    '',
  ])('VAR-4: is nothing where a variable makes no address, or more than one: %j', async (to) => {
    const server = await receiver();

    const outcome = await mailer(server.url).send({ ...MAIL, to: ['grace@example.com', to] });

    expect(outcome).toEqual({ kind: 'refused', detail: 'Recipient 2 of 2 is not one e-mail address' });
    expect(server.sockets).toEqual([]);
  });

  it('is nothing to nobody, and one to who is named twice', async () => {
    const server = await receiver();
    const { send } = mailer(server.url);

    expect(await send({ ...MAIL, to: [] })).toEqual({ kind: 'refused', detail: 'The mail has no recipient' });
    expect(await send({ ...MAIL, to: ['ada@example.com', 'ada@EXAMPLE.com'] })).toEqual({ kind: 'sent' });
    expect(server.mails.map(({ to }) => to)).toEqual([['ada@example.com']]);
  });

  it('reads no file and no address, whatever its text looks like', async () => {
    const server = await receiver();
    const text = `${__filename} file://${__filename} data:text/plain,x`;

    await mailer(server.url).send({ ...MAIL, text, html: text });

    expect(server.mails).toMatchObject([{ text, html: text }]);
  });

  it('may be many at once', async () => {
    const server = await receiver();
    const { send } = mailer(server.url);

    const outcomes = await Promise.all(Array.from({ length: 30 }, (_, at) => send({ ...MAIL, messageId: String(at) })));

    expect(outcomes).toEqual(Array(30).fill({ kind: 'sent' }));
    expect(new Set(server.mails.map(({ headers }) => headers['message-id'])).size).toBe(30);
  });
});

describe('what the mail server answers', () => {
  it.each<[number, MailOutcome]>([
    [550, { kind: 'refused', detail: 'The mail server answered 550 5.7.1' }],
    [552, { kind: 'refused', detail: 'The mail server answered 552 5.7.1' }],
    [451, { kind: 'broken', detail: 'The mail server answered 451' }],
    [421, { kind: 'broken', detail: 'The mail server answered 421' }],
  ])('PRO-5: to the mail: %i is an outcome without what else it says', async (code, outcome) => {
    const server = await receiver();
    server.behave({ code, text: `${code >= 500 ? '5.7.1 ' : ''}hunter2 is not liked` });

    expect(await mailer(server.url).send(MAIL)).toEqual(outcome);
    expect(server.mails).toEqual([]);
  });

  it.each<[number, MailOutcome]>([
    [550, { kind: 'refused', detail: 'The mail server does not take recipient 2 of 2 (550)' }],
    [450, { kind: 'broken', detail: 'The mail server does not take recipient 2 of 2 (450)' }],
  ])('PRO-5: to one recipient: %i counts for the mail, which the other gets', async (code, outcome) => {
    const server = await receiver();
    server.behave({ code, recipient: 'grace@example.com' });

    expect(await mailer(server.url).send(MAIL)).toEqual(outcome);
    expect(server.mails.map(({ to }) => to)).toEqual([['ada@example.com']]);
  });

  it('PRO-5: to the only recipient, nobody gets it', async () => {
    const server = await receiver();
    server.behave({ code: 550, recipient: 'ada@example.com' });

    const outcome = await mailer(server.url).send({ ...MAIL, to: ['ada@example.com'] });

    expect(outcome).toEqual({ kind: 'refused', detail: 'The mail server does not take recipient 1 of 1 (550)' });
    expect(server.mails).toEqual([]);
  });

  it.each<[string, MailOutcome]>([
    ['554 5.3.2 hunter2', { kind: 'refused', detail: 'The mail server answered 554 5.3.2' }],
    ['421 hunter2', { kind: 'broken', detail: 'The mail server answered 421' }],
    ['HTTP/1.1 200 hunter2', { kind: 'broken', detail: 'The connection to the mail server failed (EPROTOCOL)' }],
  ])('PRO-5: to nobody at all: %s', async (greeting, outcome) => {
    const server = await rawServer((socket) => socket.end(`${greeting}\r\n`));

    expect(await mailer(server.url).send(MAIL)).toEqual(outcome);
  });
});

describe('a login', () => {
  const login = { user: 'ada', pass: 'hunter2' };

  it('is made with what SMTP_URL says', async () => {
    const server = await receiver({ login });

    expect(await mailer(server.url.replace('//', '//ada:hunter2@')).send(MAIL)).toEqual({ kind: 'sent' });
  });

  it('that is wrong is a refusal that repeats nothing of it', async () => {
    const server = await receiver({ login });

    const outcome = await mailer(server.url.replace('//', '//hunter2:hunter2hunter2@')).send(MAIL);

    expect(outcome).toEqual({
      kind: 'refused',
      detail: 'The mail server does not take user and password of SMTP_URL (535 5.7.8)',
    });
    expect(server.mails).toEqual([]);
  });

  it('that is missing is a refusal', async () => {
    const server = await receiver({ login });

    expect(await mailer(server.url).send(MAIL)).toMatchObject({ kind: 'refused' });
  });
});

describe('TLS', () => {
  it('with a certificate that nobody vouches for is not trusted', async () => {
    const server = await receiver({ tls });

    expect(await mailer(server.url).send(MAIL)).toEqual({
      kind: 'broken',
      detail: "The mail server's certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)",
    });
    expect(server.mails).toEqual([]);
  });

  it('is begun before a password is sent anywhere but to this machine', async () => {
    const server = await receiver({ login: { user: 'ada', pass: 'hunter2' } });
    // An address of this machine that is not written like one.
    const url = `smtp://ada:hunter2@[::ffff:127.0.0.1]:${server.port}`;

    expect(await mailer(url).send(MAIL)).toMatchObject({
      kind: 'refused',
      detail: expect.stringMatching(/^The mail server does not begin TLS \(5\d\d/) as string,
    });
    expect(server.sockets).toHaveLength(1);
    expect(server.mails).toEqual([]);
  });

  it('is needed by smtps://', async () => {
    const server = await receiver();

    expect(await mailer(server.url.replace('smtp:', 'smtps:')).send(MAIL)).toMatchObject({
      kind: 'broken',
      detail: expect.stringMatching(/^The mail server and Sluice do not agree on TLS/) as string,
    });
  });
});

describe('a mail server that fails', () => {
  it('PRO-5: by hanging is hung up on', async () => {
    const server = await receiver();
    server.behave('hang');

    const outcome = await mailer(server.url, { timeoutMs: SHORT_MS }).send(MAIL);

    expect(outcome).toEqual({ kind: 'broken', detail: 'No answer of the mail server came in time' });
    await eventually('the connection is closed', () => server.sockets.every((socket) => socket.closed));
  });

  it.each([
    ['says nothing', () => undefined],
    [
      'drips a greeting for ever',
      (socket: Socket) => {
        const timer = setInterval(() => socket.write('220-x\r\n'), 20);
        socket.on('close', () => clearInterval(timer));
      },
    ],
    [
      'answers every command a little',
      (socket: Socket) => {
        socket.write('220 x\r\n');
        socket.on('data', () => {
          const timer = setInterval(() => socket.write('250-x\r\n'), 20);
          socket.on('close', () => clearInterval(timer));
        });
      },
    ],
  ])('PRO-5: and %s is hung up on', async (_how, converse) => {
    const server = await rawServer(converse);

    const outcome = await mailer(server.url, { timeoutMs: SHORT_MS }).send(MAIL);

    expect(outcome).toEqual({ kind: 'broken', detail: 'No answer of the mail server came in time' });
    await eventually('the connection is closed', () => server.sockets.every((socket) => socket.closed));
  });

  it('PRO-5: by dying in the middle of a mail is to be asked again', async () => {
    const server = await receiver();
    const { send } = mailer(server.url);
    server.behave('die');

    expect(await send({ ...MAIL, text: 'x'.repeat(1_000_000) })).toMatchObject({ kind: 'broken' });
    server.behave('take');
    expect(await send(MAIL)).toEqual({ kind: 'sent' });
    expect(server.mails).toHaveLength(1);
  });

  it('PRO-5: by not being there is to be asked again, without its user and password', async () => {
    const server = await receiver();
    await server.stop();

    const outcome = await mailer(server.url.replace('//', '//hunter2:hunter2@')).send(MAIL);

    expect(outcome).toEqual({ kind: 'broken', detail: 'The mail server refused the connection (ECONNREFUSED)' });
  });
});

describe('a mailer', () => {
  it('that is closed ends what is under way, and sends no more', async () => {
    const server = await receiver();
    server.behave('hang');
    const { send, close } = mailer(server.url);
    const sending = send(MAIL);
    await eventually('it is connected', () => server.sockets.length > 0);

    close();

    expect(await sending).toMatchObject({ kind: 'broken' });
    expect(await send(MAIL)).toEqual({ kind: 'broken', detail: 'Mail is not sent any more: the service stops' });
    expect(server.sockets).toHaveLength(1);
  });

  it('is none with settings that are none', () => {
    expect(() => mailer('https://mail.example.com')).toThrow('must be an smtp:// or smtps:// address');
    expect(() => mailer('smtp://mail.example.com', { from: 'sluice' })).toThrow('must be an e-mail address');
  });

  it('without a mail server refuses', async () => {
    expect(await createUnconfiguredMailer().send(MAIL)).toEqual({ kind: 'refused', detail: 'SMTP_URL is not set' });
  });
});
