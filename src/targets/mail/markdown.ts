import MarkdownIt from 'markdown-it';

/** Characters of Markdown that are rendered; markup makes ten times as much of them. */
const LONGEST = 200_000;
const SHORTENED = '\n\n(shortened)';

/** Addresses that a link may lead to. Others run code (`javascript:`), or lead nowhere from a mail (`/releases/7`). */
const LINKED = /^(https?:\/\/|mailto:)/i;

const renderer = createRenderer();

/**
 * The two forms of a mail's text, which is Markdown: itself, and HTML. The HTML holds only what Markdown can say: markup
 * in the text is shown as text, there are no pictures (they would tell a stranger who reads it), and links lead to web
 * pages and mailboxes (VAR-4).
 */
export function renderMarkdown(markdown: string): { text: string; html: string } {
  const text = markdown.length > LONGEST ? markdown.slice(0, LONGEST) + SHORTENED : markdown;
  return { text, html: `<!doctype html>\n<meta charset="utf-8">\n${renderer.render(text)}` };
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
