import type { Json, JsonObject } from '../../src/domain/json';
import {
  checkCondition,
  checkConditions,
  compileRules,
  CONDITION_LIMITS,
  matchesRules,
} from '../../src/domain/phase-filter';
import type { Condition, Operator } from '../../src/domain/pipeline';

const condition = (operator: string, values: unknown, attribute: unknown = 'plan'): unknown => ({
  attribute,
  operator,
  values,
});

describe('checking a condition', () => {
  it.each<[string, unknown[]]>([
    ['in', ['a', 'b']],
    ['in', [1, 2]],
    ['not_in', [true]],
    ['starts_with', ['a', 'b']],
    ['ends_with', ['@example.com']],
    ['contains', ['x']],
    ['=', ['']],
    ['!=', [0]],
    ['<', ['2026-01-01']],
    ['>=', [1.5]],
    ['sem_ver_<', ['1.2.3']],
    ['sem_ver_=', ['v1.2']],
    ['percentage', [0]],
    ['percentage', [100]],
    ['percentage', [33.333]],
    ['percentage', [0.001]],
    ['percentage', [0.07]],
  ])('PIPE-4: accepts %s %j', (operator, values) => {
    expect(checkCondition(condition(operator, values), 'c')).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['in', [], 'c.values'],
    ['in', 'a', 'c.values'],
    ['in', ['a', 1], 'c.values'],
    ['in', [null], 'c.values[0]'],
    ['in', [{}], 'c.values[0]'],
    ['=', ['a', 'b'], 'c.values'],
    ['<', [true], 'c.values[0]'],
    ['<', [Number.NaN], 'c.values[0]'],
    ['>', [Infinity], 'c.values[0]'],
    ['starts_with', [1], 'c.values[0]'],
    ['starts_with', [''], 'c.values[0]'],
    ['contains', ['a', 1], 'c.values[1]'],
    ['sem_ver_=', ['one'], 'c.values[0]'],
    ['sem_ver_=', [1], 'c.values[0]'],
    ['sem_ver_<', ['1.0.0', '2.0.0'], 'c.values'],
    ['percentage', ['10'], 'c.values[0]'],
    ['percentage', [-1], 'c.values[0]'],
    ['percentage', [100.001], 'c.values[0]'],
    ['percentage', [33.3333], 'c.values[0]'],
    ['percentage', [1, 2], 'c.values'],
    ['in', ['x'.repeat(CONDITION_LIMITS.valueLength + 1)], 'c.values[0]'],
    ['in', Array.from({ length: CONDITION_LIMITS.values + 1 }, String), 'c.values'],
    ['matches', ['.*'], 'c.operator'],
    ['toString', ['x'], 'c.operator'],
  ])('PIPE-4: refuses %s %j at %s', (operator, values, path) => {
    expect(checkCondition(condition(operator, values), 'c')).toEqual([{ path, message: expect.any(String) }]);
  });

  it.each([
    null,
    undefined,
    '',
    7,
    'a..b',
    '.a',
    'a/b',
    '../a',
    'a\\.b',
    '__proto__',
    'a.constructor',
    '$flagd.flagKey',
    'x'.repeat(257),
  ])('PIPE-4: refuses the attribute %j', (attribute) => {
    const faults = checkCondition({ attribute, operator: '=', values: ['a'] }, 'c');

    expect(faults).toEqual([{ path: 'c.attribute', message: expect.any(String) }]);
  });

  it.each([null, undefined, 'accountId', 'user.id'])('FLG-8: a percentage may name the attribute %j', (attribute) => {
    expect(checkCondition({ attribute, operator: 'percentage', values: [10] }, 'c')).toEqual([]);
  });

  it('PIPE-4: lists every fault at once', () => {
    const faults = checkCondition({ attribute: '', operator: 'in', values: [null, 'a', {}], extra: 1 }, 'c');

    expect(faults.map((fault) => fault.path)).toEqual(['c.extra', 'c.attribute', 'c.values[0]', 'c.values[2]']);
  });

  it.each([null, 7, 'x', []])('PIPE-4: refuses %j as a condition', (bad) => {
    expect(checkCondition(bad, 'c')).toEqual([{ path: 'c', message: expect.any(String) }]);
  });

  it('PIPE-4: bounds the conditions of a rule', () => {
    const many = Array.from({ length: CONDITION_LIMITS.conditions + 1 }, () => condition('=', ['a']));

    expect(checkConditions(many, 'r')).toEqual([{ path: 'r', message: expect.any(String) }]);
    expect(checkConditions('all', 'r')).toEqual([{ path: 'r', message: expect.any(String) }]);
    expect(checkConditions([condition('=', ['a']), condition('=', [])], 'r')).toMatchObject([{ path: 'r[1].values' }]);
  });
});

