import type { FlagDefinition, Overlay } from '../../src/domain/flag';
import { plainVariant, servedFlag } from '../../src/domain/served-flag';

const live: FlagDefinition = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off' };
const released: FlagDefinition = { ...live, defaultVariant: 'on' };
const rules: Overlay['rules'] = [[{ attribute: 'plan', operator: '=', values: ['pro'] }]];
const isPro = { '===': [{ var: 'plan' }, 'pro'] };
const overlay = (changes: Partial<Overlay> = {}): Overlay => ({
  release: 'r',
  definition: released,
  rules,
  ...changes,
});

describe('the flag that is served', () => {
  it('FLG-3: is the live definition without a release', () => {
    expect(servedFlag(live, null)).toBe(live);
  });

  it('FLG-3: is the live definition while no rule is applied or the definitions are the same', () => {
    expect(servedFlag(live, overlay({ rules: [] }))).toBe(live);
    expect(servedFlag(live, overlay({ definition: { ...live } }))).toBe(live);
  });

  it('FLG-3: is the new definition when a rule is for everyone', () => {
    expect(servedFlag(live, overlay({ rules: [...rules, []] }))).toBe(released);
  });

  it('FLG-5: begins with the filter of the phases', () => {
    expect(servedFlag(live, overlay())).toEqual({
      state: 'ENABLED',
      variants: { on: true, off: false },
      defaultVariant: null,
      targeting: { if: [isPro, 'on', 'off'] },
    });
  });

  it('FLG-5: keeps a default that both share', () => {
    const definition: FlagDefinition = { ...live, targeting: { if: [{ '==': [{ var: 'beta' }, true] }, 'on'] } };

    expect(servedFlag(live, overlay({ definition }))).toEqual({
      ...live,
      targeting: { if: [isPro, definition.targeting, null] },
    });
  });

  it('FLG-5: has no variant for the side that is disabled', () => {
    const definition: FlagDefinition = { ...released, state: 'DISABLED' };

    expect(servedFlag(live, overlay({ definition }))).toMatchObject({
      state: 'ENABLED',
      defaultVariant: null,
      targeting: { if: [isPro, null, 'off'] },
    });
  });

  it('FLG-5: is disabled when both sides are', () => {
    const both = { ...live, state: 'DISABLED' as const };

    expect(servedFlag(both, overlay({ definition: { ...released, state: 'DISABLED' } }))).toBe(both);
  });

  it('FLG-5: renames in targeting, booleans included, and only what differs', () => {
    const before: FlagDefinition = {
      state: 'ENABLED',
      variants: { true: { n: 1 }, false: { n: 0 }, same: {} },
      defaultVariant: 'same',
      targeting: { '==': [{ var: 'a' }, 1] },
    };
    const definition: FlagDefinition = {
      ...before,
      variants: { ...before.variants, true: { n: 2 } },
      targeting: {
        fractional: [
          ['true', 1],
          [false, 1],
          [null, 1],
        ],
      },
    };

    expect(servedFlag(before, overlay({ definition }))).toEqual({
      state: 'ENABLED',
      variants: { 'true@new': { n: 2 }, false: { n: 0 }, same: {}, 'true@old': { n: 1 } },
      defaultVariant: 'same',
      targeting: {
        if: [
          isPro,
          {
            fractional: [
              ['true@new', 1],
              ['false', 1],
              [null, 1],
            ],
          },
          { if: [{ '===': [{ '==': [{ var: 'a' }, 1] }, true] }, 'true@old', 'false'] },
        ],
      },
    });
  });

  it.each([
    ['on', 'on'],
    ['on@new', 'on'],
    ['on@old', 'on'],
    ['on@old@new', 'on@old'],
    ['@old', ''],
    ['on@newer', 'on@newer'],
  ])('FLG-5: OFREP names %s as %s', (served, plain) => {
    expect(plainVariant(served)).toBe(plain);
  });

  it('FLG-5: names that end like a suffix never meet renamed ones', () => {
    const before: FlagDefinition = { ...live, variants: { a: true, 'a@old': true }, defaultVariant: 'a' };
    const definition: FlagDefinition = { ...live, variants: { a: false, 'a@old': true }, defaultVariant: 'a@old' };

    expect(servedFlag(before, overlay({ definition })).variants).toEqual({
      'a@new': false,
      'a@old': true,
      'a@old@new': true,
      'a@old@old': true,
    });
  });
});
