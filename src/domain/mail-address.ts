/** What a mailbox's name may be without quotes (RFC 5322, dot-atom). Others exist, and are written to divert mail. */
const LOCAL_PART = /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
/** As it is written: of ASCII only what names of machines hold. What reads it next would take out, or decode, others. */
const HOST = /^[a-z0-9.\u0080-\u{10ffff}-]+$/iu;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
/** Characters (RFC 5321). */
const LONGEST_LOCAL_PART = 64;
const LONGEST = 254;

/**
 * One address as it goes to a mail server, its domain in ASCII; null: the text is none, or is more than one. The one
 * judgement of addresses: of what is saved and of what is sent. What passes holds no comma, bracket, quote or line break:
 * it adds no recipient and no header, wherever it is put (VAR-4).
 */
export function mailAddressOf(text: string): string | null {
  const [localPart = '', host = '', ...rest] = text.length > LONGEST ? [] : text.split('@');
  if (rest.length > 0 || localPart.length > LONGEST_LOCAL_PART || !LOCAL_PART.test(localPart)) {
    return null;
  }
  const domain = asciiOf(host);
  const address = `${localPart}@${domain}`;
  return domain !== null && address.length <= LONGEST ? address : null;
}

function asciiOf(host: string): string | null {
  if (!HOST.test(host) || !URL.canParse(`http://${host}`)) {
    return null;
  }
  // A point of another script is one only now; and what ends in a number became an address of a machine: 1.2 is 1.0.0.2.
  const domain = new URL(`http://${host}`).hostname;
  const labels = domain.split('.');
  return labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '') ? domain : null;
}
