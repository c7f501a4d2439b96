import { readSender, readSmtpUrl } from '../../../src/targets/mail/smtp-settings';

describe('SMTP_URL', () => {
  it.each([
    ['smtp://mail.example.com', { host: 'mail.example.com', port: 587, isSecure: false, needsTls: false, auth: null }],
    ['smtps://mail.example.com/', { port: 465, isSecure: true, needsTls: false }],
    ['smtp://[::1]:2525', { host: '::1', port: 2525 }],
    ['smtps://ada%40example.com:p%3Ass@mail.example.com', { auth: { user: 'ada@example.com', pass: 'p:ss' } }],
  ])('is read: %s', (url, server) => {
    expect(readSmtpUrl(url)).toMatchObject(server);
  });

  it.each([
    ['smtp://u:p@mail.example.com', true],
    ['smtps://u:p@mail.example.com', false],
    ['smtp://u:p@localhost', false],
    ['smtp://u:p@127.0.0.1', false],
    ['smtp://mail.example.com', false],
  ])('shows no password to whoever stands in between: %s needs TLS to begin: %p', (url, needsTls) => {
    expect(readSmtpUrl(url).needsTls).toBe(needsTls);
  });

  it.each([
    'hunter2',
    'smtp:',
    'smtp:hunter2',
    'https://mail.example.com',
    'smtp://u:hunter2@',
    'smtp://hunter2@mail.example.com',
    'smtp://:hunter2@mail.example.com',
    'smtp://u:hunter2%@mail.example.com',
    'smtp://u:hunter2@mail.example.com/path',
    'smtp://u:hunter2@mail.example.com?logger=true',
    'smtp://u:hunter2@mail.example.com#hunter2',
    'smtp://u:hunter2@mail.example.com:70000',
  ])('is refused in one line that repeats nothing of it: %s', (url) => {
    expect(() => readSmtpUrl(url)).toThrow(/^must [^\n]+$/);
    expect(() => readSmtpUrl(url)).not.toThrow(/hunter2/);
  });
});

describe('SMTP_FROM', () => {
  it.each([
    ['sluice@example.com', { name: '', address: 'sluice@example.com' }],
    ['Sluice <sluice@example.com>', { name: 'Sluice', address: 'sluice@example.com' }],
    ['"Sluice, Größe" <sluice@example.com>', { name: 'Sluice, Größe', address: 'sluice@example.com' }],
  ])('is read: %s', (text, sender) => {
    expect(readSender(text)).toEqual(sender);
  });

  it.each([
    'sluice',
    'Sluice <sluice>',
    'a@example.com, b@example.com',
    'S\r\nBcc: x <a@example.com>',
    '<>',
    'a <b> <c@d>',
  ])('is refused: %j', (text) => {
    expect(() => readSender(text)).toThrow(/^must [^\n]+$/);
  });
});
