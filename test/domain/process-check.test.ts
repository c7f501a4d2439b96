import { DAY, MINUTE } from '../../src/domain/instant';
import type { Json } from '../../src/domain/json';
import type { HttpStep, ManualDeadline, ProcessStep } from '../../src/domain/pipeline';
import { checkProcess, type ProcessFacts } from '../../src/domain/process-check';
import { PROCESS_LIMITS } from '../../src/domain/process-limits';
import { email, http, manual, named, notify, rollOut, shopFacts, shopPhases } from './process-fixture';

const faultsOf = (process: ProcessStep[], facts: ProcessFacts = shopFacts) =>
  checkProcess({ phases: shopPhases, process }, facts);
const pathsOf = (...process: ProcessStep[]) => faultsOf(process).map(({ path }) => path);
const notes = '#{Octopus.Action[Check].Output.Manual.Notes}';

describe('checkProcess', () => {
  it('PIPE-4: takes a sound process as it is', () => {
    const process: ProcessStep[] = [
      manual({
        teams: ['operations'],
        approvals: 2,
        deadline: { afterMs: MINUTE, outcome: 'proceed' },
        environments: ['production'],
        phases: ['everyone'],
        required: true,
      }),
      rollOut(),
      http({
        start: 'with-previous',
        headers: { 'X-Notes': notes, Authorization: 'Bearer #{Region}' },
        body: { notes, list: [notes, 1, null, true] },
        outputs: { id: 'build.id', 'run-url': '/links/run' },
      }),
      email({ to: ['ada@example.com', '#{Octopus.Release.Source.Actor}@example.com'], subject: notes, body: notes }),
      notify({
        text: '#{Octopus.Action[Call].Output.run-url} of #{Action[Call].Output.id}',
        notEnvironments: ['staging'],
      }),
      named('Last', manual({ runWhen: { expression: 'Octopus.Deployment.Error' }, instructions: notes })),
    ];

    expect(faultsOf(process)).toEqual([]);
    expect(faultsOf([])).toEqual([]);
  });

  it('PRO-1: bounds the steps of all deployments together, the implied roll-outs among them', () => {
    const environments = Array.from({ length: 100 }, (_, index) => ({ slug: `region-${index}` }));
    const everywhere = [{ environments: environments.map(({ slug }) => slug), conditions: [] }];
    const faultsOfCalls = (calls: number) =>
      checkProcess(
        {
          phases: shopPhases.map((phase) => ({ ...phase, rules: everywhere })),
          process: Array.from({ length: calls }, (_, index) => http({ name: `Call ${index}` })),
        },
        { ...shopFacts, environments },
      );

    expect(faultsOfCalls(24)).toEqual([]);
    expect(faultsOfCalls(25)).toEqual([
      { path: 'process', message: 'must hold at most 5000 steps in all environments of all phases together' },
    ]);
  });

  it('PIPE-4: lists every fault at once, each with its path', () => {
    const process: ProcessStep[] = [
      manual({ name: 'A[1]', start: 'with-previous', instructions: '', teams: ['ghosts'], approvals: 0 }),
      rollOut({ environments: ['moon'], phases: ['nobody'], tenants: ['acme'] }),
      rollOut({ name: 'ROLL OUT', runWhen: { expression: 'Gone' } }),
      http({ url: 'ftp://x', headers: { Host: 'x' }, body: '#{Gone}', timeoutMs: 0, outputs: { 'a b': 'id', c: '' } }),
      email({ to: ['nobody', '#{Gone}'], subject: 'a\nb', body: '#{' }),
      notify({ url: 'x', text: ' ' }),
    ];

    expect(pathsOf(...process).sort()).toEqual([
      'process[0].approvals',
      'process[0].instructions',
      'process[0].name',
      'process[0].start',
      'process[0].teams[0]',
      'process[1].environments[0]',
      'process[1].phases[0]',
      'process[1].tenants',
      'process[2].kind',
      'process[2].name',
      'process[2].runWhen.expression',
      'process[3].body',
      'process[3].headers.Host',
      'process[3].outputs.a b',
      'process[3].outputs.c',
      'process[3].timeout',
      'process[3].url',
      'process[4].body',
      'process[4].subject',
      'process[4].to[0]',
      'process[4].to[1]',
      'process[5].text',
      'process[5].url',
    ]);
  });

  it('PRO-1: has a bound to its steps, and judges none beyond', () => {
    const steps = Array.from({ length: PROCESS_LIMITS.steps + 1 }, (_, index) => manual({ name: `${index}` }));

    expect(pathsOf(...steps.slice(1))).toEqual([]);
    expect(pathsOf(...steps.slice(0, -1), manual({ instructions: '' }))).toEqual(['process']);
  });
});

