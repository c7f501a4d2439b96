import { createAddressPolicy, faultOfUrl } from '../../../src/targets/http/address-policy';

const strict = createAddressPolicy([]);

/** The first and the last address of each block that is private, local or reserved. */
const REFUSED = [
  ['0.0.0.0', '0.255.255.255'],
  ['10.0.0.0', '10.255.255.255'],
  ['100.64.0.0', '100.127.255.255'],
  ['127.0.0.0', '127.255.255.255'],
  ['169.254.0.0', '169.254.169.254'],
  ['172.16.0.0', '172.31.255.255'],
  ['192.0.0.0', '192.0.0.255'],
  ['192.0.2.0', '192.0.2.255'],
  ['192.31.196.0', '192.31.196.255'],
  ['192.52.193.0', '192.52.193.255'],
  ['192.88.99.0', '192.88.99.255'],
  ['192.168.0.0', '192.168.255.255'],
  ['192.175.48.0', '192.175.48.255'],
  ['198.18.0.0', '198.19.255.255'],
  ['198.51.100.0', '198.51.100.255'],
  ['203.0.113.0', '203.0.113.255'],
  ['224.0.0.0', '239.255.255.255'],
  ['240.0.0.0', '255.255.255.255'],
  ['::', '::1'],
  ['::7f00:1', '::10.0.0.1'],
  ['::ffff:10.0.0.1', '::ffff:7f00:1'],
  ['::ffff:0:10.0.0.1', '64:ff9b::'],
  ['64:ff9b::10.0.0.1', '64:ff9b::8.8.8.8'],
  ['64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  ['100::', '100::ffff:ffff:ffff:ffff'],
  ['1fff:ffff::', '4000::'],
  ['2001::', '2001:1ff:ffff::'],
  ['2001:0:0a00:1::', '2001:20::1'],
  ['2001:db8::', '2001:db8:ffff::1'],
  ['2002::', '2002:0a00:0001::1'],
  ['2620:4f:8000::', '2620:4f:8000:ffff::1'],
  ['3fff::', '3fff:fff:ffff::1'],
  ['5f00::', '5f00:ffff::1'],
  ['fc00::', 'fdff:ffff::1'],
  ['fe80::1', 'febf::1'],
  ['fe80::1%eth0', 'fe80::1%1'],
  ['fec0::1', 'feff::1'],
  ['ff00::', 'ff02::1'],
] as const;

const ALLOWED = [
  ['1.1.1.1', '8.8.8.8'],
  ['1.0.0.0', '9.255.255.255'],
  ['11.0.0.0', '100.63.255.255'],
  ['100.128.0.0', '126.255.255.255'],
  ['128.0.0.0', '169.253.255.255'],
  ['169.255.0.0', '172.15.255.255'],
  ['172.32.0.0', '191.255.255.255'],
  ['192.0.1.0', '192.0.3.0'],
  ['192.167.255.255', '192.169.0.0'],
  ['198.17.255.255', '198.20.0.0'],
  ['203.0.112.255', '203.0.114.0'],
  ['223.255.255.255', '212.12.48.38'],
  ['::ffff:8.8.8.8', '::ffff:808:808'],
  ['2001:200::', '2001:4860:4860::8888'],
  ['2001:db7:ffff::1', '2001:db9::1'],
  ['2003::1', '2606:4700::1111'],
  ['2620:4f:7fff::1', '2620:4f:8001::1'],
  ['2a00:1450::1', '3fff:1000::1'],
] as const;

describe('createAddressPolicy', () => {
  it.each(REFUSED)('WHK-2: refuses %s and %s', (first, last) => {
    expect([first, last].filter((address) => strict.isAllowed(address))).toEqual([]);
  });

  it.each(ALLOWED)('WHK-2: allows %s and %s', (first, last) => {
    expect([first, last].filter((address) => !strict.isAllowed(address))).toEqual([]);
  });

  it.each([[''], ['localhost'], ['8.8.8'], ['010.8.8.8'], ['8.8.8.8:80'], ['[2606:4700::1]'], ['8.8.8.8/32']])(
    'WHK-2: refuses %p, which is no address',
    (text) => {
      expect(strict.isAllowed(text)).toBe(false);
    },
  );

  it('WHK-2: allows what the operator allows, and nothing beside it', () => {
    const policy = createAddressPolicy(['10.1.0.0/16', '192.168.0.7', 'fd00:1::/32', '::1']);

    const allowed = ['10.1.0.0', '10.1.255.255', '::ffff:10.1.2.3', '192.168.0.7', 'fd00:1::9', '::1', '8.8.8.8'];
    const refused = ['10.0.255.255', '10.2.0.0', '::ffff:10.2.0.0', '192.168.0.8', 'fd00:2::9', '::2', '127.0.0.1'];

    expect(allowed.filter((address) => !policy.isAllowed(address))).toEqual([]);
    expect(refused.filter((address) => policy.isAllowed(address))).toEqual([]);
  });

  it('WHK-2: an allowed IPv4 range opens none of the IPv6 addresses that may lead into it', () => {
    const policy = createAddressPolicy(['10.0.0.0/8']);

    const tunnels = ['64:ff9b::10.0.0.1', '2002:0a00:0001::1', '2001:0:0a00:1::', '::10.0.0.1'];

    expect(tunnels.filter((address) => policy.isAllowed(address))).toEqual([]);
  });

  it('WHK-2: all of one family allowed is not all of the other', () => {
    const anyIpv6 = createAddressPolicy(['::/0']);
    const anyIpv4 = createAddressPolicy(['0.0.0.0/0']);

    expect(['::1', 'fd00::1'].map((address) => anyIpv6.isAllowed(address))).toEqual([true, true]);
    expect(['127.0.0.1', '::ffff:127.0.0.1'].map((address) => anyIpv6.isAllowed(address))).toEqual([false, false]);
    expect(['127.0.0.1', '::ffff:127.0.0.1'].map((address) => anyIpv4.isAllowed(address))).toEqual([true, true]);
    expect(['::1', 'fd00::1'].map((address) => anyIpv4.isAllowed(address))).toEqual([false, false]);
  });
});

describe('faultOfUrl', () => {
  it.each([
    ['https://deploy.example.com/hook?of=billing'],
    ['http://deploy.example.com:8080/'],
    ['https://8.8.8.8/'],
    ['https://[2606:4700::1]/'],
    ['https://localhost/'],
    [`https://deploy.example.com/${'x'.repeat(1_973)}`],
  ])('WHK-2: finds none in %p', (url) => {
    expect(faultOfUrl(url, strict)).toBeNull();
  });

  it.each([
    ['', 'must be an http or https address'],
    ['deploy.example.com', 'must be an http or https address'],
    ['ftp://deploy.example.com/', 'must be an http or https address'],
    ['file:///etc/passwd', 'must be an http or https address'],
    ['javascript:alert(1)', 'must be an http or https address'],
    ['http://', 'must be an http or https address'],
    ['http://1.2.3.4.5/', 'must be an http or https address'],
    ['http://[::1%25eth0]/', 'must be an http or https address'],
    ['https://deploy.example.com:99999/', 'must be an http or https address'],
    ['https://ada@example.com/', 'must hold no user and no password: requests are signed'],
    ['https://:secret@example.com/', 'must hold no user and no password: requests are signed'],
    ['https://example.com/#part', 'must have no fragment'],
    ['https://example.com/#', 'must have no fragment'],
    [' https://example.com/', 'must hold no blanks and control characters'],
    ['https://exam\nple.com/', 'must hold no blanks and control characters'],
    ['https://example.com/\u0000', 'must hold no blanks and control characters'],
    [`https://deploy.example.com/${'x'.repeat(1_974)}`, 'must have at most 2000 characters'],
  ])('WHK-2: finds the one in %j', (url, fault) => {
    expect(faultOfUrl(url, strict)).toBe(fault);
  });

  it.each([
    ['http://127.0.0.1/', '127.0.0.1'],
    ['http://127.1/', '127.0.0.1'],
    ['http://127.0.0.1./', '127.0.0.1'],
    ['http://2130706433/', '127.0.0.1'],
    ['http://017700000001/', '127.0.0.1'],
    ['http://0177.0.0.01/', '127.0.0.1'],
    ['http://0x7f.1/', '127.0.0.1'],
    ['http://0x7f000001/', '127.0.0.1'],
    ['http://%31%32%37.0.0.1/', '127.0.0.1'],
    ['http://①②⑦.0.0.1/', '127.0.0.1'],
    ['http://127。0。0。1/', '127.0.0.1'],
    ['http://0/', '0.0.0.0'],
    ['http://10.0.0.7:8080/', '10.0.0.7'],
    ['http://169.254.169.254/latest/meta-data', '169.254.169.254'],
    ['http://[::1]/', '::1'],
    ['http://[::]/', '::'],
    ['http://[0:0:0:0:0:ffff:127.0.0.1]/', '::ffff:7f00:1'],
    ['http://[64:ff9b::a00:1]/', '64:ff9b::a00:1'],
    ['http://[fe80::1]/', 'fe80::1'],
  ])('WHK-2: finds a literal address that is refused in %p', (url, address) => {
    expect(faultOfUrl(url, strict)).toBe(
      `must not lead to ${address}: it is private or reserved, and not in SLUICE_ALLOW_PRIVATE_TARGETS`,
    );
  });

  it('WHK-2: finds none in a literal address that the operator allows', () => {
    const policy = createAddressPolicy(['127.0.0.0/8', '::1/128']);

    const urls = ['http://127.0.0.1:8080/', 'http://2130706433/', 'http://[::1]/', 'http://[::ffff:127.0.0.1]/'];

    expect(urls.map((url) => faultOfUrl(url, policy))).toEqual([null, null, null, null]);
  });
});
