import { domainToASCII } from 'node:url';

/** What a mailbox's name may be without quotes (RFC 5322, dot-atom). Others exist, and are written to divert mail. */
const LOCAL_PART = /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
const DOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;
const LONGEST_LOCAL_PART = 64;
const LONGEST = 254;

/**
 * One address as it goes to a mail server, its domain in ASCII; null: the text is none, or more than one. What is checked
 * here holds no comma, bracket, quote or line break: it adds no recipient and no header, wherever it is put (VAR-4).
 */
export function mailAddressOf(text: string): string | null {
  const [localPart = '', host = '', ...rest] = text.trim().split('@');
  if (rest.length > 0 || localPart.length > LONGEST_LOCAL_PART || !LOCAL_PART.test(localPart)) {
    return null;
  }
  // What Node answers for others is empty, or an address of a machine: 1.2 becomes 1.0.0.2.
  const domain = /^[\d.]*$/.test(host) ? '' : domainToASCII(host);
  const address = `${localPart}@${domain}`;
  return DOMAIN.test(domain) && address.length <= LONGEST ? address : null;
}
