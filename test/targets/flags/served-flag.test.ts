import { MemoryStorage } from '@openfeature/flagd-core';
import fc from 'fast-check';
import type { FlagDefinition, FlagKind } from '../../../src/domain/flag';
import { matchesRules } from '../../../src/domain/phase-filter';
import type { Condition } from '../../../src/domain/pipeline';
import { plainVariant, servedFlag } from '../../../src/domain/served-flag';
import { FlagImage } from '../../../src/targets/flags/flag-image';
import { tryDefinition } from '../../../src/targets/flags/try-definition';
import { bucketOf, evaluateAlone } from './flagd';
import { anyContext, anyDefinition, anyRules } from './random-flags';

const silent = { error: ignore, warn: ignore, info: ignore, debug: ignore };
const RELEASE = '01JRELEASE';
const KEY = 'flag';

const fraction = (value: string): number => bucketOf(`${RELEASE}/${value}`);
const anyKind = fc.constantFrom<FlagKind>('gate', 'config');
const twoDefinitions = anyKind.chain((kind) => fc.tuple(anyDefinition(kind), anyDefinition(kind)));
const contexts = fc.array(anyContext, { minLength: 8, maxLength: 8 });

describe('the served flag', () => {
  it('FLG-5: answers what the definition chosen by the domain answers alone, in value and in error-or-not', () => {
    fc.assert(
      fc.property(twoDefinitions, anyRules, contexts, ([live, released], rules, several) => {
        const served = servedFlag(live, { release: RELEASE, definition: released, rules });

        for (const context of several) {
          const chosen = matchesRules(rules, context, fraction) ? released : live;
          expect(evaluateAlone(served, context)).toEqual(evaluateAlone(chosen, context));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('FLG-7: answers the pre-release answer for every context whose conditions are false', () => {
    fc.assert(
      fc.property(twoDefinitions, anyRules, contexts, ([live, released], rules, several) => {
        const served = servedFlag(live, { release: RELEASE, definition: released, rules });

        for (const context of several.filter((each) => !matchesRules(rules, each, fraction))) {
          expect(evaluateAlone(served, context)).toEqual(evaluateAlone(live, context));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('FLG-5: names variants through OFREP as the definition does', () => {
    fc.assert(
      fc.property(twoDefinitions, anyRules, anyContext, ([live, released], rules, context) => {
        const image = new FlagImage();
        image.replace(
          'production',
          1,
          new Map([[KEY, servedFlag(live, { release: RELEASE, definition: released, rules })]]),
        );
        const chosen = matchesRules(rules, context, fraction) ? released : live;

        const answer = image.evaluate('production', KEY, context);

        if ('variant' in answer) {
          expect(chosen.variants[answer.variant]).toEqual(answer.value);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('FLG-5: is valid by the schema that flagd publishes, and so is the export that holds it', () => {
    fc.assert(
      fc.property(twoDefinitions, anyRules, ([live, released], rules) => {
        const image = new FlagImage();
        image.replace(
          'production',
          1,
          new Map([[KEY, servedFlag(live, { release: RELEASE, definition: released, rules })]]),
        );

        const file = JSON.stringify(image.exportFlagd('production'));

        // Strict: flagd-core carries the published schema, compiled, and throws on what does not follow it.
        expect(() => new MemoryStorage(silent).setConfigurations(file, true)).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });

  it('FLG-9: random definitions of this suite are ones that could be saved', () => {
    const kindAndDefinition = anyKind.chain((kind) => fc.tuple(fc.constant(kind), anyDefinition(kind)));

    fc.assert(
      fc.property(kindAndDefinition, ([kind, definition]) => {
        expect(tryDefinition(kind, definition, 'definition')).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the share of a percentage', () => {
  const off: FlagDefinition = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off' };
  const on: FlagDefinition = { ...off, defaultVariant: 'on' };
  const half: FlagDefinition = {
    ...off,
    targeting: {
      fractional: [
        ['on', 50],
        ['off', 50],
      ],
    },
  };
  const users = Array.from({ length: 4_000 }, (_, index) => `user-${index}`);

  const isIn = (user: string, percentage: number, definition = on): boolean => {
    const rules: Condition[][] = [[{ attribute: null, operator: 'percentage', values: [percentage] }]];
    const served = servedFlag(off, { release: RELEASE, definition, rules });
    return JSON.stringify(evaluateAlone(served, { targetingKey: user })) === '{"value":true}';
  };

  it('FLG-8: keeps everyone who is in as the percentage grows', () => {
    const sample = users.slice(0, 150);
    const steps = [0, 0.001, 1, 12.5, 33.333, 50, 99.999, 100];

    const sizes = steps.map((percentage) => sample.filter((user) => isIn(user, percentage)));

    sizes.slice(1).forEach((larger, index) => expect(larger).toEqual(expect.arrayContaining(sizes[index] ?? [])));
    expect(sizes[0]).toEqual([]);
    expect(sizes.at(-1)).toEqual(sample);
  });

  it('FLG-8: takes about as many users as it says', () => {
    const inside = users.filter((user) => fraction(user) < 10_000).length;

    expect(inside / users.length).toBeGreaterThan(0.08);
    expect(inside / users.length).toBeLessThan(0.12);
  });

  it('FLG-8: is independent of the split of the definition', () => {
    const inside = users.filter((user) => fraction(user) < 10_000);
    const flag = servedFlag(off, {
      release: RELEASE,
      definition: half,
      rules: [[{ attribute: null, operator: 'percentage', values: [10] }]],
    });
    const image = new FlagImage();
    image.replace('production', 1, new Map([[KEY, flag]]));

    const enabled = inside.filter((user) => {
      const answer = image.evaluate('production', KEY, { targetingKey: user });
      return 'value' in answer && answer.value === true;
    });

    expect(enabled.length / inside.length).toBeGreaterThan(0.4);
    expect(enabled.length / inside.length).toBeLessThan(0.6);
  });

  it('FLG-8: is the same for all flags of a release, and another for another release', () => {
    const rules: Condition[][] = [[{ attribute: null, operator: 'percentage', values: [30] }]];
    const inside = (release: string, key: string): string[] => {
      const image = new FlagImage();
      image.replace('production', 1, new Map([[key, servedFlag(off, { release, definition: on, rules })]]));
      return users.slice(0, 200).filter((user) => {
        const answer = image.evaluate('production', key, { targetingKey: user });
        return 'value' in answer && answer.value === true;
      });
    };

    expect(inside('release-1', 'first')).toEqual(inside('release-1', 'second'));
    expect(inside('release-1', 'first')).not.toEqual(inside('release-2', 'first'));
  });
});

describe('results that targeting does not spell out', () => {
  const variantsOf = (n: number): FlagDefinition['variants'] => ({
    a: { n },
    b: { n: n + 1 },
    true: { n: n + 2 },
    1: { n },
  });
  const split: FlagDefinition['targeting'] = { fractional: [{ var: 'email' }, ['a', 1], ['b', 1]] };
  const everyoneWithMail: Condition[][] = [[{ attribute: 'plan', operator: '=', values: ['pro'] }]];
  const live: FlagDefinition = { state: 'ENABLED', variants: variantsOf(0), defaultVariant: 'b', targeting: split };
  const released: FlagDefinition = { ...live, variants: { ...variantsOf(10), extra: {} }, defaultVariant: 'a' };

  // flagd takes a list that a context holds where the text to split by is expected for the first bucket.
  it.each([
    [['a', 1_000_000]],
    [['b', 1_000_000]],
    [[true, 1_000_000]],
    [[1, 1_000_000]],
    [['extra', 1_000_000]],
    [['a@new', 1_000_000]],
    [['nobody', 1_000_000]],
    [[null, 1_000_000]],
    [['a']],
    [['a', 'many']],
    [[]],
    [{}],
    [7],
    ['ada@example.com'],
    [null],
  ])('FLG-5: a context with %j as the text to split by', (email) => {
    const served = servedFlag(live, { release: RELEASE, definition: released, rules: everyoneWithMail });

    for (const [plan, chosen] of [
      ['pro', released],
      ['free', live],
    ] as const) {
      for (const targetingKey of ['u1', 'u2', 'u3', '']) {
        const context = { email, plan, targetingKey };
        expect(evaluateAlone(served, context)).toEqual(evaluateAlone(chosen, context));
      }
    }
  });
});

describe('names of variants', () => {
  it('FLG-5: variants of one name with different values get a suffix, which OFREP strips', () => {
    const live: FlagDefinition = { state: 'ENABLED', variants: { theme: { color: 'red' } }, defaultVariant: 'theme' };
    const released: FlagDefinition = { ...live, variants: { theme: { color: 'blue' } } };
    const rules: Condition[][] = [[{ attribute: 'plan', operator: '=', values: ['pro'] }]];
    const image = new FlagImage();

    const served = servedFlag(live, { release: RELEASE, definition: released, rules });
    image.replace('production', 1, new Map([[KEY, served]]));

    expect(served.variants).toEqual({ 'theme@new': { color: 'blue' }, 'theme@old': { color: 'red' } });
    expect(image.evaluate('production', KEY, { plan: 'pro' })).toMatchObject({
      value: { color: 'blue' },
      variant: 'theme',
    });
    expect(image.evaluate('production', KEY, {})).toMatchObject({ value: { color: 'red' }, variant: 'theme' });
  });

  it('FLG-5: a name that ends like a suffix by itself comes back as it was written', () => {
    const live: FlagDefinition = { state: 'ENABLED', variants: { 'a@old': true }, defaultVariant: 'a@old' };
    const image = new FlagImage();

    image.replace('production', 1, new Map([[KEY, servedFlag(live, null)]]));

    expect(image.evaluate('production', KEY, {})).toEqual({
      key: KEY,
      value: true,
      reason: 'STATIC',
      variant: 'a@old',
    });
    expect(plainVariant('a@old@new')).toBe('a@old');
  });
});

function ignore(): void {
  // flagd-core's remarks are of no interest here.
}
