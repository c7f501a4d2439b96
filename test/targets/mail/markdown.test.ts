import { renderFragment, renderPage } from '../../../src/targets/mail/markdown';

/** Every tag that the samples below may become, attributes and all. */
const OURS =
  /^<(!doctype html|meta charset="utf-8"|\/?(p|pre|code)|code class="[^"<>]*"|br|a href="https:[^"<>]*"( title="[^"<>]*")?|\/a)>$/;

describe('the text of a mail', () => {
  it('VAR-4: is its Markdown, and HTML of it', () => {
    const { text, fragment } = renderFragment(
      '# Check **billing**\n\n- one\n- [two](https://example.com/?a=1&b=2)\n\n`a<b`',
    );

    expect(text).toBe('# Check **billing**\n\n- one\n- [two](https://example.com/?a=1&b=2)\n\n`a<b`');
    expect(fragment).toContain('<h1>Check <strong>billing</strong></h1>');
    expect(fragment).toContain('<a href="https://example.com/?a=1&amp;b=2">two</a>');
    expect(fragment).toContain('<code>a&lt;b</code>');
  });

  it('VAR-4: shows values without the escapes that keep them from being markup', () => {
    const { text, fragment } = renderFragment(
      '1\\. see https\\://example\\.com/?a\\=1 \\*\\\\\\* C:\\new\\\n\\# end\\',
    );

    expect(text).toBe('1. see https://example.com/?a=1 *\\* C:\\new\n# end\\');
    expect(fragment).toContain('<p>1. see https://example.com/?a=1 *\\* C:\\new<br>\n# end\\</p>');
  });

  it('VAR-4: keeps the lines that were written', () => {
    expect(renderPage('first\nsecond')).toContain('first<br>\nsecond');
  });

  it('VAR-4: has links to web pages and mailboxes', () => {
    const html = renderPage('<https://example.com/a> [b](HTTP://example.com) [c](mailto:ada@example.com)');

    expect(html.match(/href="[^"]*"/g)).toEqual([
      'href="https://example.com/a"',
      'href="HTTP://example.com"',
      'href="mailto:ada@example.com"',
    ]);
  });

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'a <b onmouseover="alert(1)">b</b>',
    '<!-- --><style>*{display:none}</style>',
    '<svg/onload=alert(1)>',
    '```"><script>alert(1)</script>\n<script>\n```',
    '[a](https://example.com "\\" onmouseover=\\"alert(1)")',
    '[a](<https://example.com/" onmouseover="alert(1)>)',
    '![<script>alert(1)</script>](https://example.com/a.png)',
  ])('VAR-4: shows markup as text: %s', (markdown) => {
    const tags = renderPage(markdown).match(/<[^>]*>/g) ?? [];

    expect(tags.filter((tag) => !OURS.test(tag))).toEqual([]);
  });

  it.each([
    '[a](javascript:alert(1))',
    '[a](JaVaScRiPt:alert(1))',
    '[a]( javascript:alert(1))',
    '[a](java&#x0A;script:alert(1))',
    '[a](&#106;avascript:alert(1))',
    '[a](\\javascript:alert(1))',
    '[a](vbscript:alert(1))',
    '[a](data:text/html;base64,PHNjcmlwdD4=)',
    '[a](data:image/png;base64,AAAA)',
    '[a](file:///etc/passwd)',
    '[a](//evil.example)',
    '[a](/releases/7)',
    '[a](https:evil)',
    '<javascript:alert(1)>',
    '[a]: javascript:alert(1)\n\n[a]',
    '![a](javascript:alert(1))',
  ])('VAR-4: leads nowhere else: %s', (markdown) => {
    expect(renderPage(markdown)).not.toContain('href');
  });

  it('VAR-4: has no pictures, which tell a stranger who reads it', () => {
    expect(renderPage('![the **plan**](https://evil.example/ada.png)')).not.toMatch(/<img|evil/);
    expect(renderPage('![the plan](https://evil.example/ada.png)')).toContain('the plan');
  });

  it('VAR-4: is not a template: braces and variables stay what they are', () => {
    expect(renderPage('#{Octopus.Project.Name} {{x}} ${y}')).toContain('#{Octopus.Project.Name} {{x}} ${y}');
  });

  // Not timed: what is not linear here takes minutes, and the test's own limit ends it.
  it.each([
    ['brackets', '['.repeat(100_000)],
    ['pairs of brackets', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['links', '[a]('.repeat(25_000)],
    ['pictures', '!['.repeat(50_000)],
    ['emphasis', '*a_b'.repeat(25_000)],
    ['quotes', '> '.repeat(50_000)],
    ['lists', '- '.repeat(50_000)],
    ['backticks', '`a'.repeat(50_000)],
    ['angles', '<'.repeat(100_000)],
    ['tables', `${'|a'.repeat(300)}\n${'|-'.repeat(300)}\n${'|\n'.repeat(40_000)}`],
    ['references', '[a]: b\n'.repeat(14_000)],
    ['entities', '&#x'.repeat(33_000)],
  ])('VAR-4: is rendered whatever it holds: 100 KB of %s', (_what, markdown) => {
    expect(renderPage(markdown)).toContain('<!doctype html>');
  });

  it('VAR-4: is whole up to 200,000 characters, and said to be shortened beyond', () => {
    const notes = 'All is well. '.repeat(8_000);

    expect(renderFragment(notes).text).toBe(notes);
    expect(renderFragment('x'.repeat(200_001)).text).toMatch(/^x{200000}\n\n\(shortened\)$/);
  });
});
