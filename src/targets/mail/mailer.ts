/** One mail to one or more people, ready to be sent. */
export interface Mail {
  /** Addresses, each checked to be one. */
  to: readonly string[];
  subject: string;
  text: string;
  html: string;
  /** The same on every retry, so that a receiver can drop repetitions. */
  messageId: string;
}

/** What came of a mail. `refused`: the server will not take it, now or later. `broken`: worth another try. */
export type MailOutcome = { kind: 'sent' } | { kind: 'refused'; detail: string } | { kind: 'broken'; detail: string };

/** Mail as Sluice sends it (`SMTP_URL`, `SMTP_FROM`). */
export interface Mailer {
  /** Never throws for what server or network do: that is an outcome. */
  send(mail: Mail): Promise<MailOutcome>;
  close(): void;
}
