import {
  changeSetContent,
  checkChangeSet,
  CHANGE_SET_LIMITS,
  outdatedBases,
  pinChanges,
  type ChangeSetFacts,
  type TriggerChange,
  type TriggerFlagChange,
} from '../../src/domain/change-set';
import type { FlagDefinition } from '../../src/domain/flag';
import type { Condition, Phase, Pipeline } from '../../src/domain/pipeline';

const on: FlagDefinition = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' };

const shop: ChangeSetFacts = {
  environments: ['development', 'staging', 'production'],
  services: new Map([['payments', { endpoints: ['staging', 'production'] }]]),
  flags: new Map(
    Array.from({ length: 60 }, (_, index) => [`flag-${index}`, { kind: 'gate' as const, etag: '"v1"' }] as const),
  ),
};

const phase = (name: string): Phase => ({ name, bakeMs: 0, requiredReview: null, rules: [] });
const isStaff: Condition = { attribute: 'staff', operator: '=', values: [true] };

/** Staff in production, then everyone in staging and production. */
const everywhere: Pick<Pipeline, 'phases'> = {
  phases: [
    { ...phase('staff'), rules: [{ environments: ['production'], conditions: [isStaff] }] },
    { ...phase('everyone'), rules: [{ environments: ['staging', 'production'], conditions: [] }] },
  ],
};

const change = (more: Partial<TriggerFlagChange> = {}): TriggerFlagChange => ({
  flag: 'flag-0',
  definition: on,
  ...more,
});
const pathsOf = (...changes: TriggerChange[]) => checkChangeSet(changes, shop, everywhere).map(({ path }) => path);

describe('checkChangeSet', () => {
  it('CHG-1: takes a sound set as it is', () => {
    expect(pathsOf(change(), change({ flag: 'flag-1', environments: ['staging'] }))).toEqual([]);
  });

  it('CHG-1: lists every fault at once, each with its path', () => {
    const broken = [
      change({ environments: [] }),
      change({ flag: 'ghost' }),
      change({ environments: ['moon', 'staging', 'staging'] }),
      change({ flag: 'flag-1', definition: { ...on, variants: { on: 'yes' } } }),
    ];

    expect(pathsOf(...broken)).toEqual([
      'changes[0].environments',
      'changes[1].flag',
      'changes[2].flag',
      'changes[2].environments[0]',
      'changes[2].environments[2]',
      'changes[3].definition.variants.on',
    ]);
  });

  it('CHG-1: refuses an empty set and more than 50 changes', () => {
    const many = Array.from({ length: CHANGE_SET_LIMITS.changes + 1 }, (_, index) => change({ flag: `flag-${index}` }));

    expect(pathsOf()).toEqual(['changes']);
    expect(pathsOf(...many)).toEqual(['changes']);
    expect(pathsOf(...many.slice(1))).toEqual([]);
  });

  it('CHG-1: refuses more than 512 KB, counted in bytes', () => {
    const large = (text: string) =>
      Array.from({ length: 20 }, (_, index) =>
        change({
          flag: `flag-${index}`,
          definition: { ...on, targeting: { if: [{ '===': [{ var: 'a' }, text] }, 'on', 'off'] } },
        }),
      );

    expect(pathsOf(...large('x'.repeat(20_000)))).toEqual([]);
    expect(pathsOf(...large('語'.repeat(10_000)))).toEqual(['changes']);
  });

  it('CHG-1: refuses far more environments than there are without listing each', () => {
    expect(pathsOf(change({ environments: Array.from({ length: 100_000 }, () => 'moon') }))).toEqual([
      'changes[0].environments',
    ]);
  });

  it('CHG-3: refuses a change in a project without environments', () => {
    expect(checkChangeSet([change()], { ...shop, environments: [] }, everywhere)).toHaveLength(1);
  });

  it('FLG-9: refuses definitions meant to exhaust memory or time', () => {
    let deep: unknown = true;
    for (let depth = 0; depth < 100_000; depth++) {
      deep = { '!': [deep] };
    }
    const items = Array.from({ length: 27 }, () => 1);

    expect(pathsOf(change({ definition: { ...on, targeting: deep as never } }))).toHaveLength(1);
    expect(
      pathsOf(
        change({ definition: { ...on, targeting: { reduce: [items, { merge: [{ var: 'accumulator' }] }, 0] } } }),
      ),
    ).toHaveLength(1);
  });
});

describe('outdatedBases', () => {
  it('names the changes that were made from another state of the flag', () => {
    const changes = [change({ base: '"v0"' }), change({ flag: 'flag-1', base: '"v1"' }), change({ flag: 'flag-2' })];

    expect(outdatedBases(changes, shop).map(({ path }) => path)).toEqual(['changes[0].base']);
  });
});

describe('pinChanges', () => {
  it('CHG-3: spells out the environments, all of the project where none are named', () => {
    const changes = [change(), change({ flag: 'flag-1', environments: ['production', 'staging'] })];

    expect(pinChanges(changes, shop, everywhere).map(({ environments }) => environments)).toEqual([
      ['development', 'staging', 'production'],
      ['staging', 'production'],
    ]);
  });
});

describe('changeSetContent', () => {
  const content = (...changes: TriggerChange[]) => changeSetContent(pinChanges(changes, shop, everywhere));

  it('CHG-1: is the same for the same change, however it was written', () => {
    const reordered = JSON.parse('{"defaultVariant":"on","variants":{"off":false,"on":true},"state":"ENABLED"}');

    expect(content(change({ definition: reordered, environments: ['production', 'staging', 'development'] }))).toBe(
      content(change({ base: '"v1"' })),
    );
  });

  it('CHG-1: differs with definition, environments, flag, and the order of the changes', () => {
    const [first, second] = [change(), change({ flag: 'flag-1' })];
    const contents = [
      content(first),
      content(second),
      content(change({ environments: ['staging'] })),
      content(change({ definition: { ...on, defaultVariant: 'off' } })),
      content(first, second),
      content(second, first),
    ];

    expect(new Set(contents).size).toBe(contents.length);
  });
});