describe('names of steps', () => {
  it.each(['Check', 'Prüfe 全員', 'a } b {c}', '# {x}', 'a.b', '__proto__', 'constructor', 'x'.repeat(100)])(
    'PRO-9: takes the name %s',
    (name) => {
      expect(pathsOf(manual({ name }))).toEqual([]);
    },
  );

  it.each(['', ' ', 'a ', ' a', 'a[', 'a]', '#{a', 'a\nb', 'a\u0000', 'a\u202eb', 'a\ud800', 'x'.repeat(101)])(
    'PRO-9: refuses the name %j',
    (name) => {
      expect(pathsOf(manual({ name }))).toEqual(['process[0].name']);
    },
  );

  it('PRO-9: takes no name twice, ignoring case', () => {
    const process = [named('Prüfen', manual()), named('PRÜFEN', http()), named('prüfen', notify())];

    expect(faultsOf(process)).toEqual([
      { path: 'process[1].name', message: 'must be unique, ignoring case: process[0] has the name "PRÜFEN" already' },
      { path: 'process[2].name', message: 'must be unique, ignoring case: process[0] has the name "prüfen" already' },
    ]);
  });
});

describe('order of steps', () => {
  it('PRO-7: takes one roll-out, wherever it stands', () => {
    expect(pathsOf(manual(), rollOut())).toEqual([]);
    expect(pathsOf(rollOut(), manual(), named('Again', rollOut()), named('And again', rollOut()))).toEqual([
      'process[2].kind',
      'process[3].kind',
    ]);
  });

  it('PRO-7: takes no roll-out that would release a phase with nothing in it', () => {
    const faults = (change: Parameters<typeof rollOut>[0]) =>
      faultsOf([named('Before', http()), rollOut(change)]).map(({ path, message }) => `${path} ${message}`);

    expect(faults({ runWhen: 'failure' })).toEqual([
      'process[1].runWhen must be another: where nothing fails before the roll-out, nothing would be released',
    ]);
    expect(faults({ phases: ['everyone'] })).toEqual([
      'process[1].phases must name every phase or none: "staff" would be released with nothing in it',
    ]);
    expect(faults({ environments: ['staging'] })).toEqual([
      'process[1].environments must not leave "production" out: phase "everyone" would be released there with nothing in it',
    ]);
    expect(faults({ notEnvironments: ['staging'] })).toEqual([
      'process[1].notEnvironments must not leave "staging" out: phase "staff" would be released there with nothing in it',
    ]);
  });

  it('PRO-7: takes a roll-out whose limits leave no deployment out, and one that a condition decides', () => {
    const facts = { ...shopFacts, environments: [...shopFacts.environments, { slug: 'moon' }] };
    const process: ProcessStep[] = [
      rollOut({
        environments: ['production', 'staging'],
        notEnvironments: ['moon'],
        phases: ['everyone', 'staff'],
        runWhen: { expression: 'Region' },
      }),
    ];

    expect(faultsOf(process, facts)).toEqual([]);
    expect(pathsOf(rollOut({ runWhen: 'always' }))).toEqual([]);
  });

  it('PRO-2: the first step starts with no other', () => {
    expect(pathsOf(manual({ start: 'with-previous' }))).toEqual(['process[0].start']);
    expect(pathsOf(manual(), http({ start: 'with-previous' }))).toEqual([]);
  });
});

