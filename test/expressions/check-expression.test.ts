import { checkExpression } from '../../src/expressions/check-expression';

const names = new Set([
  'Region',
  'Octopus.Deployment.Error',
  'Octopus.Action[Build "it"].Output.number',
  'Octopus.Action[Check].Output.Manual.Approved',
]);
const faultOf = (expression: string) =>
  checkExpression(expression, { has: (name) => names.has(name), whyNot: (name) => `names ${name}, which is none` });

describe('checkExpression', () => {
  it.each([
    'vars["Region"] == "eu"',
    "vars['Octopus.Deployment.Error'] == ''",
    'vars["Octopus.Action[Check].Output.Manual.Approved"] == "True"',
    'vars["Action[Check].Output.Manual.Approved"] == "True"',
    'int(vars["Action[Build \\"it\\"].Output.number"]) >= 7',
    'vars["Region"] in ["eu", "us"] && !vars["Region"].startsWith("e")',
    'vars["Region"].trim().lowerAscii().contains("e") ? size(vars["Region"]) > 1 : false',
    '-1.5 * 2.0 < double(vars["Region"]) || bool(vars["Region"])',
    'true',
  ])('PRO-3: takes %s', (expression) => {
    expect(faultOf(expression)).toBeNull();
  });

  it.each([
    ['vars["Gone"] == ""', 'Gone', 5],
    ['vars["region"] == ""', 'region', 5],
    ['true || vars["__proto__"] == ""', '__proto__', 13],
    ['vars["constructor"] == ""', 'constructor', 5],
  ])('VAR-3: refuses %s, which names %s', (expression, name, position) => {
    expect(faultOf(expression)).toEqual({ message: `names ${name}, which is none`, position });
  });

  it.each([
    ['size(vars["Region"])', 'must answer true or false, and answers int', 0],
    ['vars["Region"]', 'must answer true or false, and answers string', 0],
    ['[true]', 'must answer true or false, and answers list<bool>', 0],
    [
      '"x" == vars["Region"] && vars["Region"] == 1',
      'must be an expression: no such overload: string == int; variables are texts, int() and double() make numbers of them',
      25,
    ],
    ['vars["Region"] ==', 'must be an expression: Unexpected token: EOF', 17],
    ['', 'must be an expression: Unexpected token: EOF', 0],
    ['__proto__ == ""', 'must be an expression: Reserved identifier: __proto__', 0],
    ['int(true) == 1', "must be an expression: found no matching overload for 'int(bool)'", 0],
    ['true == 😀', 'must be an expression: Unexpected character: \ufffd', 8],
  ])('PRO-3: refuses what is not answered by true or false: %s', (expression, message, position) => {
    expect(faultOf(expression)).toEqual({ message, position });
  });

  it.each([
    'vars.Region == "eu"',
    'vars["Reg" + "ion"] == "eu"',
    'vars[vars["Region"]] == "eu"',
    'vars == vars',
    'size(vars) > 0',
    '"Region" in vars',
    'vars["Region"][0] == "e"',
    'Region == "eu"',
    'process == "eu"',
    'constructor == "eu"',
    'google.protobuf.Duration == google.protobuf.Duration',
    'cel == cel',
  ])('PRO-3: knows of nothing but variables, each spelled out: %s', (expression) => {
    expect(faultOf(expression)?.message).toMatch(/^must (have no fields|name variables as|use \[ \] only)/);
  });

  it.each([
    'vars["Region"].matches("(a+)+$")',
    '[1, 2].all(x, x > 0)',
    '[1, 2].exists(x, x > 0)',
    '[1, 2].exists_one(x, x > 0)',
    '[1, 2].map(x, x + 1) == [2, 3]',
    '[1, 2].filter(x, x > 1) == [2]',
    'has(vars.Region)',
    'cel.bind(x, vars["Region"], x == x)',
    'timestamp("2026-11-26T00:00:00Z").getHours("America/New_York") == 1',
    'duration("1h") == duration("60m")',
    'bytes("a").json() == bytes("a").json()',
    '"a,b".split(",") == ["a", "b"]',
    '["a"].join(",") == "a"',
    'type(1) == int',
    'dyn(1) == 1',
    'require("fs") == 1',
    '"a".constructor("return 1") == 1',
    '"a".toString() == "a"',
    'wholeNumber("1") == 1',
  ])('PRO-3: has no function that loops, runs long or reaches the machine: %s', (expression) => {
    expect(faultOf(expression)?.message).toMatch(/^must not use /);
  });

  it.each(['b"a" == b"a"', '1u == 1u', 'null == null', '{"a": 1} == {}'])(
    'PRO-3: has no value like %s',
    (expression) => {
      expect(faultOf(expression)?.message).toMatch(/^must hold no /);
    },
  );

  it.each([
    ['many nodes', 'true' + ' || true'.repeat(123)],
    ['the most characters', `"${'x'.repeat(990)}" == ""`],
  ])('PRO-3: takes an expression of %s', (_, expression) => {
    expect(faultOf(expression)).toBeNull();
  });

  it.each([
    ['brackets', `${'('.repeat(400)}true${')'.repeat(400)}`],
    ['lists', `${'['.repeat(400)}${']'.repeat(400)} == []`],
    ['negations', `${'!'.repeat(900)}true`],
    ['signs', `${'-'.repeat(900)}1 == 1`],
    ['choices', `${'true ? '.repeat(60)}true${' : true'.repeat(60)}`],
    ['calls', `${'int('.repeat(200)}1${')'.repeat(200)} == 1`],
    ['indexes', `vars${'["a"]'.repeat(190)} == ""`],
    ['operators', `1${' + 1'.repeat(240)} == 1`],
    ['unclosed brackets', '('.repeat(1_000)],
    ['characters', `"${'x'.repeat(1_000)}" == ""`],
    ['megabytes', '('.repeat(5_000_000)],
  ])('PRO-3: refuses too many %s', (_, expression) => {
    expect(faultOf(expression)).toMatchObject({ message: expect.stringMatching(/Exceeded|at most 1000|use \[ \]/) });
  });
});
