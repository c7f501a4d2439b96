import type { FlagDefinition } from '../../../src/domain/flag';
import { FlagImage } from '../../../src/targets/flags/flag-image';

const on: FlagDefinition = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' };
const off: FlagDefinition = { ...on, defaultVariant: 'off' };
const broken = { ...on, defaultVariant: 'missing' };
const uncompilable: FlagDefinition = { ...on, targeting: { matches: ['a'] } };

describe('the image of the flags', () => {
  it('FLG-3: switches an environment as a whole and leaves the others alone', () => {
    const image = new FlagImage();
    image.replace(
      'staging',
      1,
      new Map([
        ['a', on],
        ['b', on],
      ]),
    );
    image.replace('production', 7, new Map([['a', on]]));

    image.replace(
      'staging',
      2,
      new Map([
        ['a', off],
        ['c', off],
      ]),
    );

    expect(image.revision('staging')).toBe(2);
    expect(image.evaluateAll('staging', {})).toMatchObject([
      { key: 'a', value: false },
      { key: 'c', value: false },
    ]);
    expect(image.evaluate('staging', 'b', {})).toMatchObject({ errorCode: 'FLAG_NOT_FOUND' });
    expect(image.revision('production')).toBe(7);
    expect(image.evaluate('production', 'a', {})).toMatchObject({ value: true });
  });

  it('FLG-3: knows nothing of an environment that was forgotten or never there', () => {
    const image = new FlagImage();
    image.replace('staging', 1, new Map([['a', on]]));

    image.forget('staging');

    expect(image.revision('staging')).toBeUndefined();
    expect(image.evaluate('staging', 'a', {})).toMatchObject({ errorCode: 'FLAG_NOT_FOUND' });
    expect(image.evaluateAll('nowhere', {})).toEqual([]);
    expect(image.exportFlagd('nowhere')).toEqual({ $schema: 'https://flagd.dev/schema/v0/flags.json', flags: {} });
  });

  it('FLG-9: a bad flag fails alone', () => {
    const image = new FlagImage();

    image.replace(
      'e',
      1,
      new Map([
        ['bad', broken],
        ['good', on],
        ['worse', uncompilable],
      ]),
    );

    expect(image.evaluateAll('e', {})).toEqual([
      { key: 'bad', errorCode: 'PARSE_ERROR', errorDetails: expect.any(String) },
      { key: 'good', value: true, reason: 'STATIC', variant: 'on' },
      { key: 'worse', errorCode: 'PARSE_ERROR', errorDetails: expect.any(String) },
    ]);
    expect(Object.keys(image.exportFlagd('e')['flags'] ?? {})).toEqual(['good', 'worse']);
  });

  it('FLG-9: a context that makes targeting fail gets an error, not an exception', () => {
    const image = new FlagImage();
    const definition: FlagDefinition = { ...on, targeting: { if: [{ in: ['x', { var: 'list' }] }, 'on', 'off'] } };

    image.replace('e', 1, new Map([['f', definition]]));

    expect(image.evaluate('e', 'f', { list: 7 })).toMatchObject({ key: 'f', errorCode: 'GENERAL' });
    expect(image.evaluate('e', 'f', { list: ['x'] })).toMatchObject({ value: true });
  });

  it('FLG-4: no variant means no value', () => {
    const image = new FlagImage();

    image.replace(
      'e',
      1,
      new Map([
        ['disabled', { ...on, state: 'DISABLED' }],
        ['none', { ...on, defaultVariant: null }],
      ]),
    );

    expect(image.evaluateAll('e', {})).toEqual([
      { key: 'disabled', reason: 'DISABLED' },
      { key: 'none', reason: 'DEFAULT' },
    ]);
  });

  it('FLG-1: answers dynamic configs with their object', () => {
    const image = new FlagImage();
    const variants = { small: { size: 1, colors: ['red'] } };

    image.replace('e', 1, new Map([['f', { state: 'ENABLED', variants, defaultVariant: 'small' }]]));

    expect(image.evaluate('e', 'f', {})).toEqual({
      key: 'f',
      value: variants.small,
      reason: 'STATIC',
      variant: 'small',
    });
  });

  it('FLG-5: exports the very definitions it serves', () => {
    const image = new FlagImage();

    image.replace(
      'e',
      3,
      new Map([
        ['b', off],
        ['a', on],
      ]),
    );

    expect(image.exportFlagd('e')).toEqual({
      $schema: 'https://flagd.dev/schema/v0/flags.json',
      flags: { a: on, b: off },
    });
  });
});
