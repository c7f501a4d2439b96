import type { Reference, Template } from './template';

/** All that a reference outside of quotes may become: one value that has no parts, and nothing behind it. */
const SCALAR = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/;

/** Where a JSON text has come to: within quotes or not, and how many characters its escape there still takes. */
interface Standing {
  isQuoted: boolean;
  escaped: number;
}

/**
 * Why a body written as JSON text cannot be filled in, in half a sentence that holds no value: one may be sensitive.
 * Within quotes every value is a text, escaped for it. Outside of them it could be more than one value and add members
 * that nobody wrote, so that only a number, `true`, `false` or `null` may stand there (VAR-4). Null: nothing speaks
 * against it, and each value escaped for `json` stays what it says.
 */
export function faultOfJsonText({ parts }: Template, valueOf: (name: string) => string): string | null {
  let standing: Standing = { isQuoted: false, escaped: 0 };
  for (const part of parts) {
    if (typeof part === 'string') {
      standing = standingBehind(part, standing);
      continue;
    }
    const fault = faultOf(part, standing, valueOf);
    if (fault !== null) {
      return fault;
    }
  }
  return null;
}

function faultOf({ name }: Reference, standing: Standing, valueOf: (name: string) => string): string | null {
  if (standing.escaped > 0) {
    // What begins the value would end the escape, and a quote in it the text.
    return `has #{${name}} within an escape that a backslash begins`;
  }
  return standing.isQuoted || SCALAR.test(valueOf(name))
    ? null
    : `has #{${name}} outside of quotes, and its value is not a number, true, false or null: a text needs quotes around it`;
}

function standingBehind(written: string, before: Standing): Standing {
  let { isQuoted, escaped } = before;
  let previous = '';
  for (const character of written) {
    if (escaped > 0) {
      escaped = previous === '\\' && character === 'u' ? 4 : escaped - 1;
    } else if (character === '"') {
      isQuoted = !isQuoted;
    } else if (character === '\\' && isQuoted) {
      escaped = 1;
    }
    previous = character;
  }
  return { isQuoted, escaped };
}
