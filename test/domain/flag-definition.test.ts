import type { FlagKind } from '../../src/domain/flag';
import { checkDefinition, DEFINITION_LIMITS } from '../../src/domain/flag-definition';

const gate = (changes: object = {}): object => ({
  state: 'ENABLED',
  variants: { on: true, off: false },
  defaultVariant: 'off',
  ...changes,
});
const targeting = (rule: unknown): object => gate({ targeting: rule });
const email = { var: 'email' };

const pathsOf = (definition: unknown, kind: FlagKind = 'gate'): string[] =>
  checkDefinition(kind, definition, 'd').map((fault) => fault.path);

/** An object nested so deep, itself included. */
function nested(depth: number): unknown {
  return JSON.parse('{"x":'.repeat(depth - 1) + '{}' + '}'.repeat(depth - 1));
}

describe('a definition', () => {
  it.each<[string, object]>([
    ['a plain gate', gate()],
    ['no default', gate({ defaultVariant: null })],
    ['a disabled gate', gate({ state: 'DISABLED' })],
    ['an empty targeting', targeting({})],
    ['a choice', targeting({ if: [{ ends_with: [email, '@example.com'] }, 'on'] })],
    ['an else', targeting({ if: [{ in: [email, ['a', 'b']] }, 'on', { '==': [email, 'c'] }, null, 'off'] })],
    [
      'a split by the targeting key',
      targeting({
        fractional: [
          ['on', 10],
          ['off', 90],
        ],
      }),
    ],
    ['a split by an attribute', targeting({ fractional: [email, ['on', 10], ['off', 90]] })],
    ['a split by a text', targeting({ fractional: [{ cat: [{ var: '$flagd.flagKey' }, email] }, ['on'], ['off']] })],
    [
      'a computed weight',
      targeting({
        fractional: [
          ['on', { '%': [{ var: 'age' }, 7] }],
          ['off', 90],
        ],
      }),
    ],
    ['a split inside a choice', targeting({ if: [{ '!': [email] }, { fractional: [['on', 1]] }, 'off'] })],
    ['one iteration', targeting({ if: [{ some: [{ var: 'groups' }, { in: [{ var: '' }, ['beta']] }] }, 'on'] })],
    ['an attribute with a default', targeting({ if: [{ '==': [{ var: ['plan', 'free'] }, 'pro'] }, 'on'] })],
    ['names with an @', { state: 'ENABLED', variants: { 'on@old': true, 'é ü': false }, defaultVariant: 'on@old' }],
  ])('FLG-1: accepts %s', (_, definition) => {
    expect(checkDefinition('gate', definition, 'd')).toEqual([]);
  });

  it('FLG-1: accepts a condition as a result where true and false are variants', () => {
    const variants = { true: true, false: false };
    const rule = { and: [{ '==': [email, 'a'] }, { or: [{ sem_ver: [{ var: 'v' }, '>', '1.0.0'] }, true] }] };

    expect(pathsOf(gate({ variants, defaultVariant: 'true', targeting: rule }))).toEqual([]);
    expect(pathsOf(gate({ targeting: rule }))).toEqual(['d.targeting', 'd.targeting']);
  });

  it('FLG-1: accepts dynamic configs that are JSON objects', () => {
    const variants = { a: { list: [1, 'x', null, { deep: true }] }, b: {} };

    expect(pathsOf({ state: 'ENABLED', variants, defaultVariant: 'a' }, 'config')).toEqual([]);
    expect(pathsOf({ state: 'ENABLED', variants: { a: [1], b: null, c: 'x' } }, 'config')).toEqual([
      'd.variants.a',
      'd.variants.b',
      'd.variants.c',
    ]);
  });

  it.each<[string, unknown, string]>([
    ['no object', 'on', 'd'],
    ['a list', [], 'd'],
    ['a wrong state', gate({ state: 'enabled' }), 'd.state'],
    ['no variants', gate({ variants: {}, defaultVariant: null }), 'd.variants'],
    ['a list of variants', gate({ variants: [], defaultVariant: null }), 'd.variants'],
    ['a variant of another type', gate({ variants: { on: 'true', off: false } }), 'd.variants.on'],
    ['an empty name', gate({ variants: { off: false, '': true } }), 'd.variants[""]'],
    ['a name with a control character', gate({ variants: { off: false, 'a\n': true } }), 'd.variants["a\\n"]'],
    ['a long name', gate({ variants: { off: false, ['x'.repeat(101)]: true } }), `d.variants["${'x'.repeat(64)}"]`],
    ['a default that is no variant', gate({ defaultVariant: 'maybe' }), 'd.defaultVariant'],
    ['a default that is no text', gate({ defaultVariant: true }), 'd.defaultVariant'],
    ['an inherited name as default', gate({ defaultVariant: 'toString' }), 'd.defaultVariant'],
    ['an unknown field', gate({ metadata: {} }), 'd.metadata'],
    ['targeting of null', targeting(null), 'd.targeting'],
    ['targeting that is a text', targeting('on'), 'd.targeting'],
    ['an own __proto__', JSON.parse('{"state":"ENABLED","variants":{"on":true},"__proto__":{}}'), 'd.__proto__'],
    [
      'a number that is not JSON',
      targeting({ if: [{ '==': [email, NaN] }, 'on'] }),
      'd.targeting.if[0].==[1]'.replace('.==', '["=="]'),
    ],
  ])('FLG-1: refuses %s', (_, definition, path) => {
    expect(pathsOf(definition)).toEqual([path]);
  });

  it('PIPE-4: lists every fault at once, each with its path', () => {
    const definition = {
      state: 'ON',
      variants: { on: 1 },
      defaultVariant: 'x',
      targeting: { if: [{ foo: [] }, 'y', { reduce: [] }, 'z'] },
      extra: true,
    };

    expect(pathsOf(definition)).toEqual([
      'd.extra',
      'd.state',
      'd.variants.on',
      'd.defaultVariant',
      'd.targeting.if[0].foo',
      'd.targeting.if[1]',
      'd.targeting.if[2].reduce',
      'd.targeting.if[3]',
    ]);
  });
});

