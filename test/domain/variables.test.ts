import { faultOfOutputPath, valueAt } from '../../src/domain/output-path';
import type { HttpStep, ManualStep, ProcessStep } from '../../src/domain/pipeline';
import {
  BUILT_IN,
  builtInValues,
  canonicalName,
  emptyOutputsOf,
  faultOfVariableName,
  manualOutputs,
  namesAt,
  outputNamesOf,
  type ManualOutcome,
  type Submission,
} from '../../src/domain/variables';

const base = {
  environments: [],
  notEnvironments: [],
  phases: [],
  tenants: [],
  runWhen: 'success' as const,
  start: 'after-previous' as const,
  required: false,
};

const manual = (name: string, change: Partial<ManualStep> = {}): ManualStep => ({
  ...{ ...base, kind: 'manual', name, instructions: 'Look.', teams: [], notesRequired: false, approvals: 1 },
  ...{ authorMaySubmit: true, deadline: null, blockConcurrent: false },
  ...change,
});

const http = (name: string, outputs: Record<string, string>, change: Partial<HttpStep> = {}): HttpStep => ({
  ...{ ...base, kind: 'http', name, method: 'POST', url: 'https://build.example.com', headers: {}, body: null },
  ...{ timeoutMs: 1_000, outputs },
  ...change,
});

const submission = (username: string, notes: string): Submission => ({
  ...{ userId: `id-of-${username}`, username, displayName: username.toUpperCase() },
  ...{ email: `${username}@example.com`, notes },
});

const outcome = (change: Partial<ManualOutcome> = {}): ManualOutcome => ({
  ...{ approved: true, submissions: [submission('grace', 'All *green*.\n')], byDeadline: false, approvals: 1 },
  ...change,
});

const project = { variables: ['Region'], services: ['payments'] };

describe('manualOutputs', () => {
  it('VAR-1: saves exactly six variables, of the user who submitted, the step’s name as written', () => {
    expect(Object.fromEntries(manualOutputs('Check Dashboards', outcome()))).toEqual({
      'Octopus.Action[Check Dashboards].Output.Manual.Notes': 'All *green*.\n',
      'Octopus.Action[Check Dashboards].Output.Manual.Approved': 'True',
      'Octopus.Action[Check Dashboards].Output.Manual.ResponsibleUser.Id': 'id-of-grace',
      'Octopus.Action[Check Dashboards].Output.Manual.ResponsibleUser.Username': 'grace',
      'Octopus.Action[Check Dashboards].Output.Manual.ResponsibleUser.DisplayName': 'GRACE',
      'Octopus.Action[Check Dashboards].Output.Manual.ResponsibleUser.EmailAddress': 'grace@example.com',
    });
  });

  const valuesOf = (change: Partial<ManualOutcome>) => [...manualOutputs('A', outcome(change)).values()];

  it('VAR-1: an aborted step saves them, too; a user without an address has an empty one', () => {
    const submissions = [{ ...submission('ada', ''), email: null }];

    expect(valuesOf({ approved: false, submissions })).toEqual(['', 'False', 'id-of-ada', 'ada', 'ADA', '']);
  });

  it('VAR-1: a quorum saves its last submitter, and all notes in order with names', () => {
    const submissions = [submission('ada', 'Fine.'), submission('olga', ''), submission('grace', 'Two\nlines')];

    const [notes, ...others] = valuesOf({ approvals: 3, submissions });

    expect(notes).toBe('ada: Fine.\ngrace: Two\nlines');
    expect(others).toEqual(['True', 'id-of-grace', 'grace', 'GRACE', 'grace@example.com']);
  });

  it('VAR-1: a quorum that its first answer ends names who wrote, too', () => {
    expect(valuesOf({ approvals: 2, approved: false, submissions: [submission('ada', 'No.')] })[0]).toBe('ada: No.');
  });

  it.each([
    [true, 'Nobody submitted in time: at its deadline the step proceeded', 'True'],
    [false, 'Nobody submitted in time: at its deadline the step was aborted', 'False'],
  ])('VAR-8: says that nobody submitted, and follows the outcome: %s', (approved, notes, shown) => {
    expect(valuesOf({ approved, byDeadline: true, submissions: [] })).toEqual([notes, shown, '', '', '', '']);
  });

  it('VAR-8: a deadline keeps the notes of those who had proceeded, and holds none of them responsible', () => {
    const submissions = [submission('ada', 'Fine.')];

    const values = valuesOf({ approvals: 2, byDeadline: true, submissions });

    expect(values).toEqual([
      'ada: Fine.\nNobody else submitted in time: at its deadline the step proceeded',
      ...['True', '', '', '', ''],
    ]);
  });
});

