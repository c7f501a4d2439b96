import { failureDetail } from '../failure-detail';
import type { MailOutcome } from './mailer';

/** What nodemailer says of a mail that was not sent, as far as it is used. */
export interface MailError extends NodeJS.ErrnoException {
  /** What the system said, where `code` is nodemailer's. */
  originalCode?: string | undefined;
  /** What the mail server said. */
  response?: string | undefined;
  responseCode?: number | undefined;
  /** Whether what it said holds for good. */
  permanent?: boolean | undefined;
  recipient?: string | undefined;
  /** Of the recipients that were not taken. */
  rejectedErrors?: MailError[] | undefined;
}

export const LATE: MailOutcome = { kind: 'broken', detail: 'No answer of the mail server came in time' };

/**
 * What came of a mail that failed (PRO-5). Of what the server wrote only its codes are repeated: the rest may hold
 * addresses, the mail, or the user.
 */
export function mailFailure(error: MailError, recipients: readonly string[]): MailOutcome {
  if (error.rejectedErrors !== undefined && error.rejectedErrors.length > 0) {
    return rejection(error.rejectedErrors, recipients);
  }
  if (error.code === 'EABORT' || error.code === 'ETIMEDOUT') {
    return LATE;
  }
  const codes = codesOf(error);
  return codes === '' ? withoutAnswer(error) : answered(error, codes);
}

function answered({ code, permanent }: MailError, codes: string): MailOutcome {
  const kind = permanent ? 'refused' : 'broken';
  if (code === 'EAUTH') {
    return { kind, detail: `The mail server does not take user and password of SMTP_URL (${codes})` };
  }
  return code === 'ETLS'
    ? { kind, detail: `The mail server does not begin TLS (${codes})` }
    : { kind, detail: `The mail server answered ${codes}` };
}

function withoutAnswer({ code, originalCode }: MailError): MailOutcome {
  if (code === 'EAUTH') {
    return { kind: 'refused', detail: 'The mail server offers no way to log in that Sluice knows' };
  }
  if (code === 'EMESSAGE') {
    return { kind: 'refused', detail: 'The mail is larger than the mail server takes' };
  }
  return { kind: 'broken', detail: failureDetail({ code: originalCode ?? code }, 'mail server') };
}

/**
 * What came of recipients that were not taken, beside others or alone. One that never will be decides: to send the mail
 * again would bring it to the others twice, and change nothing.
 */
export function rejection(errors: readonly MailError[], recipients: readonly string[]): MailOutcome {
  const refused = errors.filter(({ permanent }) => permanent);
  const [kind, counting] = refused.length > 0 ? (['refused', refused] as const) : (['broken', errors] as const);
  const numbers = counting.map(({ recipient = '' }) => recipients.indexOf(recipient) + 1);
  const [first] = counting;
  const codes = first === undefined ? '' : codesOf(first);
  return {
    kind,
    detail: `The mail server does not take recipient ${numbers.join(', ')} of ${recipients.length} (${codes})`,
  };
}

/** The server's code and its enhanced one (RFC 3463); empty: it did not answer. */
function codesOf({ responseCode, response = '' }: MailError): string {
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
  return responseCode === undefined ? '' : [responseCode, enhanced].filter((code) => code !== undefined).join(' ');
}
