import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv';
import { parseAllDocuments } from 'yaml';

const root = path.resolve(__dirname, '../..');

function compiled(name: string): ValidateFunction {
  const schema = JSON.parse(readFileSync(path.join(root, 'docs', name), 'utf8')) as object;
  return new Ajv({ strict: false, validateFormats: false }).compile(schema);
}

const rule = { environments: ['production'] };

describe('the published JSON Schemas (PIPE-7)', () => {
  it('take the documents of the example', () => {
    const validate = compiled('document.schema.json');
    const documents = parseAllDocuments(readFileSync(path.join(root, 'examples/shop.yaml'), 'utf8'));

    const faults = documents.map((document) => (validate(document.toJS()) ? null : validate.errors));

    expect(faults).toEqual(documents.map(() => null));
  });

  it('take a pipeline as GET answers it', () => {
    const validate = compiled('pipeline.schema.json');
    const requiredReview = { teams: [], approvals: 1, deadline: { afterMs: 1, outcome: 'abort' } };

    expect(validate({ version: 3, phases: [{ name: 'all', bakeMs: 0, requiredReview, rules: [rule] }] })).toBe(true);
  });

  it.each([
    ['no phases', { phases: [] }],
    ['a phase without rules', { phases: [{ name: 'all', rules: [] }] }],
    [
      'an unknown operator',
      { phases: [{ name: 'all', rules: [{ ...rule, conditions: [{ operator: '~', values: [1] }] }] }] },
    ],
    ['an unknown field', { phases: [{ name: 'all', rules: [rule], optional: true }] }],
    ['an unknown action', { phases: [{ name: 'all', rules: [rule] }], reasonRequired: ['party'] }],
  ])('refuse %s', (_, pipeline) => {
    expect(compiled('pipeline.schema.json')(pipeline)).toBe(false);
  });
});
