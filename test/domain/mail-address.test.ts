import { mailAddressOf } from '../../src/domain/mail-address';

describe('a mail address', () => {
  it.each([
    ['ada@example.com', 'ada@example.com'],
    ["grace.o'hara+shop@mail.example.com", "grace.o'hara+shop@mail.example.com"],
    ['olga@localhost', 'olga@localhost'],
    ['olga@bücher.example', 'olga@xn--bcher-kva.example'],
    ['olga@bücher\u3002example', 'olga@xn--bcher-kva.example'],
    [`ada@${'a'.repeat(63)}.example.com`, `ada@${'a'.repeat(63)}.example.com`],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('is %j', (text, address) => {
    expect(mailAddressOf(text)).toBe(address);
  });

  it.each([
    '',
    ' ada@example.com',
    'ada@example.com ',
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
    'ada@exam\nple.com',
    'ada@exam\tple.com',
    'ada@exam\u2028ple.com',
    'ada@ex%61mple.com',
    'ada@example.com/x',
    'ada@example.com:25',
    'ada@example.com?cc=eve',
    'ada@exam_ple.com',
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
    'ada@0x7f.1',
    'ada@\uFF11.\uFF12',
    'ada@example.1',
    'ada@example..com',
    'ada@example.com.',
    'ada@-example.com',
    '.ada@example.com',
    'ada..b@example.com',
    'größe@example.com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a'.repeat(64)}.com`,
    `ada@${'a.'.repeat(130)}com`,
    `ada@${'ü.'.repeat(60)}com`,
  ])('is not %j', (text) => {
    expect(mailAddressOf(text)).toBeNull();
  });

  it('is none, and soon found to be none, however long the text', () => {
    expect(mailAddressOf('a.'.repeat(1_000_000))).toBeNull();
    expect(mailAddressOf(`${'a.'.repeat(30)}!@${'a-'.repeat(1_000_000)}`)).toBeNull();
  });
});
