import {
  changeSetContent,
  checkChangeSet,
  CHANGE_SET_LIMITS,
  outdatedBases,
  pinChanges,
  type ChangeSetFacts,
  type TriggerChange,
  type TriggerFlagChange,
  type TriggerServiceChange,
} from '../../src/domain/change-set';
import type { FlagDefinition } from '../../src/domain/flag';
import type { Condition, Phase, Pipeline } from '../../src/domain/pipeline';

const on: FlagDefinition = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' };

const shop: ChangeSetFacts = {
  environments: ['development', 'staging', 'production'],
  services: new Map([
    ['payments', { endpoints: ['staging', 'production'], hasSecret: true }],
    ['stock', { endpoints: ['development'], hasSecret: true }],
    ['mail', { endpoints: [], hasSecret: true }],
  ]),
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
const version = (more: Partial<TriggerServiceChange> = {}): TriggerServiceChange => ({
  service: 'payments',
  version: '1.4.2',
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

  it('CHG-1: takes flags and versions together, a flag and a service of one name, too', () => {
    const flags = new Map([...shop.flags, ['payments', { kind: 'gate' as const, etag: '"v1"' }] as const]);

    expect(checkChangeSet([change({ flag: 'payments' }), version(), change()], { ...shop, flags }, everywhere)).toEqual(
      [],
    );
  });

  it('CHG-1: refuses a flag or a service that the set changes already', () => {
    expect(pathsOf(change(), version(), change(), version({ version: '2' }))).toEqual([
      'changes[2].flag',
      'changes[3].service',
    ]);
  });

  it('CHG-1: refuses an unknown service', () => {
    expect(pathsOf(change(), version({ service: 'ghost' }))).toEqual(['changes[1].service']);
  });

  it.each([
    ['empty', ''],
    ['blank', ' \u00a0 '],
    ['broken over two lines', '1.4\n2'],
    ['with a null', '1.4\u0000'],
    ['with an escape', '\u001b[31m1.4'],
    ['with a delete', '1.4\u007f'],
    ['too long', 'x'.repeat(CHANGE_SET_LIMITS.versionLength + 1)],
  ])('CHG-1: refuses a version that is %s', (_, of) => {
    expect(pathsOf(version({ version: of }))).toEqual(['changes[0].version']);
  });

  it.each(['1.4.2', 'sha256:4c82cf3', 'release/2026 January', 'é語🚀', 'x'.repeat(CHANGE_SET_LIMITS.versionLength)])(
    'CHG-1: takes the version %s',
    (of) => {
      expect(pathsOf(version({ version: of }))).toEqual([]);
    },
  );

  it('CHG-2: refuses a service that no rule without conditions would deploy, and says where both would go', () => {
    expect(checkChangeSet([change(), version({ service: 'stock' })], shop, everywhere)).toEqual([
      {
        path: 'changes[1].service',
        message: expect.stringMatching(/has endpoints in development, and .* name staging, production$/) as string,
      },
    ]);
    expect(pathsOf(version({ service: 'mail' }))).toEqual(['changes[0].service']);
  });

  it('CHG-2: rules with conditions deploy no service', () => {
    const narrow = { phases: everywhere.phases.slice(0, 1) };

    expect(checkChangeSet([version()], shop, narrow)).toMatchObject([
      { path: 'changes[0].service', message: expect.stringMatching(/name none$/) as string },
    ]);
    expect(checkChangeSet([change()], shop, narrow)).toEqual([]);
  });

  it('CHG-2: refuses a service whose change leaves out every environment that it would be deployed to', () => {
    const production = { phases: [{ ...phase('all'), rules: [{ environments: ['production'], conditions: [] }] }] };

    expect(checkChangeSet([version({ environments: ['staging'] })], shop, production)).toMatchObject([
      { path: 'changes[0].service' },
    ]);
  });

  it('CHG-3: refuses environments that do not exist, come twice or have no endpoint of the service', () => {
    expect(pathsOf(version({ environments: ['moon', 'staging', 'staging'] }))).toEqual([
      'changes[0].environments[0]',
      'changes[0].environments[2]',
    ]);
    expect(pathsOf(version({ environments: [] }))).toEqual(['changes[0].environments']);
    expect(pathsOf(version({ environments: ['production', 'development'] }))).toEqual(['changes[0].environments[1]']);
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

  it('CHG-1: services are made from nothing, and keep the place of others', () => {
    expect(outdatedBases([version(), change({ base: '"v0"' })], shop).map(({ path }) => path)).toEqual([
      'changes[1].base',
    ]);
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

  it('CHG-2, CHG-3: pins a version where it has an endpoint and the pipeline brings it, less what the change leaves out', () => {
    const changes = [change(), version(), version({ service: 'payments', environments: ['production'] })];

    expect(pinChanges(changes, shop, everywhere).slice(1)).toEqual([
      { service: 'payments', version: '1.4.2', environments: ['staging', 'production'] },
      { service: 'payments', version: '1.4.2', environments: ['production'] },
    ]);
  });

  it('CHG-3: pins environments in the order of the project, not in that of the rules or the change', () => {
    const backwards = {
      phases: [{ ...phase('all'), rules: [{ environments: ['production', 'staging'], conditions: [] }] }],
    };

    expect(pinChanges([version({ environments: ['production', 'staging'] })], shop, backwards)).toMatchObject([
      { environments: ['staging', 'production'] },
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

  it('WHK-1: refuses a service that nothing can be signed for', () => {
    const services = new Map([['payments', { endpoints: ['production'], hasSecret: false }]]);

    const faults = checkChangeSet([{ service: 'payments', version: '2' }], { ...shop, services }, everywhere);

    expect(faults).toEqual([
      { path: 'changes[0].service', message: 'names "payments", which has no secret to sign with yet' },
    ]);
  });

  it('CHG-1: differs with service, version, environments, and the place among flags', () => {
    const services = new Map([
      ...shop.services,
      ['search', { endpoints: ['staging', 'production'], hasSecret: true }] as const,
    ]);
    const facts = { ...shop, services };
    const contentOf = (...changes: TriggerChange[]) => changeSetContent(pinChanges(changes, facts, everywhere));
    const contents = [
      contentOf(version()),
      contentOf(version({ service: 'search' })),
      contentOf(version({ version: '1.4.3' })),
      contentOf(version({ version: '1.4.2 ' })),
      contentOf(version({ environments: ['staging'] })),
      contentOf(version(), change()),
      contentOf(change(), version()),
    ];

    expect(new Set(contents).size).toBe(contents.length);
  });

  it('CHG-1: is the same for a version wherever its environments were left out or spelled out', () => {
    expect(content(version({ environments: ['production', 'staging'] }))).toBe(content(version()));
  });
});
