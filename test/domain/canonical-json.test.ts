import fc from 'fast-check';
import { canonicalJson } from '../../src/domain/canonical-json';

describe('canonical JSON', () => {
  it('HTTP-6: is the same for the same content in another order', () => {
    expect(canonicalJson({ b: [1, { d: 'x', c: null }], a: true })).toBe('{"a":true,"b":[1,{"c":null,"d":"x"}]}');
    expect(canonicalJson({ a: true, b: [1, { c: null, d: 'x' }] })).toBe('{"a":true,"b":[1,{"c":null,"d":"x"}]}');
  });

  it('HTTP-6: takes a member that is undefined for one that is not there', () => {
    expect(canonicalJson({ a: undefined, b: [undefined], c: 1 })).toBe('{"b":[null],"c":1}');
    expect(canonicalJson(undefined)).toBe('null');
  });

  it('HTTP-6: keeps the content', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('HTTP-9: does not overflow on a body of nothing but brackets', () => {
    const deep: unknown = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000));

    expect(canonicalJson(deep)).toHaveLength(400_000);
  });

  it('HTTP-6: keeps an own __proto__ apart from an empty object', () => {
    expect(canonicalJson(JSON.parse('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}');
  });
});
