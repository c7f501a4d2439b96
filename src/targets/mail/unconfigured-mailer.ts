import type { Mailer } from './mailer';

/** Stands where no mail server is set: whoever wants to send mail is told so, at once. */
export function createUnconfiguredMailer(): Mailer {
  return {
    send: () => Promise.resolve({ kind: 'refused', detail: 'SMTP_URL is not set' }),
    close: () => undefined,
  };
}
