import { escapeFor } from '../../src/domain/escape';
import { faultOfJsonText } from '../../src/domain/json-text';
import { parseTemplate, renderTemplate } from '../../src/domain/template';

const faultWith = (body: string, value: string) => faultOfJsonText(parseTemplate(body), () => value);

/** The body as it is sent. */
function sent(body: string, value: string): unknown {
  const rendered = renderTemplate(parseTemplate(body), () => value, escapeFor.json);
  return JSON.parse('text' in rendered ? rendered.text : '');
}

describe('a body that is JSON text', () => {
  it.each(['0', '-0', '17', '-1.50', '1e9', '2E-3', '6.02e+23', 'true', 'false', 'null'])(
    'VAR-4: takes %s outside of quotes, as what it is',
    (value) => {
      const body = '{"count": #{N}, "all": [#{N}]}';

      expect(faultWith(body, value)).toBeNull();
      expect(sent(body, value)).toEqual({ count: JSON.parse(value), all: [JSON.parse(value)] });
    },
  );

  it.each([
    '0, "x": []',
    '0}',
    '"text"',
    'text',
    '{}',
    '[]',
    '',
    ' 1',
    '1\n',
    '1 2',
    '01',
    '+1',
    '.5',
    '1.',
    '0x10',
    'NaN',
    'Infinity',
    'True',
    'nullnull',
    '\u0661',
  ])('VAR-4: refuses %j outside of quotes, by its name', (value) => {
    expect(faultWith('{"count": #{N}}', value)).toBe(
      'has #{N} outside of quotes, and its value is not a number, true, false or null: a text needs quotes around it',
    );
  });

  it.each([
    '{"a": "#{N}"}',
    '{"a": "say \\"#{N}\\" to it"}',
    '{"a": "\\\\#{N}"}',
    '{"a\\\\": "#{N}"}',
    '{"a": "\\u0041#{N}"}',
    '{"a": "\\\\u#{N}"}',
    '{"#{N}": 1, "b": ["x", "#{N}#{N}"]}',
  ])('VAR-4: takes any value within quotes: %s', (body) => {
    const value = '0", "x": ["\\';

    expect(faultWith(body, value)).toBeNull();
    expect(JSON.stringify(sent(body, value))).toContain(JSON.stringify(value).slice(1, -1));
  });

  it.each(['{"a": "\\"", "b": #{N}}', '{"a": "\\\\", "b": #{N}}', '{"a": "#{M}", "b": #{N}}', '#{N}', '[#{N}'])(
    'VAR-4: knows where the quotes end: %s',
    (body) => {
      expect(faultWith(body, 'x"y')).toContain('has #{N} outside of quotes');
    },
  );

  it.each(['{"a": "\\#{N}"}', '{"a": "\\u#{N}"}', '{"a": "\\u000#{N}"}', '{"a": "\\\\\\#{N}"}'])(
    'VAR-4: fills in nothing that a backslash would change: %s',
    (body) => {
      expect(faultWith(body, '"')).toBe('has #{N} within an escape that a backslash begins');
    },
  );
});
