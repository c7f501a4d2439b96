import { mailAddressOf } from '../../../src/targets/mail/mail-address';

describe('a mail address', () => {
  it.each([
    ['ada@example.com', 'ada@example.com'],
    [' ada@example.com ', 'ada@example.com'],
    ["grace.o'hara+shop@mail.example.com", "grace.o'hara+shop@mail.example.com"],
    ['olga@localhost', 'olga@localhost'],
    ['olga@bücher.example', 'olga@xn--bcher-kva.example'],
  ])('is %j', (text, address) => {
    expect(mailAddressOf(text)).toBe(address);
  });

  it.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@@example.com',
    'ada@example.com,eve@example.com',
    'ada@example.com;eve@example.com',
    'ada@example.com eve@example.com',
    'ada@example.com\r\nRCPT TO:<eve@example.com>',
    'ada@example.com\nBcc: eve@example.com',
    'ada\u0000@example.com',
    'team:ada@example.com;',
    'Ada <ada@example.com>',
    '<ada@example.com>',
    '"ada"@example.com',
    '"eve@example.com,x"@example.com',
    'eve@evil.example(@example.com',
    'ada@example.com>',
    'ada@ex\uFF0Cample.com',
    'ada@[127.0.0.1]',
    'ada@127.0.0.1',
    'ada@1.2',
    'ada@example..com',
    'ada@-example.com',
    '.ada@example.com',
    'ada..b@example.com',
    'größe@example.com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a.'.repeat(130)}com`,
  ])('is not %j', (text) => {
    expect(mailAddressOf(text)).toBeNull();
  });

  it('is none, and soon found to be none, however long the text', () => {
    expect(mailAddressOf('a.'.repeat(1_000_000))).toBeNull();
    expect(mailAddressOf(`${'a.'.repeat(30)}!@${'a-'.repeat(1_000_000)}`)).toBeNull();
  });
});
