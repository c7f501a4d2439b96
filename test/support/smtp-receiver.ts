import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

/** One mail as it arrived. */
export interface ReceivedMail {
  /** Of the envelope: what decides who gets it. */
  from: string;
  to: string[];
  /** Names in lower case, folded lines put together, encoded words read. */
  headers: Record<string, string>;
  subject: string;
  text: string;
  html: string;
  /** As it came over the wire. */
  raw: string;
}

/** What the server does with a mail or a command; `code` as in SMTP, with a text of the server's. */
export type MailBehaviour =
  | 'take'
  /** Takes it, and never says so. */
  | 'take-silently'
  /** Never answers the mail. */
  | 'hang'
  /** Hangs up in the middle of the mail. */
  | 'die'
  /** Answers the mail itself, having read it. */
  | { code: number; text?: string }
  /** Answers one recipient. */
  | { code: number; recipient: string };

/** A mail server on the loopback interface that behaves as told, and keeps what it got. */
export interface SmtpReceiver {
  port: number;
  /** As SMTP_URL has it, without user. */
  url: string;
  /** In order of arrival; one that was not taken is not among them. */
  mails: ReceivedMail[];
  /** Of every connection that was made. */
  sockets: Socket[];
  /** From the next mail on. At first: `take`. */
  behave(behaviour: MailBehaviour): void;
  /** Ends it, whatever it is doing; repeating it is fine. */
  stop(): Promise<void>;
}

export interface SmtpReceiverOptions {
  /** Whoever does not say these is not served. */
  login?: { user: string; pass: string };
  /** Offers to begin TLS, with a certificate that nobody vouches for. */
  tls?: { key: Buffer; cert: Buffer };
}

export async function startSmtpReceiver({ login, tls }: SmtpReceiverOptions = {}): Promise<SmtpReceiver> {
  const mails: ReceivedMail[] = [];
  const sockets: Socket[] = [];
  let behaviour: MailBehaviour = 'take';
  let isStopped = false;

  const server = new SMTPServer({
    ...tls,
    disabledCommands: [...(login ? [] : ['AUTH']), ...(tls ? [] : ['STARTTLS'])],
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    logger: false,
    onAuth: ({ username, password }, _session, answer) =>
      username === login?.user && password === login?.pass
        ? answer(null, { user: username })
        : answer(failure(535, '5.7.8 no such user as hunter2')),
    onRcptTo: ({ address }, _session, answer) =>
      typeof behaviour === 'object' && 'recipient' in behaviour && behaviour.recipient === address
        ? answer(failure(behaviour.code, `no ${address} here`))
        : answer(),
    onData: (stream, session, answer) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => {
        parts.push(part);
        if (behaviour === 'die') sockets.at(-1)?.destroy();
      });
      stream.on('end', () => {
        if (behaviour === 'hang' || behaviour === 'die') return;
        if (typeof behaviour === 'object' && !('recipient' in behaviour)) {
          answer(failure(behaviour.code, behaviour.text ?? 'not now'));
          return;
        }
        mails.push(readMail(Buffer.concat(parts).toString('latin1'), session));
        if (behaviour === 'take-silently') return;
        answer();
      });
    },
  });
  // Clients that hang up in the middle are what some tests are about.
  server.on('error', () => undefined);
  const listening = server.listen(0, '127.0.0.1');
  listening.on('connection', (socket: Socket) => void sockets.push(socket));
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;

  return {
    port,
    url: `smtp://127.0.0.1:${port}`,
    mails,
    sockets,
    behave: (next) => {
      behaviour = next;
    },
    stop: async () => {
      if (isStopped) return;
      isStopped = true;
      const closed = new Promise<void>((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function failure(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

function readMail(raw: string, { envelope }: SMTPServerSession): ReceivedMail {
  const { headers, body } = readPart(raw);
  const [, boundary = ''] = /boundary="?([^";]+)"?/.exec(headers['content-type'] ?? '') ?? [];
  const parts = boundary === '' ? [{ headers, body }] : body.split(`--${boundary}`).slice(1, -1).map(partOf);
  const bodyOf = (type: string) => {
    const part = parts.find((one) => (one.headers['content-type'] ?? 'text/plain').startsWith(type));
    return part === undefined ? '' : decoded(part);
  };
  return {
    from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
    to: envelope.rcptTo.map(({ address }) => address),
    headers,
    subject: headers['subject'] ?? '',
    text: bodyOf('text/plain'),
    html: bodyOf('text/html'),
    raw,
  };
}

/** What stands between two boundaries: a line break after the first and before the second belongs to neither. */
function partOf(between: string) {
  return readPart(between.replace(/^\r\n/, '').replace(/\r\n$/, ''));
}

function readPart(raw: string): { headers: Record<string, string>; body: string } {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = lines.map((line) => {
    const [name = '', ...value] = line.split(':');
    return [name.toLowerCase(), wordsOf(value.join(':').trim())] as const;
  });
  return { headers: Object.fromEntries(headers), body: raw.slice(end + 4) };
}

/** Encoded words (RFC 2047); the blank between two of them is none. */
function wordsOf(value: string): string {
  return value.replace(/\?=\s+=\?/g, '?==?').replace(/(=\?utf-8\?([QB])\?([^?]*)\?=)+/gi, (words) => {
    const bytes = [...words.matchAll(/=\?utf-8\?([QB])\?([^?]*)\?=/gi)].map(([, kind = '', text = '']) =>
      kind.toUpperCase() === 'B' ? Buffer.from(text, 'base64') : quotedPrintable(text.replaceAll('_', ' ')),
    );
    return Buffer.concat(bytes).toString();
  });
}

function decoded({ headers, body }: { headers: Record<string, string>; body: string }): string {
  switch (headers['content-transfer-encoding']) {
    case 'base64':
      return Buffer.from(body, 'base64').toString();
    case 'quoted-printable':
      return quotedPrintable(body.replace(/=\r\n/g, '')).toString();
    default:
      return Buffer.from(body, 'latin1').toString();
  }
}

function quotedPrintable(text: string): Buffer {
  const bytes = text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1');
}
