import { differenceOf } from '../../src/domain/difference';

describe('differenceOf', () => {
  it('finds nothing between the same content', () => {
    expect(differenceOf({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toEqual([]);
  });

  it('names each place, the outermost that differs in kind', () => {
    const from = { kept: 1, list: [1, 2], gone: { deep: true }, shape: [] };
    const to = { kept: 1, list: [1, 3, 4], fresh: 'x', shape: {} };

    expect(differenceOf(from, to)).toEqual([
      { path: 'fresh', from: null, to: 'x' },
      { path: 'gone', from: { deep: true }, to: null },
      { path: 'list[1]', from: 2, to: 3 },
      { path: 'list[2]', from: null, to: 4 },
      { path: 'shape', from: [], to: {} },
    ]);
  });

  it('takes a thing that is new or gone as a whole', () => {
    expect(differenceOf(null, { a: 1 })).toEqual([{ path: '', from: null, to: { a: 1 } }]);
    expect(differenceOf({ a: 1 }, null)).toEqual([{ path: '', from: { a: 1 }, to: null }]);
  });

  it('never takes what an object inherits for a member', () => {
    expect(differenceOf({}, { constructor: 1 })).toEqual([{ path: 'constructor', from: null, to: 1 }]);
  });
});
