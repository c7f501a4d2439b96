/** Characters of an address (RFC 5321). */
const LONGEST = 254;

const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/**
 * Whether a text is one mail address and nothing else: no name before it, no second one behind it, no line break. What
 * a recipient must be, as written or once its variables are filled in.
 */
export function isMailAddress(text: string): boolean {
  if (text.length > LONGEST) {
    return false;
  }
  const at = text.lastIndexOf('@');
  const labels = text.slice(at + 1).split('.');
  return at > 0 && at <= 64 && LOCAL.test(text.slice(0, at)) && labels.length > 1 && labels.every((l) => LABEL.test(l));
}