describe('targeting', () => {
  it.each<[string, unknown, string]>([
    ['a variant that does not exist', { if: [true, 'maybe'] }, '.if[1]'],
    ['true without such a variant', { if: [{ '!': [email] }, true] }, '.if[1]'],
    ['a name out of the context', { var: 'variant' }, ''],
    ['a name out of the context in a choice', { if: [email, { var: 'variant' }] }, '.if[1]'],
    ['a name put together', { cat: ['o', 'n'] }, ''],
    ['a name cut out', { if: [true, { substr: ['only', 0, 2] }] }, '.if[1]'],
    ['a name passed by "or"', { or: [{ var: 'variant' }, 'on'] }, ''],
    ['a number', { if: [true, 1] }, '.if[1]'],
    ['a list', { if: [true, ['on']] }, '.if[1]'],
    [
      'a name computed in a bucket',
      {
        fractional: [
          [{ var: 'variant' }, 1],
          ['off', 1],
        ],
      },
      '.fractional[0][0]',
    ],
    ['a choice in a bucket', { fractional: [[{ if: [true, 'on'] }, 1]] }, '.fractional[0][0]'],
    ['buckets out of the context', { fractional: [email, { var: 'buckets' }] }, '.fractional[1]'],
    ['a split by a constant', { fractional: ['text', ['on', 1]] }, '.fractional[0]'],
    ['a split by the whole context', { fractional: [{ var: '' }, ['on', 1]] }, '.fractional[0]'],
    ['a split without buckets', { fractional: [email] }, '.fractional'],
    ['a negative weight', { fractional: [['on', -1]] }, '.fractional[0][1]'],
    ['a weight with decimals', { fractional: [['on', 0.5]] }, '.fractional[0][1]'],
    ['weights beyond flagd', { fractional: [['on', 2 ** 31]] }, '.fractional'],
    ['a choice of one', { if: ['on'] }, '.if'],
    ['a choice that is no list', { if: 'on' }, '.if'],
  ])('FLG-9: refuses %s as a result', (_, rule, path) => {
    expect(pathsOf(targeting(rule))).toEqual([`d.targeting${path}`]);
  });

  it.each<[string, unknown, string]>([
    ['reduce', { reduce: [{ var: 'a' }, { '+': [1, 2] }, 0] }, '.reduce'],
    ['iteration in an iteration', { some: [{ var: 'a' }, { some: [{ var: 'b' }, true] }] }, '.some[1].some'],
    ['iteration over an iteration', { all: [{ map: [{ var: 'a' }, { var: 'b' }] }, true] }, '.all[0].map'],
    ['merge in an iteration', { none: [{ merge: [{ var: 'a' }, { var: 'a' }] }, true] }, '.none[0].merge'],
    ['a filter below operators', { map: [{ var: 'a' }, { '!': { filter: [[1], true] } }] }, '.map[1]["!"].filter'],
    [
      'climbing out of an iteration',
      { some: [{ var: 'a' }, { in: [{ var: '../../a' }, ['x']] }] },
      '.some[1].in[0].var',
    ],
    ['a computed attribute', { '==': [{ var: { var: 'a' } }, 1] }, '["=="][0].var'],
    ['shared evaluators', { $ref: 'staff' }, '.$ref'],
    ['an unknown operator', { matches: [email, '(a+)+$'] }, '.matches'],
    ['an operator of the library alone', { '??': [email, 1] }, '["??"]'],
    ['an inherited operator', { constructor: ['x'] }, '.constructor'],
    ['an own operator toString', { toString: [] }, '.toString'],
    ['two operators', { '==': [1, 1], '!=': [1, 1] }, ''],
    ['no operator', {}, ''],
    ['too few arguments', { '==': [1] }, '["=="]'],
    ['too many arguments', { starts_with: [email, 'a', 'b'] }, '.starts_with'],
    ['arguments that are no list', { in: email }, '.in'],
  ])('FLG-9: refuses %s in a condition', (_, rule, path) => {
    expect(pathsOf(targeting({ if: [rule, 'on'] }))).toEqual([`d.targeting.if[0]${path}`]);
  });
});

