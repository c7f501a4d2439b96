import { BlockList, isIP, isIPv4 } from 'node:net';
import { quoted } from '../../domain/quoted';

/** Which addresses a webhook or the request of a step may be sent to (WHK-2). */
export interface AddressPolicy {
  /** `address` is an IP address; anything else is not allowed. */
  isAllowed(address: string): boolean;
}

/**
 * IANA's special-purpose registry for IPv4, with multicast. Blocks of which some addresses are global (192.0.0.0/24,
 * AS112, AMT) are refused as a whole: no service lives there.
 */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/**
 * Only what is handed out as global unicast counts. Everything private, and NAT64 (64:ff9b::/96), which would smuggle a
 * private IPv4 address, lies outside of it.
 */
const GLOBAL_IPV6 = ['2000::/3'];

/** Special inside of that: protocol assignments with Teredo, documentation, 6to4, AS112. Both tunnels hold IPv4 addresses. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

const IPV4_MAPPED = blockListOf(['::ffff:0:0/96']);

const LONGEST_URL = 2_000;

/**
 * Refuses everything that is private, local or reserved, but for what the operator allows (`SLUICE_ALLOW_PRIVATE_TARGETS`).
 *
 * @param allowedRanges addresses or ranges such as 10.0.0.0/8
 */
export function createAddressPolicy(allowedRanges: readonly string[]): AddressPolicy {
  // A list for each family: Node takes an IPv4 address for part of ::/0, which then would allow far more than it says.
  const allowedIpv4 = blockListOf(allowedRanges.filter((range) => familyOf(range) === 'ipv4'));
  const allowedIpv6 = blockListOf(allowedRanges.filter((range) => familyOf(range) === 'ipv6'));
  const specialIpv4 = blockListOf(SPECIAL_IPV4);
  const globalIpv6 = blockListOf(GLOBAL_IPV6);
  const specialIpv6 = blockListOf(SPECIAL_IPV6);

  return {
    isAllowed: (address) => {
      if (isIP(address) === 0) {
        return false;
      }
      const family = familyOf(address);
      if (family === 'ipv4' || IPV4_MAPPED.check(address, 'ipv6')) {
        // The lists look into a mapped address by themselves: it is the IPv4 address it holds.
        return allowedIpv4.check(address, family) || !specialIpv4.check(address, family);
      }
      return (
        allowedIpv6.check(address, family) || (globalIpv6.check(address, family) && !specialIpv6.check(address, family))
      );
    },
  };
}

/**
 * What is wrong with the address of an endpoint when it is saved (WHK-2); null: nothing. What a name leads to is only known
 * when connecting, and checked there.
 */
export function faultOfUrl(url: string, policy: AddressPolicy): string | null {
  if (url.length > LONGEST_URL) {
    return `must have at most ${LONGEST_URL} characters`;
  }
  // URL would drop these silently, and the address shown would not be the one that is used.
  if (/[\s\p{Cc}]/u.test(url)) {
    return 'must hold no blanks and control characters';
  }
  const { protocol, username, password, hostname } = URL.canParse(url) ? new URL(url) : NO_URL;
  if (protocol !== 'http:' && protocol !== 'https:') {
    return 'must be an http or https address';
  }
  if (username !== '' || password !== '') {
    return 'must hold no user and no password: requests are signed';
  }
  if (url.includes('#')) {
    return 'must have no fragment';
  }
  const literal = literalOf(hostname);
  return literal !== null && !policy.isAllowed(literal) ? faultOfAddress(literal, literal) : null;
}

/** Why a host is not connected to: what `address` it has. */
export function faultOfAddress(host: string, address: string): string {
  const whose = host === address ? address : `${address}, as ${quoted(host)} does`;
  return `must not lead to ${whose}: it is private or reserved, and not in SLUICE_ALLOW_PRIVATE_TARGETS`;
}

const NO_URL = { protocol: '', username: '', password: '', hostname: '' };

/** The address that a URL's host is already, however it was written; null: a name. */
function literalOf(hostname: string): string | null {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(address) === 0 ? null : address;
}

function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = familyOf(range);
    list.addSubnet(address, Number(bits ?? (family === 'ipv4' ? 32 : 128)), family);
  }
  return list;
}

function familyOf(range: string): 'ipv4' | 'ipv6' {
  return isIPv4(range.split('/')[0] ?? '') ? 'ipv4' : 'ipv6';
}
