import type { Mailer } from '../targets/mail/mailer';
import { createSmtpMailer } from '../targets/mail/smtp-mailer';
import { createUnconfiguredMailer } from '../targets/mail/unconfigured-mailer';
import type { Settings } from './settings';

/** How this process sends mail, as its settings say; whoever asks closes it. */
export function mailerFrom({ smtp }: Pick<Settings, 'smtp'>): Mailer {
  return smtp === undefined ? createUnconfiguredMailer() : createSmtpMailer(smtp);
}
