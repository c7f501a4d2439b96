import fc from 'fast-check';
import { evaluateExpression } from '../../src/expressions/evaluate-expression';

const values = new Map([
  ['Region', 'eu'],
  ['Count', '7'],
  ['Empty', ''],
  ['Secret', 'hunter2'],
  ['Octopus.Action[Check].Output.Manual.Approved', 'True'],
]);
const ask = (expression: string, asked: ReadonlyMap<string, string> = values) => evaluateExpression(expression, asked);

describe('evaluateExpression', () => {
  it.each([
    ['vars["Region"] == "eu"', true],
    ['vars["Region"] != "eu"', false],
    ['int(vars["Count"]) > 6 && int(vars["Count"]) < 8', true],
    ['double(vars["Count"]) / 2.0 == 3.5', true],
    ['9223372036854775807 - int(vars["Count"]) == 9223372036854775800', true],
    ['vars["Action[Check].Output.Manual.Approved"] == "True"', true],
    ['vars["Octopus.Action[Check].Output.Manual.Approved"] == vars["Action[Check].Output.Manual.Approved"]', true],
    ['bool(vars["Action[Check].Output.Manual.Approved"])', true],
    ['vars["Empty"] == "" && size(vars["Region"]) == 2', true],
    ['vars["Region"] in ["us", "ap"]', false],
    ['int("-5") < 0 && int("+5") == 5 && int(-1.5) == -1', true],
    // As CEL has it: what one side decides, the other cannot spoil.
    ['int(vars["Region"]) > 1 || vars["Region"] == "eu"', true],
  ])('PRO-3: answers %s with %s', (expression, value) => {
    expect(ask(expression)).toEqual({ kind: 'answer', value });
  });

  it.each([
    ['int(vars["Region"]) > 1', 'is not given a whole number'],
    ['int(vars["Empty"]) == 0', 'is not given a whole number'],
    ['int("0x10") == 16', 'is not given a whole number'],
    ['int("1e3") == 1000', 'is not given a whole number'],
    ['int("99999999999999999999") > 1', 'is not given a whole number'],
    ['int(1e300) > 1', 'is not given a whole number'],
    ['double(vars["Empty"]) > 1.0', 'is not given a number'],
    ['bool(vars["Region"])', 'is given neither true nor false'],
    ['1 / int("0") == 1', 'divides by zero'],
    ['1 % int("0") == 1', 'divides by zero'],
    ['9223372036854775807 * int(vars["Count"]) > 1', 'is beyond what a number can be'],
  ])('PRO-3: says why %s has no answer', (expression, what) => {
    expect(ask(expression)).toEqual({ kind: 'failed', detail: expect.stringContaining(what) });
  });

  it('VAR-3: says which variable does not exist any more', () => {
    expect(ask('vars["Gone"] == ""')).toEqual({
      kind: 'failed',
      detail: 'it names the variable "Gone", which does not exist here',
    });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'size', 'get'])(
    'PRO-3: knows no variable %s that nobody has set',
    (name) => {
      expect(ask(`vars["${name}"] == ""`).kind).toBe('failed');
      expect(ask(`vars["${name}"] == "x"`, new Map([[name, 'x']]))).toEqual({ kind: 'answer', value: true });
    },
  );

  it.each(['', 'true ? 1 : 2', 'vars["Region"]', '"a".matches("b")', '('.repeat(1_000), 'x'.repeat(100_000)])(
    'PRO-3: fails, and does not throw, where no expression is: %s',
    (expression) => {
      expect(ask(expression)).toEqual({ kind: 'failed', detail: expect.stringMatching(/^it must /) });
    },
  );

  it.each(['int', 'double', 'bool'])('VAR-4: says nothing of the value that %s() cannot read', (name) => {
    const asked = name === 'bool' ? 'bool(vars["Secret"])' : `${name}(vars["Secret"]) == ${name}("1")`;

    expect(JSON.stringify(ask(asked))).toContain('failed');
    expect(JSON.stringify(ask(asked))).not.toContain('hunter2');
  });

  it('PRO-3: fails with more text than it can be quick about', () => {
    const large = new Map([['A', 'x'.repeat(128 * 1024)]]);

    expect(ask('vars["A"] + vars["A"] == ""', large)).toEqual({ kind: 'answer', value: false });
    expect(ask('vars["A"] + vars["A"] + vars["A"] == ""', large)).toMatchObject({ kind: 'failed' });
  });

  it.each([
    ['a', 'b', 'a'],
    ['a', 'a', 'b'],
    ['ab', 'b', 'ab'],
    ['ab', 'ba', 'aab'],
  ])('PRO-3: is quick about searches that take long: %s in %s%s', (text, before, repeated) => {
    const hostile = new Map([
      ['Text', text.repeat(80_000 / text.length)],
      ['Search', before + repeated.repeat(40_000 / repeated.length) + before],
    ]);
    const expression = 'vars["Text"].contains(vars["Search"]) || vars["Text"].trim() == vars["Search"].upperAscii()';

    expect(ask(expression, hostile)).toEqual({ kind: 'answer', value: false });
  });

  it('PRO-3: answers or fails, whatever is asked', () => {
    const token = fc.constantFrom(
      ...['vars["Region"]', 'vars["Count"]', 'int(', 'double(', 'size(', '(', ')', '[', ']', '"x"', '1', '2.5', 'true'],
      ...[
        '==',
        '<',
        '&&',
        '||',
        '!',
        '-',
        '+',
        '*',
        '/',
        '%',
        '?',
        ':',
        'in',
        ',',
        '.',
        '.contains(',
        '.size()',
        'null',
      ],
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
        const expression = tokens.join(' ');

        const answer = ask(expression);

        expect(['answer', 'failed']).toContain(answer.kind);
        expect(ask(expression)).toEqual(answer);
      }),
      { numRuns: 2_000 },
    );
  });
});
