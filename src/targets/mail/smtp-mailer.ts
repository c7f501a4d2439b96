import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { SECOND } from '../../domain/instant';
import { mailAddressOf } from '../../domain/mail-address';
import { LATE, mailFailure, rejection, type MailError } from './mail-failure';
import type { Mail, Mailer, MailOutcome } from './mailer';
import { readSender, readSmtpUrl, type Sender } from './smtp-settings';

export interface SmtpMailerOptions {
  /** `SMTP_URL` */
  url: string;
  /** `SMTP_FROM` */
  from: string;
  /** For all of one mail, from the look-up to the server's last answer. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 30 * SECOND;
/** How long a server may take to hang up after we have. */
const CLOSE_MS = 1 * SECOND;
/** Characters; what a person reads, and well within a line of a mail. */
const LONGEST_SUBJECT = 500;

/**
 * Mail through an SMTP server. Every mail has a connection of its own: steps send few and far between, and one that is
 * kept open would be found dead by the next mail.
 *
 * @throws when `url` or `from` is none
 */
export function createSmtpMailer({ url, from, timeoutMs = TIMEOUT_MS }: SmtpMailerOptions): Mailer {
  const { host, port, isSecure, needsTls, auth } = readSmtpUrl(url);
  const sender = readSender(from);
  const transport = createTransport({
    host,
    port,
    secure: isSecure,
    requireTLS: needsTls,
    // Not left to NODE_TLS_REJECT_UNAUTHORIZED, which is set for other things and would count here, too.
    tls: { rejectUnauthorized: true },
    ...(auth !== null && { auth }),
    // Each of these alone: a server that drips is ended by the one limit for all.
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    socketCloseTimeout: CLOSE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const underWay = new Set<AbortController>();
  let isClosed = false;

  return {
    send: async (mail) => {
      const recipients = recipientsOf(mail);
      if (!Array.isArray(recipients)) {
        return recipients;
      }
      if (isClosed) {
        return { kind: 'broken', detail: 'Mail is not sent any more: the service stops' };
      }
      const ending = new AbortController();
      const timer = setTimeout(() => ending.abort(), timeoutMs);
      underWay.add(ending);
      try {
        const { rejectedErrors = [] } = await transport.sendMail({
          ...messageOf(mail, sender, recipients),
          signal: ending.signal,
        });
        return rejectedErrors.length === 0 ? { kind: 'sent' } : rejection(rejectedErrors, recipients);
      } catch (error) {
        return ending.signal.aborted ? LATE : mailFailure(error as MailError, recipients);
      } finally {
        clearTimeout(timer);
        underWay.delete(ending);
      }
    },
    close: () => {
      isClosed = true;
      for (const ending of underWay) ending.abort();
      transport.close();
    },
  };
}

/** Each of those the mail is for, once; or why there is none to send it to. */
function recipientsOf({ to }: Mail): string[] | MailOutcome {
  const recipients = new Set<string>();
  for (const [index, text] of to.entries()) {
    const address = mailAddressOf(text);
    if (address === null) {
      return { kind: 'refused', detail: `Recipient ${index + 1} of ${to.length} is not one e-mail address` };
    }
    recipients.add(address);
  }
  return recipients.size > 0 ? [...recipients] : { kind: 'refused', detail: 'The mail has no recipient' };
}

function messageOf({ subject, text, html, messageId }: Mail, sender: Sender, recipients: string[]) {
  return {
    from: sender,
    to: recipients.map((address) => ({ name: '', address })),
    // Given, not read from the headers: nothing in a mail makes another recipient of it.
    envelope: { from: sender.address, to: recipients },
    subject: oneLine(subject),
    text,
    html,
    messageId: `<${digestOf(messageId)}@${sender.address.split('@')[1]}>`,
    // Answering machines leave it alone (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
    xMailer: false as const,
  };
}

/** A subject is a header: what would end it, or hide, is a blank (VAR-4). */
function oneLine(text: string): string {
  const line = [...text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()];
  return line.length > LONGEST_SUBJECT ? `${line.slice(0, LONGEST_SUBJECT - 1).join('')}…` : line.join('');
}

/** Stable, and an id whatever the key holds, however long. */
function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