describe('where a step runs', () => {
  it('PRO-2: names environments and phases that exist, each once', () => {
    const where = {
      environments: ['staging', 'moon', 'staging'],
      notEnvironments: ['mars', 'production', 'production'],
      phases: ['staff', 'Staff', 'staff'],
    };

    expect(pathsOf(manual(where))).toEqual([
      'process[0].environments[1]',
      'process[0].environments[2]',
      'process[0].notEnvironments[0]',
      'process[0].notEnvironments[2]',
      'process[0].phases[1]',
      'process[0].phases[2]',
    ]);
  });

  it.each([
    [['staging'], ['staging']],
    [[], ['staging', 'production']],
  ])('PRO-2: runs somewhere: not in %j without %j', (environments, notEnvironments) => {
    expect(pathsOf(manual({ environments, notEnvironments }))).toEqual(['process[0].notEnvironments']);
  });

  it('PRO-2: takes both lists where they leave something', () => {
    expect(pathsOf(manual({ environments: ['staging', 'production'], notEnvironments: ['staging'] }))).toEqual([]);
  });

  it('PRO-2: has no tenants yet', () => {
    expect(faultsOf([manual({ tenants: ['acme'] })])).toEqual([
      { path: 'process[0].tenants', message: 'must be empty: there are no tenants yet' },
    ]);
  });

  it('PIPE-4: reads no list that is too long', () => {
    expect(pathsOf(manual({ environments: Array.from({ length: 100_000 }, () => 'moon') }))).toEqual([
      'process[0].environments',
    ]);
  });
});

describe('run conditions', () => {
  it('PRO-3: are judged with the names that can exist at the step', () => {
    const expression = 'Octopus.Action[Check].Output.Manual.Notes';

    expect(pathsOf(manual(), http({ runWhen: { expression } }))).toEqual([]);
    expect(pathsOf(manual(), http({ runWhen: { expression }, start: 'with-previous' }))).toEqual([
      'process[1].runWhen.expression',
    ]);
    expect(faultsOf([http({ runWhen: { expression } })])).toEqual([
      { path: 'process[0].runWhen.expression', message: 'must be the name of a variable (character 5)' },
    ]);
  });

  it.each(['success', 'failure', 'always'] as const)('PRO-8: may be %s', (runWhen) => {
    expect(pathsOf(manual({ runWhen }))).toEqual([]);
  });
});

