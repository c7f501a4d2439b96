import { LONGEST_RENDERED, parseTemplate, referencesIn, renderTemplate } from '../../src/domain/template';

const asIs = (value: string) => value;
const render = (text: string, values: Record<string, string> = {}, escape = asIs) =>
  renderTemplate(parseTemplate(text), (name) => values[name] ?? `<${name}>`, escape);

describe('parseTemplate', () => {
  it('VAR-3: names the variables of a text in order, each with its place', () => {
    const template = parseTemplate('#{A}: look at #{Octopus.Release.Id}, then #{A}');

    expect(template.faults).toEqual([]);
    expect(referencesIn(template)).toEqual([
      { name: 'A', position: 0 },
      { name: 'Octopus.Release.Id', position: 14 },
      { name: 'A', position: 42 },
    ]);
  });

  it('PRO-9: takes a step’s name with whatever it may hold', () => {
    const names = ['a } b', '{x}', 'Prüfen: #1', 'a }'].map((step) => `Octopus.Action[${step}].Output.Manual.Notes`);

    const references = referencesIn(parseTemplate(names.map((name) => `#{${name}}`).join('}')));

    expect(references.map(({ name }) => name)).toEqual(names);
  });

  it.each([
    ['#{', [0]],
    ['a #{B', [2]],
    ['#{A #{B}', [0]],
    ['#{Action[a}', [0]],
    ['#{#{A}}', [0]],
    ['#{} #{ }', [0, 4]],
  ])('VAR-3: finds what is wrong with %s', (text, positions) => {
    expect(parseTemplate(text).faults.map(({ position }) => position)).toEqual(positions);
  });

  it.each(['', '#', '{A}', '# {A}', '${A}', '}', '[', '{{A}}'])('VAR-3: finds no variable in %s', (text) => {
    expect(parseTemplate(text)).toEqual({ parts: text === '' ? [] : [text], faults: [] });
  });

  it.each(['#{', '#{[', '#', '#{A', '[#{', '#{}', '#{A]'])(
    'VAR-3: reads a million characters of %s at once',
    (text) => {
      const hostile = text.repeat(1_000_000 / text.length);

      const { parts } = parseTemplate(hostile);

      expect(parts.map((part) => (typeof part === 'string' ? part : `#{${part.name}}`)).join('')).toBe(hostile);
    },
  );
});

describe('renderTemplate', () => {
  it('VAR-4: puts values in, and never expands them again', () => {
    expect(render('#{A}-#{B}-#{A}', { A: '#{B}', B: '#{A' })).toEqual({ text: '#{B}-#{A-#{B}' });
  });

  it('VAR-4: a value and the text around it do not make a variable together', () => {
    expect(render('#{A}{B}', { A: '#', B: 'b' })).toEqual({ text: '#{B}' });
  });

  it('VAR-4: escapes values, and not the template', () => {
    expect(render('<b>#{A}</b>', { A: 'x' }, (value) => `[${value}]`)).toEqual({ text: '<b>[x]</b>' });
  });

  it('VAR-3: leaves what is no variable as it is', () => {
    expect(render('a #{B, $& ${A')).toEqual({ text: 'a #{B, $& ${A' });
  });

  it.each(['$&', '$1', '$$', '\\', '__proto__'])('VAR-4: takes the value %s literally', (value) => {
    expect(render('<#{A}>', { A: value })).toEqual({ text: `<${value}>` });
  });

  it('VAR-4: gives up before a few lines fill the memory', () => {
    const template = '#{A}'.repeat(5_000);

    expect(render(template, { A: 'x'.repeat(LONGEST_RENDERED / 5_000) })).toMatchObject({ text: expect.anything() });
    expect(render(template, { A: 'x'.repeat(64_000) })).toEqual({
      fault: `has more than ${LONGEST_RENDERED} characters with its variables filled in`,
    });
  });
});