describe('where outputs are found', () => {
  it.each(['constructor', '__proto__', 'a.length', 'a.0.constructor', 'a.-1', 'a.00', 'text.length', 'text.0'])(
    'VAR-2: finds nothing at %s',
    (path) => {
      expect(valueAt({ a: ['x'], text: 'y' }, path)).toBeUndefined();
    },
  );

  it.each(['id', 'a.b.c', 'a.0', '/', '/a~1b/~0', 'with blank.x'])('VAR-2: takes the path %s', (path) => {
    expect(faultOfOutputPath(path)).toBeNull();
  });

  it.each(['', '.', 'a.', '.a', 'a..b', '/~', '/a~2', 'x'.repeat(501)])('VAR-2: refuses the path %s', (path) => {
    expect(faultOfOutputPath(path)).not.toBeNull();
  });
});

describe('emptyOutputsOf', () => {
  it('VAR-8: a step that did not run leaves empty texts under all of its names', () => {
    const steps: ProcessStep[] = [manual('A'), http('B', { x: 'id' }), { ...base, kind: 'roll-out', name: 'C' }];

    for (const step of steps) {
      expect([...emptyOutputsOf(step)]).toEqual(outputNamesOf(step).map((name) => [name, '']));
    }
    expect(steps.map((step) => outputNamesOf(step).length)).toEqual([6, 1, 0]);
    expect([...manualOutputs('A', outcome()).keys()]).toEqual(outputNamesOf(manual('A')));
  });
});

describe('namesAt', () => {
  const process = [
    http('First', { x: 'id' }),
    manual('Beside', { start: 'with-previous' }),
    http('Last', { y: 'id' }),
    manual('Beside last', { start: 'with-previous' }),
  ];
  const outputsAt = (index: number) => {
    const names = namesAt(process, index, project);
    return process.filter((step) => outputNamesOf(step).every((name) => names.has(name))).map(({ name }) => name);
  };

  it('VAR-3: has what earlier steps leave behind, and nothing of those that run beside it', () => {
    expect(process.map((_, index) => outputsAt(index))).toEqual([[], [], ['First', 'Beside'], ['First', 'Beside']]);
  });

  it('VAR-7: has what is built in, a version for every service of the project, and the project’s own', () => {
    expect([...namesAt(process, 0, project)]).toEqual([
      ...Object.values(BUILT_IN),
      'Octopus.Release.Version[payments]',
      'Region',
    ]);
  });

  it('VAR-7: every built-in name gets its value', () => {
    const facts = Object.fromEntries(Object.keys(BUILT_IN).map((fact) => [fact, `the ${fact}`]));

    const values = builtInValues({
      ...(facts as Record<keyof typeof BUILT_IN, string>),
      versions: new Map([['payments', '1.4.2']]),
    });

    expect([...values.keys()]).toEqual([...namesAt([], 0, { ...project, variables: [] })]);
    expect(values.get('Octopus.Release.Id')).toBe('the release');
    expect(values.get('Octopus.Release.Source.RunUrl')).toBe('the runUrl');
    expect(values.get('Octopus.Release.Version[payments]')).toBe('1.4.2');
  });
});

describe('names of variables', () => {
  it('VAR-1: the form without the prefix is the same variable', () => {
    expect(canonicalName('Action[A].Output.Manual.Notes')).toBe('Octopus.Action[A].Output.Manual.Notes');
    expect(canonicalName('Octopus.Action[A].Output.Manual.Notes')).toBe('Octopus.Action[A].Output.Manual.Notes');
    expect(canonicalName('Actions')).toBe('Actions');
  });

  it.each(['a', 'Region', 'db.url', 'A-1_b.c', 'x'.repeat(100)])('VAR-6: takes the name %s', (name) => {
    expect(faultOfVariableName(name)).toBeNull();
  });

  it.each([
    ...['', '1a', '.a', '-', 'a b', 'a}', 'ü', 'a\n', 'x'.repeat(101), 'x'.repeat(1_000_000)],
    ...['Octopus.', 'octopus.x', 'OCTOPUS.Release.Id', 'Action[A].Output.x', 'action['],
  ])('VAR-6: refuses the name %s', (name) => {
    expect(faultOfVariableName(name)).not.toBeNull();
  });
});