describe('manual steps', () => {
  it('INT-6: ask for no more people than there are', () => {
    const messagesOf = (change: Parameters<typeof manual>[0]) =>
      faultsOf([manual(change)]).map(({ message }) => message);

    expect(messagesOf({ approvals: 2 })).toEqual([]);
    expect(messagesOf({ approvals: 3 })).toEqual(['asks for 3, but only 2 could submit: holders of DeploymentCreate']);
    // Olga is in both teams.
    expect(messagesOf({ approvals: 3, teams: ['operations', 'on-call'] })).toEqual([
      'asks for 3, but only 2 could submit: members of operations or on-call who hold InterruptionSubmit',
    ]);
    expect(messagesOf({ teams: ['empty'] })).toHaveLength(1);
  });

  it('INT-6, INT-3: ask for no more members than may answer, those of teams it escalates to among them', () => {
    const facts = { ...shopFacts, submitters: ['ada', 'grace'] };
    const who = 'could submit: members of';

    expect(faultsOf([manual({ teams: ['operations'] })], facts)).toEqual([]);
    expect(faultsOf([manual({ teams: ['operations'], approvals: 2 })], facts)).toEqual([
      { path: 'process[0].approvals', message: `asks for 2, but only 1 ${who} operations who hold InterruptionSubmit` },
    ]);
    expect(
      faultsOf([manual({ deadline: { afterMs: 1, outcome: 'escalate', escalateTo: ['on-call'] } })], facts),
    ).toEqual([
      {
        path: 'process[0].deadline.escalateTo',
        message: `asks for 1, but only 0 ${who} on-call who hold InterruptionSubmit`,
      },
    ]);
  });

  it.each([0, -1, 1.5, NaN, Infinity, PROCESS_LIMITS.approvals + 1])('INT-6: refuse %p approvals', (approvals) => {
    expect(
      pathsOf(manual({ approvals, deadline: { afterMs: 1, outcome: 'escalate', escalateTo: ['on-call'] } })),
    ).toEqual(['process[0].approvals']);
  });

  it.each(['', ' ', '\n\t'])('PRO-9: refuse the instructions %j', (instructions) => {
    expect(pathsOf(manual({ instructions }))).toEqual(['process[0].instructions']);
  });

  it.each([0, -1, 0.5, NaN, 366 * DAY + 1])('INT-6: refuse a deadline of %p ms', (afterMs) => {
    expect(pathsOf(manual({ deadline: { afterMs, outcome: 'abort' } }))).toEqual(['process[0].deadline.after']);
  });

  it.each<[ManualDeadline | object, string[]]>([
    [{ afterMs: 1, outcome: 'escalate', escalateTo: ['on-call'] }, []],
    [{ afterMs: 1, outcome: 'escalate', escalateTo: [] }, ['process[0].deadline.escalateTo']],
    [{ afterMs: 1, outcome: 'escalate', escalateTo: ['ghosts', 'on-call'] }, ['process[0].deadline.escalateTo[0]']],
    [{ afterMs: 1, outcome: 'escalate', escalateTo: ['empty'] }, ['process[0].deadline.escalateTo']],
    [{ afterMs: 1, outcome: 'abort', escalateTo: ['on-call'] }, ['process[0].deadline.escalateTo']],
    [{ afterMs: 1, outcome: 'proceed', escalateTo: [] }, ['process[0].deadline.escalateTo']],
  ])('INT-6: escalate to teams that could answer, and only then name them: %j', (deadline, paths) => {
    expect(pathsOf(manual({ deadline: deadline as ManualDeadline }))).toEqual(paths);
  });
});

describe('templates', () => {
  it('VAR-3: name what can exist at the step, each fault with its place', () => {
    const instructions = `Look at #{Region}, #{region}\n#{Octopus.Release.Version[payments]} #{Octopus.Action[Call].Output.id} #{}`;

    expect(faultsOf([manual({ instructions }), http({ outputs: { id: 'id' } })])).toEqual([
      {
        path: 'process[0].instructions',
        message: 'names the variable "region", which does not exist: did you mean "Region"? (character 20)',
      },
      {
        path: 'process[0].instructions',
        message: 'names the variable "Octopus.Action[Call].Output.id", and step "Call" comes later (character 67)',
      },
      { path: 'process[0].instructions', message: 'has a #{} without a name (character 101)' },
    ]);
  });

  it('VAR-3: know only what an earlier step says it saves', () => {
    const text =
      '#{Octopus.Action[Call].Output.id} #{Octopus.Action[Call].Output.Manual.Notes} #{Octopus.Action[call].Output.id}';

    expect(faultsOf([http({ outputs: { id: 'id' } }), notify({ text })]).map(({ message }) => message)).toEqual([
      'names the variable "Octopus.Action[Call].Output.Manual.Notes", and step "Call", which is an http one, has no output "Manual.Notes": it has id (character 35)',
      'names the variable "Octopus.Action[call].Output.id", which does not exist: did you mean "Octopus.Action[Call].Output.id"? (character 79)',
    ]);
  });

  it('PIPE-4: are told their first twenty faults', () => {
    expect(pathsOf(manual({ instructions: '#{Gone}#{}#{'.repeat(1_000) }))).toHaveLength(20);
  });

  it('PIPE-4: have bounds', () => {
    const long = 'x'.repeat(PROCESS_LIMITS.templateLength + 1);

    expect(
      pathsOf(
        manual({ instructions: long }),
        http({ body: long, headers: { A: long } }),
        email({ subject: 'x'.repeat(PROCESS_LIMITS.subjectLength + 1), body: long, to: [long] }),
        notify({ text: long, url: `https://${long}` }),
      ),
    ).toEqual([
      ...['process[0].instructions', 'process[1].headers.A', 'process[1].body'],
      ...['process[2].to[0]', 'process[2].subject', 'process[2].body', 'process[3].url', 'process[3].text'],
    ]);
    expect(pathsOf(manual({ instructions: 'a\u0000' }), notify({ text: 'a\u001b[31m' }))).toHaveLength(2);
    expect(pathsOf(manual({ instructions: 'a\tb\r\nc' }))).toEqual([]);
  });
});

