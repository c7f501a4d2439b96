import type { Pipeline, Phase, Review } from '../../src/domain/pipeline';
import { DAY, HOUR } from '../../src/domain/instant';
import { checkPipeline, PIPELINE_LIMITS, type PipelineFacts } from '../../src/domain/pipeline-check';
import { named, notify } from './process-fixture';

const shop: PipelineFacts = {
  environments: [
    { slug: 'development', requiresPipeline: false, requiresReview: false },
    { slug: 'staging', requiresPipeline: true, requiresReview: false },
    { slug: 'production', requiresPipeline: true, requiresReview: false },
  ],
  teams: new Map([
    ['operations', ['ada', 'bob']],
    ['on-call', ['bob', 'cleo']],
    ['empty', []],
  ]),
  approvers: ['ada', 'bob'],
  deployers: [],
  submitters: [],
  variables: [],
  sensitive: [],
  valuesIn: new Map(),
  services: [],
  checkExpression: () => null,
  endpointFault: () => null,
};

const review = (change: Partial<Review> = {}): Review => ({
  teams: [],
  approvals: 1,
  authorMayApprove: false,
  deadline: null,
  ...change,
});

const phase = (change: Partial<Phase> = {}): Phase => ({
  name: 'everyone',
  bakeMs: HOUR,
  requiredReview: null,
  rules: [{ environments: ['staging', 'production'], conditions: [] }],
  ...change,
});

const pipeline = (...phases: Phase[]): Pipeline => ({
  phases,
  process: [],
  guidedFailure: false,
  onFailure: 'hold',
  reasonRequired: [],
});

const faultsOf = (checked: Pipeline, facts = shop) => checkPipeline(checked, facts).faults;
const pathsOf = (checked: Pipeline, facts = shop) => faultsOf(checked, facts).map(({ path }) => path);

