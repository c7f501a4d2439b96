import fc from 'fast-check';
import type { Json, JsonObject } from '../../../src/domain/json';
import { compileRules, matchesRules } from '../../../src/domain/phase-filter';
import type { Condition, Operator } from '../../../src/domain/pipeline';
import { bucketOf, judgeBy } from './flagd';
import { anyContext, anyRules } from './random-flags';

const SALT = '01JRELEASE';
const fraction = (value: string): number => bucketOf(`${SALT}/${value}`);

const CONDITIONS: [Operator, Condition['values']][] = [
  ...(['in', 'not_in', '=', '!='] as const).flatMap((operator): [Operator, Condition['values']][] => [
    [operator, ['pro']],
    [operator, [10]],
    [operator, [true]],
  ]),
  ...(['<', '<=', '>', '>='] as const).flatMap((operator): [Operator, Condition['values']][] => [
    [operator, ['m']],
    [operator, [10]],
  ]),
  ['starts_with', ['p']],
  ['ends_with', ['o', 'x']],
  ['contains', ['r', 'x']],
  ['sem_ver_=', ['1.2.3']],
  ['sem_ver_!=', ['1.2.3']],
  ['sem_ver_<', ['1.2.3']],
  ['sem_ver_<=', ['1.2.3']],
  ['sem_ver_>', ['1.2.3']],
  ['sem_ver_>=', ['1.2.3']],
  ['percentage', [50]],
  ['percentage', [100]],
];

/** A value of every type, and those on which JsonLogic fails: what has no usable `toString`, `constructor`, `length`. */
const VALUES: (Json | undefined)[] = [
  ...[undefined, null, 'pro', 'free', '', 'z', '1.2.3', 'v1.2.4-rc.1', '1', '10', 'true'],
  ...[10, 0, -1, 9.5, 1e300, true, false, [], ['pro'], [10], [true, 1], [['in', 1]], {}],
  ...[{ toString: 1, valueOf: 1 }, { constructor: null }, { length: 1 }, { includes: 1 }, { plan: 'pro' }],
];

describe('each operator and type', () => {
  it.each(CONDITIONS)(
    'FLG-7: %s %j judges a value of every type as the domain does, without failing',
    (operator, values) => {
      const rules: Condition[][] = [[{ attribute: 'plan', operator, values }]];
      const isIn = judgeBy(compileRules(rules, SALT));
      const contexts = VALUES.map((plan): JsonObject => (plan === undefined ? {} : { plan }));

      const judged = contexts.filter(isIn);

      expect(judged).toEqual(contexts.filter((context) => matchesRules(rules, context, fraction)));
      expect(judged.length).toBeGreaterThan(0);
    },
  );

  it.each(CONDITIONS)('FLG-7: %s %j finds an attribute inside another', (operator, values) => {
    const rules: Condition[][] = [[{ attribute: 'user.plan', operator, values }]];
    const isIn = judgeBy(compileRules(rules, SALT));
    const users = VALUES.map((plan): Json => (plan === undefined ? {} : { plan })).concat(['pro', 1, null]);
    const contexts = users.map((user): JsonObject => ({ user }));

    expect(contexts.filter(isIn)).toEqual(contexts.filter((context) => matchesRules(rules, context, fraction)));
  });
});

describe('compiled rules', () => {
  it('FLG-7: judge every context as the domain does, without failing', () => {
    fc.assert(
      fc.property(anyRules, fc.array(anyContext, { minLength: 5, maxLength: 5 }), (rules, contexts) => {
        const isIn = judgeBy(compileRules(rules, SALT));

        for (const context of contexts) {
          expect(isIn(context)).toBe(matchesRules(rules, context, fraction));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('FLG-7: compare versions as flagd does', () => {
    const part = fc.constantFrom('0', '1', '2', '10', '01', '99999999999999999999', '9007199254740993', 'x', '');
    const plans = fc.oneof(
      fc
        .tuple(
          fc.constantFrom('', 'v', 'V', ' ', '='),
          fc.array(part, { minLength: 1, maxLength: 4 }),
          fc.constantFrom('', '-1', '-rc.1', '-rc.10', '-a.b', '-01', '-', '+b', '-rc+b.1', ' '),
        )
        .map(([prefix, parts, suffix]) => `${prefix}${parts.join('.')}${suffix}`),
      fc.string(),
    );
    const operators: Operator[] = ['sem_ver_=', 'sem_ver_!=', 'sem_ver_<', 'sem_ver_>='];

    fc.assert(
      fc.property(
        plans,
        fc.constantFrom(...operators),
        fc.constantFrom('1.2', '1.0.0-rc.2', '10'),
        (plan, operator, wanted) => {
          const rules: Condition[][] = [[{ attribute: 'plan', operator, values: [wanted] }]];

          expect(judgeBy(compileRules(rules, SALT))({ plan })).toBe(matchesRules(rules, { plan }, fraction));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