describe('http steps', () => {
  const faultsOfHttp = (change: Partial<HttpStep>) => faultsOf([http(change)]).map(({ path }) => path.slice(11));

  it('PRO-5: call an address that may be called, and no variable leads elsewhere', () => {
    expect(faultsOf([http({ url: 'http://build.example.com' })])[0]?.message).toBe('must be https');
    expect(faultsOf([http({ url: 'https://#{Region}.example.com' })])[0]?.message).toBe('must hold no variables');
    expect(faultsOfHttp({ url: '' })).toEqual(['url']);
  });

  it.each(['https://ada:geheim@build.example.com', 'https:ada@build.example.com', 'HTTP://ada@build.example.com/x@y'])(
    'PRO-9: say where a password belongs that stands in %s',
    (url) => {
      expect(faultsOf([http({ url })])).toEqual([
        {
          path: 'process[0].url',
          message: 'must hold no user and no password: send it in a header, from a sensitive variable',
        },
      ]);
      expect(faultsOf([notify({ url })])[0]?.message).toContain('must hold no user and no password');
      expect(faultsOfHttp({ url: 'https://build.example.com/x@y?z=a@b' })).toEqual([]);
    },
  );

  it.each([1, 15 * MINUTE])('PRO-5: take a time limit of %p ms', (timeoutMs) => {
    expect(faultsOfHttp({ timeoutMs })).toEqual([]);
  });

  it.each([0, -1, 0.5, NaN, 15 * MINUTE + 1])('PRO-5: refuse a time limit of %p ms', (timeoutMs) => {
    expect(faultsOfHttp({ timeoutMs })).toEqual(['timeout']);
  });

  it.each([
    ...['Host', 'content-length', 'Transfer-Encoding', 'CONNECTION', 'Idempotency-Key', 'expect', 'a b', 'a:', 'ü', ''],
    ...['Proxy-Authorization', 'proxy-connection', 'Keep-Alive', 'TE', 'Trailer', 'Upgrade'],
    ...['a\r\nb', 'x'.repeat(101)],
  ])('PRO-5: refuse the header %j', (name) => {
    expect(faultsOfHttp({ headers: { [name]: 'x' } })).toEqual([`headers.${name.slice(0, 100)}`]);
  });

  it.each(['a\r\nX: y', 'a\nb', 'a\u0000', 'ü', '😀', '#{Gone}', '#{'])(
    'PRO-5: refuse a header that says %j',
    (value) => {
      expect(faultsOfHttp({ headers: { 'X-Value': value } })).toEqual(['headers.X-Value']);
    },
  );

  it('PRO-5: take no header twice, ignoring case, and only so many', () => {
    const many = Object.fromEntries(
      Array.from({ length: PROCESS_LIMITS.headers + 1 }, (_, index) => [`x-${index}`, '']),
    );

    expect(faultsOfHttp({ headers: { 'X-A': '1', 'x-a': '2' } })).toEqual(['headers.x-a']);
    expect(faultsOfHttp({ headers: many })).toEqual(['headers']);
    expect(faultsOfHttp({ headers: JSON.parse('{"__proto__":"x"}') as Record<string, string> })).toEqual([
      'headers.__proto__',
    ]);
  });

  it('VAR-3: takes the name of a step in a header that nothing but ASCII is sent in', () => {
    const process = [
      named('Prüfen', manual()),
      http({ headers: { A: '#{Octopus.Action[Prüfen].Output.Manual.Notes}' } }),
    ];

    expect(faultsOf(process)).toEqual([]);
  });

  it.each<[Json, string[]]>([
    ['#{Gone}', ['body']],
    [{ a: ['x', { b: '#{Gone}' }], c: '#{' }, ['body.a[1].b', 'body.c']],
    [{ '#{Gone}': 1 }, []],
    [JSON.parse('{"a":{"__proto__":{"x":1}}}') as Json, ['body.a.__proto__']],
    [{ a: 'x'.repeat(PROCESS_LIMITS.templateLength) }, ['body']],
  ])('VAR-3: looks into every text of the body %j', (body, paths) => {
    expect(faultsOfHttp({ body })).toEqual(paths);
  });

  it.each([33, 9_000, 400_000])('PIPE-4: refuses a body of %p lists inside one another', (depth) => {
    expect(faultsOfHttp({ body: JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as Json })).toEqual(['body']);
  });

  it('PRO-5: a GET has no body', () => {
    expect(faultsOfHttp({ method: 'GET', body: {} })).toEqual(['body']);
    expect(faultsOfHttp({ method: 'GET' })).toEqual([]);
    expect(faultsOfHttp({ method: 'DELETE', body: 0 })).toEqual([]);
  });

  it.each(['', 'a b', 'ü', 'a.b', 'a]', '_a', '__proto__', 'x'.repeat(101)])('VAR-2: refuse the output %j', (name) => {
    const outputs = JSON.parse(`{${JSON.stringify(name)}:"id"}`) as Record<string, string>;

    expect(faultsOfHttp({ outputs })).toEqual([`outputs.${name.slice(0, 100)}`]);
  });

  it('VAR-2: save only so many outputs', () => {
    const outputs = Object.fromEntries(
      Array.from({ length: PROCESS_LIMITS.outputs + 1 }, (_, index) => [`o${index}`, 'id']),
    );

    expect(faultsOfHttp({ outputs })).toEqual(['outputs']);
  });
});

