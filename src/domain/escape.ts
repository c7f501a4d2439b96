/** Where a variable's value may land. */
export type Place = 'text' | 'html' | 'markdown' | 'mail-header' | 'http-header' | 'json' | 'form' | 'chat';

/**
 * Makes a value what it says and nothing else, in the place where it lands (VAR-4).
 *
 * - `text`: as it is, for places without markup.
 * - `html`: text and values of attributes in quotes.
 * - `markdown`: never markup, a link, an image or HTML; line breaks stay, the value stays within its paragraph. Inside
 *   code, where Markdown knows no escapes, the backslashes show.
 * - `mail-header`: one line; what sends the mail encodes it.
 * - `http-header`: one line of ASCII, everything else percent-encoded as UTF-8, as Node refuses to send it otherwise.
 * - `json`: inside the quotes of a JSON text.
 * - `form`: name or value of a field of a form that is sent URL-encoded.
 * - `chat`: text of a chat, which calls people and links by what stands in angle brackets (`<!channel>`).
 */
export const escapeFor: Readonly<Record<Place, (value: string) => string>> = {
  text: (value) => value,
  html: (value) => value.replace(/[&<>"']/g, (character) => HTML[character] ?? ''),
  markdown: escapeMarkdown,
  'mail-header': toOneLine,
  'http-header': (value) => toOneLine(value).replace(/[^\x20-\x7e]+/gu, (text) => encodeURIComponent(text)),
  json: (value) => JSON.stringify(value).slice(1, -1),
  form: (value) => new URLSearchParams([['', toWellFormed(value)]]).toString().slice(1),
  chat: (value) => value.replace(/[&<>]/g, (character) => HTML[character] ?? ''),
};

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/**
 * Characters that Markdown, or a reader that turns addresses into links by itself, could take as more than themselves.
 * Hyphens and underscores within a word and points within a number cannot: `1.4.2`, `2026-11-26` and `a_b` stay readable.
 */
const MARKUP = /[\\`*{}[\]()<>#+=|~!&:@^$]|(?<![0-9A-Za-z])[-_]|[-_](?![0-9A-Za-z])|(?<![0-9])\.|\.(?![0-9])/g;

function escapeMarkdown(value: string): string {
  return (
    toWellFormed(value)
      .replace(/\r\n|[\r\u2028\u2029]/g, '\n')
      .replace(/[^\P{Cc}\n]/gu, ' ')
      .trim()
      .split('\n')
      // Blanks at a line's ends would be code or line breaks; an empty line would end the paragraph.
      .map((line) => line.replace(/\s+/g, ' ').trim().replace(MARKUP, '\\$&'))
      .join('\\\n')
  );
}

function toOneLine(value: string): string {
  return toWellFormed(value)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
}

/** Without half surrogate pairs, which no UTF-8 can carry and `encodeURIComponent` throws at. */
function toWellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd');
}