describe('bounds', () => {
  it('FLG-9: depth', () => {
    const config = (value: unknown): object => ({ state: 'ENABLED', variants: { a: value }, defaultVariant: 'a' });

    expect(pathsOf(config(nested(DEFINITION_LIMITS.depth - 2)), 'config')).toEqual([]);
    expect(pathsOf(config(nested(DEFINITION_LIMITS.depth - 1)), 'config')).toEqual(['d']);
  });

  it('FLG-9: number of values', () => {
    const config = (items: number): object => ({
      state: 'ENABLED',
      variants: { a: { list: new Array(items).fill(1) } },
    });

    expect(pathsOf(config(DEFINITION_LIMITS.nodes - 5), 'config')).toEqual([]);
    expect(pathsOf(config(DEFINITION_LIMITS.nodes - 4), 'config')).toEqual(['d']);
  });

  it('FLG-9: size in bytes, not in characters', () => {
    const config = (character: string): object => ({
      state: 'ENABLED',
      variants: { a: { x: character.repeat(40_000) } },
    });

    expect(pathsOf(config('x'), 'config')).toEqual([]);
    expect(pathsOf(config('é'), 'config')).toEqual(['d']);
    expect(pathsOf(config('€'), 'config')).toEqual(['d']);
  });

  it('FLG-9: number of variants', () => {
    const variants = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`v${index}`, true]));

    expect(pathsOf({ state: 'ENABLED', variants })).toEqual(['d.variants']);
  });

  it.each<[string, () => unknown]>([
    ['100,000 brackets', () => JSON.parse('['.repeat(100_000) + ']'.repeat(100_000))],
    ['100,000 nested rules', () => JSON.parse('{"!":'.repeat(100_000) + '1' + '}'.repeat(100_000))],
    ['500,000 values', () => new Array(500_000).fill(0)],
    ['200,000 members', () => Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`k${index}`, 1]))],
    ['a long text', () => 'x'.repeat(1_000_000)],
  ])('FLG-9: refuses %s in targeting and in a variant', (_, build) => {
    expect(pathsOf(targeting({ if: [build(), 'on'] }))).toContain('d');
    expect(pathsOf({ state: 'ENABLED', variants: { a: { x: build() } } }, 'config')).toContain('d');
  });
});