describe('email steps', () => {
  it.each([
    ...['ada@example.com', "o'hara+x@mail.example.co", 'ada@localhost', 'olga@bücher.example'],
    ...['#{Region}', '#{Region}@example.com'],
  ])('take %s', (to) => {
    expect(pathsOf(email({ to: [to] }))).toEqual([]);
  });

  it.each([
    ...[
      '',
      'ada',
      'ada@',
      '@example.com',
      ' ada@example.com',
      'Ada <ada@example.com>',
      'ada@example.com,eve@example.com',
    ],
    ...['ada@example.com\r\nBcc: eve@example.com', 'a..b@example.com', '.a@example.com', 'ada@-x.com', 'ada@x..com'],
    ...['ada@127.0.0.1', 'ada@x.com\tBcc', 'ada@ex%61mple.com', `ada@${'x'.repeat(64)}.com`],
    ...['ü@example.com', `${'x'.repeat(65)}@example.com`, `a@${'x.'.repeat(130)}com`, '#{Region}\n', '#{Gone}'],
  ])('VAR-4: refuse the recipient %j', (to) => {
    expect(pathsOf(email({ to: [to] }))).toEqual(['process[0].to[0]']);
  });

  it('VAR-4: name no sensitive variable as a recipient, which no mail holds, and may in what is masked', () => {
    const step = email({ to: ['#{Region}@x.com', '#{Secret}@x.com'], subject: '#{Secret}', body: '#{Secret}' });

    expect(checkProcess({ phases: shopPhases, process: [step] }, shopFacts)).toEqual([
      {
        path: 'process[0].to[1]',
        message: 'must not name the variable "Secret": it is sensitive, and no mail holds it',
      },
    ]);
  });

  it('PIPE-4: have recipients, and only so many', () => {
    expect(pathsOf(email({ to: [] }))).toEqual(['process[0].to']);
    expect(pathsOf(email({ to: Array.from({ length: 100_000 }, () => 'ada@example.com') }))).toEqual(['process[0].to']);
  });

  it.each(['', ' ', 'a\r\nBcc: eve@example.com', 'a\u2028b'])('VAR-4: refuse the subject %j', (subject) => {
    expect(pathsOf(email({ subject }))).toEqual(['process[0].subject']);
  });
});
