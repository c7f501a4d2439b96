import type { ProcessStep } from '../../src/domain/pipeline';
import { usesVariable } from '../../src/domain/variable-uses';

const common = {
  ...{ environments: [], notEnvironments: [], phases: [], tenants: [] },
  ...{ runWhen: 'success' as const, start: 'after-previous' as const, required: false },
};

const mail = (changes: Partial<Extract<ProcessStep, { kind: 'email' }>>): ProcessStep => ({
  ...common,
  ...{ name: 'Tell', kind: 'email', to: ['ada@example.com'], subject: 'Done', body: 'It is done' },
  ...changes,
});

const call = (changes: Partial<Extract<ProcessStep, { kind: 'http' }>>): ProcessStep => ({
  ...common,
  ...{ name: 'Call', kind: 'http', method: 'POST', url: 'https://example.com', headers: {}, body: null },
  ...{ timeoutMs: 30_000, outputs: {} },
  ...changes,
});

describe('usesVariable', () => {
  it.each<[string, ProcessStep]>([
    ['a mail’s body', mail({ body: 'In #{Db.Url}, soon' })],
    ['a mail’s recipients', mail({ to: ['ada@example.com', '#{Db.Url}'] })],
    ['a header', call({ headers: { authorization: 'Bearer #{Db.Url}' } })],
    ['a body of JSON, however deep', call({ body: { a: [{ b: '#{Db.Url}' }] } })],
    ['an expression', mail({ runWhen: { expression: 'vars["Db.Url"] == "x"' } })],
    ['an expression with the other quotes', mail({ runWhen: { expression: "'' != vars[ 'Db.Url' ]" } })],
    ['a template with blanks', mail({ subject: '#{ Db.Url }' })],
  ])('VAR-3: finds it in %s', (_, step) => {
    expect(usesVariable({ process: [step] }, 'Db.Url')).toBe(true);
  });

  it('VAR-3: finds the member of a map in an expression', () => {
    const process = [mail({ runWhen: { expression: 'vars.Region == "eu"' } })];

    expect(['Region', 'Reg', 'eu'].map((name) => usesVariable({ process }, name))).toEqual([true, false, false]);
  });

  it.each([
    ['its name alone', 'Db.Url'],
    ['a longer name', '#{Db.Url2} #{My.Db.Url} vars["Db.Url.Host"]'],
    ['a name that a pattern would match', '#{DbxUrl} vars["DbxUrl"]'],
    ['another case', '#{db.url}'],
    ['quotes that do not belong together', `vars["Db.Url']`],
    ['another map', 'myvars["Db.Url"]'],
  ])('does not take %s for a use', (_, body) => {
    expect(usesVariable({ process: [mail({ body })] }, 'Db.Url')).toBe(false);
  });

  it('is nothing in a pipeline without a process', () => {
    expect(usesVariable({ process: [] }, 'Db.Url')).toBe(false);
  });
});
