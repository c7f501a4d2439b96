import type { Json } from '../../../src/domain/json';
import { DEFINITION_LIMITS } from '../../../src/domain/flag-definition';
import { FlagImage } from '../../../src/targets/flags/flag-image';
import { tryDefinition } from '../../../src/targets/flags/try-definition';

const gate = (targeting: Json): object => ({
  state: 'ENABLED',
  variants: { on: true, off: false },
  defaultVariant: 'off',
  targeting,
});
const pathsOf = (definition: unknown): string[] => tryDefinition('gate', definition, 'd').map((fault) => fault.path);

/** Nests a rule around itself as deep as the bounds allow. */
function nestedIn(wrap: (rule: Json) => Json, levels: number): Json {
  let rule: Json = { '==': [{ var: 'a' }, 1] };
  for (let level = 0; level < levels; level++) {
    rule = wrap(rule);
  }
  return rule;
}

describe('trying a definition', () => {
  it('FLG-9: accepts what flagd-core takes', () => {
    expect(pathsOf(gate({ if: [{ ends_with: [{ var: 'email' }, '@example.com'] }, 'on', 'off'] }))).toEqual([]);
  });

  it('FLG-9: reports the faults of the domain', () => {
    expect(pathsOf(gate({ if: [true, 'maybe'] }))).toEqual(['d.targeting.if[1]']);
  });

  it('FLG-9: refuses what does not follow the schema of flagd', () => {
    expect(pathsOf(gate({ if: [{ sem_ver: [{ var: 'v' }, '?', '1.0.0'] }, 'on'] }))).toEqual(['d']);
  });

  it('FLG-9: refuses a constant part that fails whenever it is computed', () => {
    expect(pathsOf(gate({ if: [{ '<': [['a'], 1] }, 'on', { var: 'x' }] }))).not.toEqual([]);
    expect(pathsOf(gate({ if: [{ '<': [['a'], 1] }, 'on', 'off'] }))).toEqual(['d.targeting']);
  });

  it.each<[string, Json]>([
    ['negations', { if: [nestedIn((rule) => ({ '!': [rule] }), 12), 'on'] }],
    [
      'choices',
      nestedIn((rule) => ({ if: [{ '!': [{ var: 'a' }] }, typeof rule === 'object' ? 'on' : rule, 'off'] }), 12),
    ],
    ['splits', { if: [nestedIn((rule) => ({ fractional: [{ cat: [rule] }, ['x', 1]] }), 6), 'on'] }],
    ['conjunctions', { if: [nestedIn((rule) => ({ and: [rule, rule] }), 7), 'on'] }],
    ['conditions', { if: [nestedIn((rule) => ({ if: [rule, 1, 2] }), 12), 'on'] }],
  ])('FLG-9: takes %s up to the bounds', (_, rule) => {
    expect(pathsOf(gate(rule))).toEqual([]);
  });

  it('FLG-9: refuses a rule whose cost grows with the square of a list', () => {
    const list = { var: 'list' };

    expect(pathsOf(gate({ if: [{ some: [list, { all: [list, { '==': [{ var: '' }, 1] }] }] }, 'on'] }))).toEqual([
      'd.targeting.if[0].some[1].all',
    ]);
    expect(pathsOf(gate({ if: [{ reduce: [list, { cat: [{ var: 'accumulator' }] }, ''] }, 'on'] }))).toEqual([
      'd.targeting.if[0].reduce',
    ]);
  });

  it('FLG-9: the largest definition answers the largest context', () => {
    const test: Json = { some: [{ var: 'list' }, { '==': [{ var: '' }, 2] }] };
    const tests = new Array<Json>(100).fill(test);
    const image = new FlagImage();

    expect(tests.length * 9).toBeLessThan(DEFINITION_LIMITS.nodes);
    expect(pathsOf(gate({ if: [{ or: tests }, 'on', 'off'] }))).toEqual([]);
    image.replace('e', 1, new Map([['f', gate({ if: [{ or: tests }, 'on', 'off'] }) as never]]));
    expect(image.evaluate('e', 'f', { list: new Array<Json>(8_000).fill(1) })).toMatchObject({ value: false });
  });
});
