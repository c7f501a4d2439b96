import { warnOfEmptyVariables } from '../../src/domain/empty-variables';
import { email, http, manual, shopPhases } from './process-fixture';

const valuesIn = new Map([
  ['Mail', ['production']],
  ['Gone', []],
]);
const warningsOf = (...process: Parameters<typeof warnOfEmptyVariables>[0]['process']) =>
  warnOfEmptyVariables({ phases: shopPhases, process }, valuesIn);
const to = ['#{Mail}'];
const noValueIn = (where: string, name = 'Mail', index = 0) => ({
  path: `process[${index}]`,
  message: `names the variable "${name}", which has no value in ${where}: it is empty there`,
});

describe('VAR-6, PIPE-4: a variable that has no value where it is used is warned of', () => {
  it('in templates, bodies and conditions, once for each step', () => {
    expect(
      warningsOf(
        email({ to, body: '#{Mail} and #{Mail}' }),
        manual({ name: 'Nothing', instructions: 'Mail, #{Region}, #{Octopus.Release.Id}' }),
        http({ body: { deep: [{ down: '#{Gone}' }] }, headers: { From: '#{Mail}' } }),
        manual({ name: 'When', runWhen: { expression: "vars['Mail'] != '' || vars[ \"Gone\" ] == ''" } }),
      ),
    ).toEqual([
      noValueIn('staging'),
      noValueIn('staging', 'Mail', 2),
      noValueIn('staging, production', 'Gone', 2),
      noValueIn('staging', 'Mail', 3),
      noValueIn('staging, production', 'Gone', 3),
    ]);
  });

  it.each([
    ['runs where it has one', { environments: ['production'] }],
    ['is kept out of where it has none', { notEnvironments: ['staging'] }],
    ['belongs to a phase that reaches no other environment', { phases: ['everyone'] }],
    ['never runs', { phases: ['everyone'], environments: ['staging'] }],
  ])('but not of a step that %s', (_, where) => {
    expect(warningsOf(email({ to, ...where }))).toEqual([]);
  });

  it('and not where every variable has its value everywhere', () => {
    expect(warnOfEmptyVariables({ phases: shopPhases, process: [email({ to })] }, new Map())).toEqual([]);
  });
});