describe('checkPipeline', () => {
  it('PIPE-4: takes a sound definition as it is', () => {
    expect(checkPipeline(pipeline(phase({ requiredReview: review() })), shop)).toEqual({ faults: [], warnings: [] });
  });

  it('PIPE-4: lists every fault at once, each with its path', () => {
    const broken: Pipeline = {
      ...pipeline(
        phase({ name: 'all', bakeMs: -1 }),
        phase({
          name: 'all',
          requiredReview: review({ teams: ['operations', 'ghosts'], approvals: 0 }),
          rules: [
            { environments: [], conditions: [] },
            {
              environments: ['moon', 'staging', 'staging'],
              conditions: [{ attribute: 'age', operator: '<', values: [true] }],
            },
          ],
        }),
        phase({ name: 'last', rules: [] }),
      ),
      reasonRequired: ['abort', 'abort'],
    };

    expect(pathsOf(broken).sort()).toEqual([
      'phases[0].bake',
      'phases[1].name',
      'phases[1].requiredReview.approvals',
      'phases[1].requiredReview.teams[1]',
      'phases[1].rules[0].environments',
      'phases[1].rules[1].conditions[0].values[0]',
      'phases[1].rules[1].environments[0]',
      'phases[1].rules[1].environments[2]',
      'phases[2].rules',
      'reasonRequired[1]',
    ]);
  });

  it('PIPE-4: refuses an empty phase list', () => {
    expect(pathsOf(pipeline())).toEqual(['phases']);
  });

  it.each([-1, 0.5, NaN, Infinity, 366 * DAY + 1, 1e300])('PIPE-4: refuses a bake of %p ms', (bakeMs) => {
    expect(pathsOf(pipeline(phase({ bakeMs })))).toEqual(['phases[0].bake']);
  });

  it.each([0, -1, NaN, 367 * DAY])('PIPE-4: refuses a review deadline of %p ms', (afterMs) => {
    const deadline = { afterMs, outcome: 'abort' as const };

    expect(pathsOf(pipeline(phase({ requiredReview: review({ deadline }) })))).toEqual([
      'phases[0].requiredReview.deadline.after',
    ]);
  });

  it.each([0, 366 * DAY])('PIPE-4: accepts a bake of %p ms', (bakeMs) => {
    expect(faultsOf(pipeline(phase({ bakeMs })))).toEqual([]);
  });

  it.each([
    ['empty', ''],
    ['with a space at its end', 'all '],
    ['of spaces', '   '],
    ['with a line break', 'a\nb'],
    ['with NUL', 'a\u0000b'],
    ['that turns the direction of writing', 'a\u202eb'],
    ['with half a character', 'a\ud800b'],
    ['too long', 'x'.repeat(PIPELINE_LIMITS.nameLength + 1)],
    ['a megabyte long', 'x'.repeat(1_000_000)],
  ])('PIPE-4: refuses a name that is %s', (_, name) => {
    expect(pathsOf(pipeline(phase({ name })))).toEqual(['phases[0].name']);
  });

  it.each(['Alle', '全員', 'über 10 %', '👩‍🚀 first', '😀'.repeat(PIPELINE_LIMITS.nameLength)])(
    'PIPE-4: accepts the name %s',
    (name) => {
      expect(faultsOf(pipeline(phase({ name })))).toEqual([]);
    },
  );

  it('PIPE-4: bounds phases, rules, environments, teams and values without reading what lies beyond', () => {
    const rule = { environments: ['staging'], conditions: [] };
    const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
    const values = many(450, 1);
    const condition = { attribute: 'tier', operator: 'in' as const, values };

    expect(pathsOf(pipeline(...many(51, 0).map((_, index) => phase({ name: `p${index}` }))))).toEqual(['phases']);
    expect(pathsOf(pipeline(phase({ rules: many(51, rule) })))).toEqual(['phases[0].rules']);
    expect(pathsOf(pipeline(phase({ rules: [{ ...rule, environments: many(100_000, 'moon') }] })))).toEqual([
      'phases[0].rules[0].environments',
    ]);
    expect(pathsOf(pipeline(phase({ rules: many(23, { ...rule, conditions: [condition] }) })))).toEqual(['phases']);
    expect(pathsOf(pipeline(phase({ requiredReview: review({ teams: many(100_000, 'ghosts') }) })))).toEqual([
      'phases[0].requiredReview.teams',
    ]);
  });

  it('PIPE-4: shows no more than a line of a name in a message', () => {
    const rules = [{ environments: ['x'.repeat(500_000)], conditions: [] }];

    expect(faultsOf(pipeline(phase({ rules })))[0]?.message.length).toBeLessThan(200);
  });

  describe('a review that nobody or too few could give (PIPE-4)', () => {
    it.each([
      ['nobody holds the right', review(), { ...shop, approvers: [] }],
      ['the team is empty', review({ teams: ['empty'] }), shop],
      ['two teams share a person', review({ teams: ['operations', 'on-call'], approvals: 4 }), shop],
    ])('is refused: %s', (_, requiredReview, facts) => {
      expect(pathsOf(pipeline(phase({ requiredReview })), facts)).toEqual(['phases[0].requiredReview.approvals']);
    });

    it.each([['a person in two teams counts once', review({ teams: ['operations', 'on-call'], approvals: 3 }), shop]])(
      'is accepted: %s',
      (_, requiredReview, facts) => {
        expect(faultsOf(pipeline(phase({ requiredReview })), facts)).toEqual([]);
      },
    );
  });

  it('PIPE-8: refuses each phase that reaches an environment requiring a review without one', () => {
    const facts = {
      ...shop,
      environments: shop.environments.map((environment) => ({
        ...environment,
        requiresReview: environment.slug === 'production',
      })),
    };

    const checked = pipeline(
      phase({ name: 'staging', rules: [{ environments: ['staging'], conditions: [] }] }),
      phase({ name: 'few' }),
      phase({ name: 'all', requiredReview: review() }),
    );

    expect(pathsOf(checked, facts)).toEqual(['phases[1].requiredReview']);
  });

  describe('warnings', () => {
    const warningsOf = (...phases: Phase[]) => checkPipeline(pipeline(...phases), shop).warnings;

    it('REL-24: warns of environments that no phase releases to everybody', () => {
      const conditions = [{ attribute: null, operator: 'percentage' as const, values: [10] }];

      const warnings = warningsOf(phase({ rules: [{ environments: ['production'], conditions }] }));

      expect(warnings).toEqual([
        { path: 'phases', message: expect.stringMatching(/nobody in "staging"/) },
        { path: 'phases', message: expect.stringMatching(/not everybody in "production"/) },
      ]);
    });

    it('CHG-3: warns of a rule that names an environment opted out of pipelines', () => {
      const rules = [{ environments: ['development', 'staging', 'production'], conditions: [] }];

      expect(warningsOf(phase({ rules }))).toEqual([
        { path: 'phases', message: expect.stringMatching(/"development" is opted out/) },
      ]);
    });

    it('PRO-2: warns of steps that no deployment runs', () => {
      const phases = [
        phase({ name: 'staff', rules: [{ environments: ['staging'], conditions: [] }] }),
        phase({ rules: [{ environments: ['production'], conditions: [] }] }),
      ];
      const process = [
        named('never', notify({ phases: ['staff'], environments: ['production'] })),
        named('not there', notify({ phases: ['everyone'], notEnvironments: ['production'] })),
        named('nowhere', notify({ environments: ['development'] })),
        named('once', notify({ phases: ['staff', 'everyone'], environments: ['production'] })),
        named('always', notify()),
      ];

      const { faults, warnings } = checkPipeline({ ...pipeline(...phases), process }, shop);

      expect(faults).toEqual([]);
      expect(warnings.map(({ path }) => path)).toEqual(['process[0]', 'process[1]', 'process[2]']);
      expect(warnings[0]?.message).toMatch(/never runs/);
    });

    it('are left out where the definition is refused', () => {
      expect(warningsOf(phase({ bakeMs: -1, rules: [{ environments: ['staging'], conditions: [] }] }))).toEqual([]);
    });
  });
});
