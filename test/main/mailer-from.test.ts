import { mailerFrom } from '../../src/main/mailer-from';
import { readSettings } from '../../src/main/settings';
import { startSmtpReceiver } from '../support/smtp-receiver';

const MAIL = { to: ['ada@example.com'], subject: 'Hello', text: 'Hello', html: '<p>Hello</p>', messageId: 'the/key' };

describe('the mailer of the settings', () => {
  it('sends through SMTP_URL from SMTP_FROM', async () => {
    const server = await startSmtpReceiver();
    const mailer = mailerFrom(readSettings({ SMTP_URL: server.url, SMTP_FROM: 'Sluice <sluice@example.com>' }));

    const outcome = await mailer.send(MAIL);

    mailer.close();
    await server.stop();
    expect(outcome).toEqual({ kind: 'sent' });
    expect(server.mails).toMatchObject([{ from: 'sluice@example.com', to: ['ada@example.com'], subject: 'Hello' }]);
  });

  it('refuses without SMTP_URL', async () => {
    const mailer = mailerFrom(readSettings({}));

    expect(await mailer.send(MAIL)).toEqual({ kind: 'refused', detail: 'SMTP_URL is not set' });
    expect(() => mailer.close()).not.toThrow();
  });
});