describe('matching', () => {
  const matches = (context: JsonObject, operator: Operator, values: Condition['values'], bucket = 0): boolean =>
    matchesRules([[{ attribute: 'x', operator, values }]], context, () => bucket);

  it.each<[Operator, Condition['values'], Json, Json]>([
    ['in', ['a', 'b'], 'b', 'c'],
    ['in', [1, 2], 2, 3],
    ['in', [true], true, false],
    ['not_in', ['a'], 'b', 'a'],
    ['not_in', [1], 2, 1],
    ['not_in', [true], false, true],
    ['=', ['a'], 'a', 'b'],
    ['=', [1], 1, 2],
    ['!=', ['a'], 'b', 'a'],
    ['!=', [1], 2, 1],
    ['<', [10], 9, 10],
    ['<=', [10], 10, 11],
    ['>', [10], 11, 10],
    ['>=', [10], 10, 9],
    ['<', ['2026-02'], '2026-01', '2026-02'],
    ['>=', ['b'], 'c', 'a'],
    ['starts_with', ['ab', 'x'], 'abc', 'cab'],
    ['ends_with', ['ab', 'x'], 'cab', 'abc'],
    ['contains', ['ab', 'x'], 'cabc', 'acb'],
    ['sem_ver_=', ['1.2.0'], 'v1.2', '1.2.1'],
    ['sem_ver_!=', ['1.2.0'], '1.2.1', '1.2'],
    ['sem_ver_<', ['1.10.0'], '1.9.0', '1.10.0'],
    ['sem_ver_<=', ['1.10.0'], '1.10.0', '1.10.1'],
    ['sem_ver_>', ['1.9.0'], '1.10.0', '1.9.0'],
    ['sem_ver_>=', ['1.9.0'], '1.9.0', '1.9.0-rc.1'],
  ])('FLG-7: %s %j takes %j and not %j', (operator, values, inside, outside) => {
    expect(matches({ x: inside }, operator, values)).toBe(true);
    expect(matches({ x: outside }, operator, values)).toBe(false);
    expect(matches({}, operator, values)).toBe(false);
    expect(matches({ x: null }, operator, values)).toBe(false);
    expect(matches({ x: [inside] }, operator, values)).toBe(false);
    expect(matches({ x: typeof inside === 'string' ? 1 : 'text' }, operator, values)).toBe(false);
  });

  it.each<[Json, boolean]>([
    ['ada', true],
    [42, true],
    ['', false],
    [true, false],
    [null, false],
    [[], false],
    [{}, false],
  ])('FLG-8: a percentage of %j', (value, isIn) => {
    expect(matches({ x: value }, 'percentage', [100])).toBe(isIn);
    expect(matches({ x: value }, 'percentage', [0])).toBe(false);
  });

  it('FLG-8: a percentage has three decimals', () => {
    expect(matches({ x: 'ada' }, 'percentage', [33.333], 33_332)).toBe(true);
    expect(matches({ x: 'ada' }, 'percentage', [33.333], 33_333)).toBe(false);
  });

  it('PIPE-2: conditions of a rule are AND-ed, rules OR-ed', () => {
    const is = (attribute: string): Condition => ({ attribute, operator: '=', values: [true] });
    const rules = [[is('a'), is('b')], [is('c')]];
    const isIn = (context: JsonObject): boolean => matchesRules(rules, context, () => 0);

    expect([isIn({ a: true }), isIn({ a: true, b: true }), isIn({ c: true })]).toEqual([false, true, true]);
    expect(matchesRules([[]], {}, () => 0)).toBe(true);
    expect(matchesRules([], {}, () => 0)).toBe(false);
  });

  it('PIPE-2: rules that are for everyone or no one compile to a constant', () => {
    expect(compileRules([], 'r')).toBe(false);
    expect(compileRules([[{ attribute: 'a', operator: '=', values: [1] }], []], 'r')).toBe(true);
  });
});
