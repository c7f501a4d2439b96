import MarkdownIt from 'markdown-it';

/** Characters of Markdown that are rendered; markup makes ten times as much of them. */
const LONGEST = 200_000;
const SHORTENED = '\n\n(shortened)';

/** Addresses that a link may lead to. Others run code (`javascript:`), or lead nowhere from a mail (`/releases/7`). */
const LINKED = /^(https?:\/\/|mailto:)/i;

const renderer = createRenderer();

/** A backslash before punctuation, or at the end of a line: Markdown's way to say that nothing is meant by it. */
const ESCAPE = /\\([!-/:-@[-`{-~]|(?=\n))/g;

/**
 * The two forms of Markdown that is a part of a mail: itself without its escapes, as a value in it (an address, a version)
 * is there to be read and copied where no markup can come of it, and HTML, a part of a page. The HTML holds only what
 * Markdown can say: markup in the text is shown as text, there are no pictures (they would tell a stranger who reads it),
 * and links lead to web pages and mailboxes (VAR-4).
 */
export function renderFragment(markdown: string): { text: string; fragment: string } {
  const shown = markdown.length > LONGEST ? markdown.slice(0, LONGEST) + SHORTENED : markdown;
  return { text: shown.replace(ESCAPE, '$1'), fragment: renderer.render(shown) };
}

/** The HTML alone, for a mail that is nothing but this Markdown. */
export function renderPage(markdown: string): string {
  return `<!doctype html>\n<meta charset="utf-8">\n${renderFragment(markdown).fragment}`;
}

function createRenderer(): MarkdownIt.MarkdownIt {
  const markdownIt = new MarkdownIt({
    html: false,
    // Mail programs make links of bare addresses by themselves; guessing more of them links what nobody meant.
    linkify: false,
    // What was written on lines of its own, notes or an address, stays there.
    breaks: true,
  });
  markdownIt.validateLink = (url) => LINKED.test(url);
  markdownIt.renderer.rules['image'] = (tokens, index) => markdownIt.utils.escapeHtml(tokens[index]?.content ?? '');
  return markdownIt;
}
