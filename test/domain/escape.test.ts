import fc from 'fast-check';
import MarkdownIt from 'markdown-it';
import { escapeFor, type Place } from '../../src/domain/escape';

/** More generous than anything that shows instructions: HTML passes, addresses become links by themselves. */
const markdown = new MarkdownIt({ html: true, linkify: true, breaks: false });

/** Values made of what has a meaning somewhere, and of some words. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'\\`*_{}[]()<>#+-=|~!&:@^$."\'/;?%, \t\n\r\v\f\u2028\u0000'),
      fc.constantFrom(
        '1',
        'a',
        'ab',
        '    ',
        'https://example.com',
        'www.example.com',
        'a@b.example',
        '<b>',
        '&lt;',
        '```',
      ),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => pieces.join(''));

describe('escapeFor.markdown', () => {
  it.each([
    '**bold** _it_ ~~gone~~ `code`',
    '[x](https://example.com) ![i](https://example.com/i.png)',
    'see https://example.com, www.example.com or ada@example.com',
    '<script>alert(1)</script> <b>x</b> &lt;',
    '# title',
    '- item',
    '+ item',
    '1. item',
    '1) item',
    '> quote',
    '---',
    '===',
    '```',
    '    code',
    '\tcode',
    '| a | b |',
    '\\',
    '[x]: https://example.com',
  ])('VAR-4: shows %s as it was written', (value) => {
    const text = markdown.render(escapeFor.markdown(value));

    expect(text).toBe(`<p>${escapeFor.html(value.trim()).replaceAll('&#39;', "'")}</p>\n`);
  });

  it('VAR-4: makes nothing but text and line breaks of any value, wherever it stands', () => {
    const tags = (html: string) => html.match(/<[^>]*>/g) ?? [];
    const around = fc.constantFrom(
      ['', ''],
      ['Notes: ', '\n'],
      ['', '\nafter'],
      ['> ', ''],
      ['- ', '\n- more'],
      ['a\n', ''],
    );

    fc.assert(
      fc.property(hostile, around, (value, [before, after]) => {
        const escaped = escapeFor.markdown(value);
        fc.pre(escaped !== '');

        const html = markdown.render(`${before}${escaped}${after}`);
        const plain = markdown.render(`${before}x${after}`);

        expect(tags(html).filter((tag) => tag !== '<br>')).toEqual(tags(plain));
      }),
      { numRuns: 2_000 },
    );
  });

  it('VAR-4: keeps lines apart, and all of them in one paragraph', () => {
    expect(markdown.render(`Notes: ${escapeFor.markdown('\n one\r\n\r\n  two\n')}\nafter`)).toBe(
      '<p>Notes: one<br>\n<br>\ntwo\nafter</p>\n',
    );
  });

  it('VAR-4: leaves versions, dates and words readable', () => {
    const readable = 'Version 1.4.2 of 2026-11-26, run build-and-test by grace_h; all "fine", 100%?';

    expect(escapeFor.markdown(readable)).toBe(readable);
  });

  it('VAR-4: an address can still be what a template links to', () => {
    const address = 'https://ci.example.com/runs/42?a=b_c&d=(e)';

    expect(markdown.render(`[the run](${escapeFor.markdown(address)})`)).toContain(
      'href="https://ci.example.com/runs/42?a=b_c&amp;d=(e)"',
    );
  });
});

describe('escapeFor', () => {
  it('VAR-4: makes a value text of HTML, in attributes too', () => {
    expect(escapeFor.html(`<a href="x" title='y'>&amp;`)).toBe(
      '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;',
    );
  });

  it.each<Place>(['mail-header', 'http-header'])('VAR-4: lets no value begin another line of a %s', (place) => {
    const value = '\r\nBcc: eve@example.com\u0000\n\nx\u2028y\u0085\t';

    expect(escapeFor[place](value)).toBe('Bcc: eve@example.com x y');
  });

  it('VAR-4: a header over HTTP is ASCII, and takes half a character', () => {
    expect(escapeFor['http-header']('Grüße 😀 100% \ud800')).toBe('Gr%C3%BC%C3%9Fe %F0%9F%98%80 100% %EF%BF%BD');
    expect(escapeFor['mail-header']('Grüße 😀')).toBe('Grüße 😀');
  });

  it('VAR-4: stays inside the quotes of a JSON text', () => {
    fc.assert(
      fc.property(hostile, (value) => {
        expect(JSON.parse(`{"a":"${escapeFor.json(value)}"}`)).toEqual({ a: value });
      }),
    );
  });

  it('VAR-4: stays the value of one field of a form', () => {
    expect(escapeFor.form('1&admin=true')).toBe('1%26admin%3Dtrue');
    fc.assert(
      fc.property(hostile, (value) => {
        expect([...new URLSearchParams(`a=${escapeFor.form(value)}&b=1`)]).toEqual([
          ['a', value],
          ['b', '1'],
        ]);
      }),
    );
    expect(escapeFor.form('\ud800')).toBe('%EF%BF%BD');
  });

  it('VAR-4: calls nobody in a chat and links to nothing', () => {
    expect(escapeFor.chat('<!channel> & <https://eve.example|here> *done*')).toBe(
      '&lt;!channel&gt; &amp; &lt;https://eve.example|here&gt; *done*',
    );
  });

  it('VAR-4: leaves plain text alone', () => {
    expect(escapeFor.text('<b> #{A} \r\n')).toBe('<b> #{A} \r\n');
  });

  it.each<Place>(['text', 'html', 'markdown', 'mail-header', 'http-header', 'json', 'form', 'chat'])(
    'VAR-4: a long value does not take long as %s',
    (place) => {
      for (const piece of [' ', '\n', '\\', '-', '.', '<', '\ud800', '\r', '\t\n']) {
        expect(escapeFor[place](`a${piece.repeat(300_000)}b`).length).toBeGreaterThan(1);
      }
    },
  );
});
